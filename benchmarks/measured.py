"""The accuracies in edgevision/zoo/registry.yaml, by resolution, from results/accuracy.json."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from accuracy import at_sides
from measuring import PROJECT

if TYPE_CHECKING:
    from collections.abc import Mapping

REGISTRY = PROJECT / "edgevision" / "zoo" / "registry.yaml"
_ENTRY = re.compile(r"^(?P<id>[\w.-]+):\n(?P<body>(?: +.*\n)+)", re.MULTILINE)
_OLD = re.compile(r"^  measured_top1:.*\n(?:    .*\n)*", re.MULTILINE)
_BEFORE = "  licence: "


def counts(accuracy: Mapping[str, Any], network: str) -> dict[int, Mapping[str, Any]]:
    """What was counted on the photos of ImageNet's classes, by the side of the input in pixels.

    Args:
        accuracy: results/accuracy.json.
        network: an id of the registry; nothing is given for one that was not measured.
    """
    if network not in accuracy["sets"]:
        return {}
    return {side: sets["imagenet"] for side, sets in at_sides(accuracy, network).items()}


def per_cent(count: Mapping[str, Any]) -> float:
    """Top-1, as docs/accuracy.md has it."""
    return round(100 * float(count["top1"] / count["n"]), 1)


def with_measured(text: str, accuracy: Mapping[str, Any]) -> str:
    """The registry's file with the accuracies of every network that was measured, and no others."""

    def anew(entry: re.Match[str]) -> str:
        body = _OLD.sub("", entry["body"])
        found = counts(accuracy, entry["id"])
        if found:
            lines = [f"    {at}: {per_cent(count)}\n" for at, count in found.items()]
            new = "".join(["  measured_top1:\n", *lines])
            body = body.replace(_BEFORE, new + _BEFORE, 1)
        return f"{entry['id']}:\n{body}"

    return _ENTRY.sub(anew, text)
