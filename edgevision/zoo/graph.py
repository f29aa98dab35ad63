"""A network as TFLite has it: operators over named tensors. What `writer` makes a file of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy.typing as npt

Array = npt.NDArray[Any]
Kind = Literal[
    "conv",
    "depthwise",
    "pad",
    "add",
    "mean",
    "fully_connected",
    "softmax",
    "quantise",
    "dequantise",
]


@dataclass(frozen=True)
class Tensor:
    """A value of the graph: computed, or constant when it has `data`.

    Attributes:
        name: unique in its graph.
        shape: for images (1, height, width, channels).
        dtype: "float32", "uint8", "int8" or "int32".
        scales, zero_points: of the quantisation, one, or one for each channel; empty: none.
        axis: of the channels, where there are several scales.
        data: the constant.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    scales: tuple[float, ...] = ()
    zero_points: tuple[int, ...] = ()
    axis: int = 0
    data: Array | None = None


@dataclass(frozen=True)
class Operator:
    """An operator of the graph.

    Attributes:
        kind: what it does. "conv" reads (image, weights (out, kernel, kernel, in), bias),
            "depthwise" (image, weights (1, kernel, kernel, channels), bias), "pad" (image,
            int32 (rank, 2)), "add" (one, other), "mean" (image, int32 axes), and drops those
            axes, "fully_connected" (vector, weights (out, in), bias), "softmax", "quantise" and
            "dequantise" (one).
        inputs: names of tensors.
        output: name of the tensor that it gives.
        stride: of a convolution.
        same: whether a convolution pads as TensorFlow's SAME does; else not at all (VALID).
        clipped: whether a ReLU6 is fused.
    """

    kind: Kind
    inputs: tuple[str, ...]
    output: str
    stride: int = 1
    same: bool = True
    clipped: bool = False


@dataclass(frozen=True)
class Graph:
    """All that a file holds; `inputs` and `outputs` are names of tensors, in their order."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    description: str = ""
