"""A copy of a quantised MobileNet V1 with float32 weights, for programs that read no other.

    real = scale x (stored - zero point)

Needs `tflite` and `flatbuffers` (extra `build` or `test`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import tflite

from edgevision.zoo.graph import Graph, Operator, Tensor
from edgevision.zoo.writer import write

if TYPE_CHECKING:
    from pathlib import Path

    from edgevision.zoo.graph import Array

_CODES = tflite.BuiltinOperator
_STORED = {tflite.TensorType.UINT8: np.uint8, tflite.TensorType.INT32: np.int32}


def dequantised(model: Path) -> bytes:
    """The float copy as a TFLite file: image (1, h, w, 3) in -1..1, output (1, classes).

    The mean over the last map, a fully connected layer and the softmax take the place of the
    file's average pooling, 1x1 convolution, reshaping and softmax: the same numbers.

    Raises:
        ValueError: if it has other operators than those of MobileNet V1.
    """
    copy = _Copy(tflite.Model.GetRootAsModel(model.read_bytes(), 0))
    for number in range(copy.graph.OperatorsLength()):
        copy.add(copy.graph.Operators(number), f"value{number}")
    return write(Graph(tuple(copy.tensors), tuple(copy.operators), ("image",), (copy.last,)))


class _Copy:
    """The float graph as far as it is made."""

    def __init__(self, file: Any) -> None:
        self.file = file
        self.graph = file.Subgraphs(0)
        self.tensors: list[Tensor] = []
        self.operators: list[Operator] = []
        self.last = "image"
        self._pooled = False
        self._value("image", self._shape(self.graph.Inputs(0)))

    def add(self, operator: Any, name: str) -> None:
        """The float counterpart of `operator`, with the output `name`."""
        code = self.file.OperatorCodes(operator.OpcodeIndex())
        # Old files have the code in a narrower field, and 0 in the newer one.
        kind = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        shape = self._shape(operator.Outputs(0))
        if kind in (_CODES.CONV_2D, _CODES.DEPTHWISE_CONV_2D):
            self._convolution(operator, name, shape, depthwise=kind == _CODES.DEPTHWISE_CONV_2D)
        elif kind == _CODES.AVERAGE_POOL_2D:
            axes = self._constant("axes", np.array([1, 2], np.int32))
            self._pooled = True
            self.operators.append(Operator("mean", (self.last, axes), name))
            self._value(name, shape[::3])
        elif kind == _CODES.SOFTMAX:
            self.operators.append(Operator("softmax", (self.last,), name))
            self._value(name, shape)
        elif kind != _CODES.RESHAPE:
            raise ValueError(f"operator {kind} is none of MobileNet V1")

    def _convolution(
        self, operator: Any, name: str, shape: tuple[int, ...], *, depthwise: bool
    ) -> None:
        weights, bias = (self._real(operator.Inputs(which)) for which in (1, 2))
        if self._pooled:
            weights = weights.reshape(weights.shape[0], -1)
        inputs = (
            self.last,
            self._constant(f"{name}/weights", weights),
            self._constant(f"{name}/bias", bias),
        )
        if self._pooled:
            self.operators.append(Operator("fully_connected", inputs, name))
            self._value(name, shape[::3])
            return
        options = tflite.DepthwiseConv2DOptions() if depthwise else tflite.Conv2DOptions()
        held = operator.BuiltinOptions()
        options.Init(held.Bytes, held.Pos)
        kind: Literal["depthwise", "conv"] = "depthwise" if depthwise else "conv"
        self.operators.append(Operator(kind, inputs, name, stride=options.StrideW(), clipped=True))
        self._value(name, shape)

    def _value(self, name: str, shape: tuple[int, ...]) -> None:
        self.tensors.append(Tensor(name, shape, "float32"))
        self.last = name

    def _constant(self, name: str, data: Array) -> str:
        self.tensors.append(Tensor(name, data.shape, str(data.dtype), data=data))
        return name

    def _shape(self, index: int) -> tuple[int, ...]:
        return tuple(self.graph.Tensors(index).ShapeAsNumpy().tolist())

    def _real(self, index: int) -> Array:
        """A constant as float32."""
        tensor = self.graph.Tensors(index)
        stored = self.file.Buffers(tensor.Buffer()).DataAsNumpy().view(_STORED[tensor.Type()])
        quantised = tensor.Quantization()
        scale = float(quantised.ScaleAsNumpy()[0])
        zero_point = int(quantised.ZeroPointAsNumpy()[0])
        real = (stored.astype(np.float64) - zero_point) * scale
        return np.asarray(real, np.float32).reshape(self._shape(index))
