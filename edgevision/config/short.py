"""Short forms, such as `source: URI`, written out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def widen(tree: Mapping[str, Any]) -> dict[str, Any]:
    """`tree` with its short forms written out; what is of no known form is left as it is."""
    wide = dict(tree)
    for key, form in (("task", _task), ("source", _source), ("region", _region), ("model", _model)):
        if isinstance(wide.get(key), str):
            wide[key] = form(wide[key])
    if isinstance(wide.get("sources"), (list, tuple)):
        wide["sources"] = [_source(one) if isinstance(one, str) else one for one in wide["sources"]]
    if isinstance(wide.get("outputs"), dict):
        wide["outputs"] = {
            name: ({} if one else None) if isinstance(one, bool) else one
            for name, one in wide["outputs"].items()
        }
    privacy = wide.get("privacy")
    if isinstance(privacy, dict) and isinstance(privacy.get("masks"), (list, tuple)):
        masks = [{"points": one} if isinstance(one, list) else one for one in privacy["masks"]]
        wide["privacy"] = {**privacy, "masks": masks}
    return wide


def _task(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


def _source(text: str) -> dict[str, Any]:
    return {"uri": text}


def _region(text: str) -> dict[str, Any]:
    kind, colon, numbers = text.partition(":")
    if not colon:
        return {"kind": text}
    parts = [part.strip() for part in numbers.split(",")]
    floats = [float(part) if re.fullmatch(r"\d*\.?\d+", part) else part for part in parts]
    return {"kind": kind, "zone": floats}


def _model(text: str) -> dict[str, Any]:
    return {"use": text}
