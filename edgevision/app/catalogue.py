"""What there is to tell of the embedded networks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgevision.engines.litert import LiteRt
from edgevision.errors import ModelError
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
        recipe: what its recipe tells besides: licence, mult-adds, measured accuracy.
    """

    name: str
    default: bool
    side: int
    dtype: str
    mb: float
    heads: Mapping[str, int]
    sha256: str
    recipe: Mapping[str, Any]


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
        recipe=_recipe(path.with_suffix(".json")),
    )


# The rest of a recipe is ranges of activations, thousands of numbers.
_TOLD = ("licence", "source", "mult_adds", "parameters", "accuracy")


def _recipe(path: Path) -> dict[str, Any]:
    try:
        whole = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: the recipe cannot be read ({error}); reinstall") from error
    return {key: whole[key] for key in _TOLD if key in whole}
