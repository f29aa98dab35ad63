"""What the tensors of a network are, from the details that a TFLite interpreter tells of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgevision.errors import ModelError
from edgevision.values.tensor import TensorSpec

if TYPE_CHECKING:
    from pathlib import Path

_INPUT_TYPES = ("uint8", "int8", "float32")


def the_input(details: list[dict[str, Any]], path: Path) -> dict[str, Any]:
    """The details of the one input, a square image.

    Raises:
        ModelError: if there are several, or it is something else.
    """
    if len(details) != 1:
        raise ModelError(f"{path}: has {len(details)} inputs; an image network has one")
    shape = [int(side) for side in details[0]["shape"]]
    dtype = details[0]["dtype"].__name__
    if len(shape) != 4 or shape[0] != 1 or shape[3] != 3 or shape[1] != shape[2]:  # noqa: PLR2004 - (1, side, side, 3)
        raise ModelError(f"{path}: takes {shape}; expected a square image [1, side, side, 3]")
    if dtype not in _INPUT_TYPES:
        raise ModelError(f"{path}: takes {dtype}; expected one of {', '.join(_INPUT_TYPES)}")
    return details[0]


def shape_of(detail: dict[str, Any]) -> tuple[int, ...]:
    """With the batch axis."""
    return tuple(int(side) for side in detail["shape"])


def spec_of(detail: dict[str, Any], *, keeps_axes: bool = False) -> TensorSpec:
    """Without the batch axis, and a pooled (1, 1, c) as (c,) unless it keeps its axes."""
    shape = shape_of(detail)[1:]
    pooled = len(shape) == 3 and shape[:2] == (1, 1)  # noqa: PLR2004 - a vector that kept its axes
    if pooled and not keeps_axes:
        shape = shape[2:]
    scale, zero_point = detail["quantization"]
    return TensorSpec(shape, detail["dtype"].__name__, float(scale), int(zero_point))


def by_role(details: list[dict[str, Any]], path: Path) -> dict[str, dict[str, Any]]:
    """Outputs by what they are, told by shape and name.

    A feature map has (1, h, w, c); a vector is the output beside a map, a pooled (1, 1, 1, c), or
    one named so; any other (1, n) is a classifier's.

    Raises:
        ModelError: if an output is none of these, or there is neither classes nor a vector.
    """
    roles: dict[str, dict[str, Any]] = {}
    has_map = any(len(detail["shape"]) == 4 and detail["shape"][1] > 1 for detail in details)  # noqa: PLR2004
    for detail in details:
        shape = [int(side) for side in detail["shape"]]
        words = str(detail["name"]).lower()
        if len(shape) == 4 and shape[1] > 1:  # noqa: PLR2004 - (1, h, w, c)
            role = "map"
        elif len(shape) == 4 or "vector" in words or "embedding" in words:  # noqa: PLR2004
            role = "vector"
        elif len(shape) == 2:  # noqa: PLR2004 - (1, n)
            role = "vector" if has_map and len(details) == 2 else "logits"  # noqa: PLR2004
        else:
            raise ModelError(f"{path}: has an output of shape {shape}; expected [1, classes]")
        roles.setdefault(role, detail)
    if not {"vector", "logits"} & set(roles):
        raise ModelError(f"{path}: has neither classes nor an embedding among its outputs")
    return roles
