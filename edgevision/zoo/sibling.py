"""The same network at another resolution: by resizing its input, or by a file made for that."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from edgevision.errors import ModelError
from edgevision.zoo.registry import DEFAULT, entries, find, local_file
from edgevision.zoo.walk import read_network

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from edgevision.zoo.entry import Entry
    from edgevision.zoo.registry import Model
    from edgevision.zoo.walk import Walked


def at_resolution(
    model: Model,
    resolution: int,
    folder: Path | None = None,
    labels: Path | None = None,
    heads: Mapping[str, Path] | None = None,
) -> Model:
    """`model` for a square input of `resolution` pixels.

    A network whose pool is a mean over the whole map takes any size with the same weights. Others
    have a sibling: the entry of the registry with the same family, alpha and labels, if it is here,
    or the file beside it whose name differs in the resolution only.

    Args:
        model: as found by its name.
        resolution: a multiple of 32.
        folder: where fetched and added networks lie.
        labels, heads: as for `registry.find`; a sibling has to fit them too.

    Raises:
        ModelError: if it can neither be resized nor has a sibling; or the sibling is damaged, or
            does not fit labels or heads.
    """
    network = read_network(model.path)
    if network.resolution == resolution:
        return model
    if network.resizable:
        return replace(model, resolution=resolution)
    entry = _sibling_entry(model, resolution, folder)
    if entry is not None and folder is not None and local_file(entry, folder) is not None:
        return find(entry.id, labels, heads, folder)
    for path in _files_beside(model.path, network.resolution, resolution):
        beside = read_network(path)
        if (beside.resolution, beside.classes) == (resolution, network.classes):
            found = find(str(path), labels, heads, folder)
            return replace(found, labels=found.labels or model.labels)
    raise ModelError(_refusal(model, network, resolution, entry))


def _sibling_entry(model: Model, resolution: int, folder: Path | None) -> Entry | None:
    own = model.entry
    if own is None or not own.family or folder is None:
        return None
    wanted = (own.family, own.alpha, resolution, own.labels, own.for_edgetpu)
    for entry in entries(folder).values():
        if wanted == (entry.family, entry.alpha, entry.resolution, entry.labels, entry.for_edgetpu):
            return entry
    return None


def _files_beside(path: Path, own: int, resolution: int) -> Iterator[Path]:
    """Files that are named as this one, with `resolution` in the place of its own."""
    # Not the 224 of an alpha such as 0.224, and not part of a longer number.
    for number in re.finditer(rf"(?<![\d.]){own}(?!\d|\.\d)", path.stem):
        name = f"{path.stem[: number.start()]}{resolution}{path.stem[number.end() :]}"
        if (path.parent / f"{name}{path.suffix}").is_file():
            yield path.parent / f"{name}{path.suffix}"


def _refusal(model: Model, network: Walked, resolution: int, entry: Entry | None) -> str:
    why = "its pool has a fixed size"
    if network.for_edgetpu:
        why = "it was compiled for the Edge TPU so"
    way = f"use a file made for {resolution}"
    if entry is not None and entry.origin == "registry":
        way = f"`edgevision models pull {entry.id}` brings one for {resolution}"
    return (
        f"{model.path}: runs at {network.resolution} pixels only ({why}); {way}, "
        f"or an embedded network (--model {DEFAULT})"
    )
