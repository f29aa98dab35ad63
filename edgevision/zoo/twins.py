"""The same network for the other processor: compiled for the Edge TPU, or for the CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edgevision.errors import ModelError
from edgevision.zoo.registry import find

if TYPE_CHECKING:
    from pathlib import Path

    from edgevision.zoo.registry import Model

MARK: Final = "_edgetpu"
"""What Coral's compiler puts behind a file's name."""


def twin_of(model: Model, folder: Path) -> Model:
    """The twin of `model`: as its entry says, else the file beside it that is called so.

    Args:
        model: for either processor.
        folder: where fetched and added networks lie.

    Raises:
        ModelError: if it has none, or that is not here.
    """
    if model.entry is not None and model.entry.twin:
        return find(model.entry.twin, folder=folder)
    stem = model.path.stem
    name = stem.removesuffix(MARK) if model.for_edgetpu else f"{stem}{MARK}"
    path = model.path.with_name(f"{name}.tflite")
    if name == stem or not path.exists():
        what = "for the CPU" if model.for_edgetpu else "compiled for the Edge TPU"
        raise ModelError(
            f"{model.name} has no twin {what}"
            + (f": {path} is not there" if name != stem else "")
            + ("; it is needed to prove it, and while the device is away" * model.for_edgetpu)
        )
    twin = find(str(path), folder=folder)
    if twin.for_edgetpu == model.for_edgetpu:
        raise ModelError(f"{path}: is no twin of {model.path}: both are for the same processor")
    return twin
