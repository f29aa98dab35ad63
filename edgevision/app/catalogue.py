"""What there is to tell of the embedded networks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgevision.engines.litert import LiteRt
from edgevision.errors import ModelError
from edgevision.zoo.families import NETWORKS
from edgevision.zoo.registry import DEFAULT, embedded, find

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Entry:
    """One network.

    Attributes:
        name: what `--model` takes.
        default: True for the one that is used if none is named.
        side: of its square input, in pixels.
        dtype: of its input.
        mb: size of the file in units of 10^6 bytes.
        heads: classes by the name of the head.
        sha256: of the file, hexadecimal.
        licence: of the weights it was made from, as its recipe has it; "" if that does not tell.
        mult_adds: multiplications and additions of one inference; None if not known.
    """

    name: str
    default: bool
    side: int
    dtype: str
    mb: float
    heads: Mapping[str, int]
    sha256: str
    licence: str
    mult_adds: int | None


def entries() -> tuple[Entry, ...]:
    """The embedded networks, the default one first.

    Raises:
        ModelError: if one of them is damaged.
    """
    made = [_entry(name, path) for name, path in embedded().items()]
    return tuple(sorted(made, key=lambda entry: not entry.default))


def _entry(name: str, path: Path) -> Entry:
    model = find(name)
    engine = LiteRt(path, name, model.sha256)
    image = engine.spec.input
    engine.close()
    return Entry(
        name=name,
        default=name == DEFAULT,
        side=image.width,
        dtype=image.dtype,
        mb=round(path.stat().st_size / 1e6, 2),
        heads={head: len(one.labels) for head, one in sorted(model.heads.items())},
        sha256=model.sha256,
        licence=_licence(path.with_suffix(".json")),
        mult_adds=NETWORKS[name].mult_adds(image.width) if name in NETWORKS else None,
    )


def _licence(recipe: Path) -> str:
    try:
        source = json.loads(recipe.read_text(encoding="utf-8")).get("source", {})
    except (OSError, ValueError) as error:
        raise ModelError(f"{recipe}: the recipe cannot be read ({error}); reinstall") from error
    return str(source.get("licence", ""))
