"""A copy of a quantised MobileNet V1 with float32 weights, for programs that read no other.

    real = scale x (stored - zero point)

Needs `tflite` and `flatbuffers` (extra `build` or `test`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tflite

from edgevision.zoo.writer import Graph, Operator, Tensor, write

if TYPE_CHECKING:
    from pathlib import Path

    from edgevision.zoo.writer import Array

_STORED = {tflite.TensorType.UINT8: np.uint8, tflite.TensorType.INT32: np.int32}


def dequantised(model: Path) -> bytes:
    """The float copy as a TFLite file: image (1, h, w, 3) in -1..1, output (1, classes).

    The mean over the last map, the classifier and the softmax take the place of the file's
    average pooling, 1x1 convolution, reshaping and softmax: the same numbers.

    Raises:
        ValueError: if it has other operators than those of MobileNet V1.
    """
    file = tflite.Model.GetRootAsModel(model.read_bytes(), 0)
    graph = file.Subgraphs(0)
    image = graph.Tensors(graph.Inputs(0))
    tensors = [Tensor("image", tuple(image.ShapeAsNumpy().tolist()), "float32")]
    operators: list[Operator] = []
    pooled = False
    for number in range(graph.OperatorsLength()):
        operator = graph.Operators(number)
        code = file.OperatorCodes(operator.OpcodeIndex())
        kind = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        before, name = tensors_last(tensors, operators), f"value{number}"
        shape = tuple(graph.Tensors(operator.Outputs(0)).ShapeAsNumpy().tolist())
        if kind in (tflite.BuiltinOperator.CONV_2D, tflite.BuiltinOperator.DEPTHWISE_CONV_2D):
            weights, bias = (_real(file, graph, operator.Inputs(which)) for which in (1, 2))
            if pooled:
                weights, shape = weights.reshape(weights.shape[0], -1), shape[::3]
            tensors.append(Tensor(f"{name}/weights", weights.shape, "float32", data=weights))
            tensors.append(Tensor(f"{name}/bias", bias.shape, "float32", data=bias))
            inputs = (before, f"{name}/weights", f"{name}/bias")
            depthwise = kind == tflite.BuiltinOperator.DEPTHWISE_CONV_2D
            options = _options(operator, depthwise=depthwise)
            convolution: Any = "depthwise" if depthwise else "conv"
            operators.append(
                Operator("fully_connected", inputs, name)
                if pooled
                else Operator(
                    convolution, inputs, name, stride=options.StrideW(), same=True, clipped=True
                )
            )
        elif kind == tflite.BuiltinOperator.AVERAGE_POOL_2D:
            axes = np.array([1, 2], np.int32)
            tensors.append(Tensor("axes", axes.shape, "int32", data=axes))
            operators.append(Operator("mean", (before, "axes"), name))
            shape, pooled = shape[::3], True
        elif kind == tflite.BuiltinOperator.SOFTMAX:
            operators.append(Operator("softmax", (before,), name))
        elif kind == tflite.BuiltinOperator.RESHAPE:
            continue
        else:
            raise ValueError(f"{model}: operator {kind} is none of MobileNet V1")
        tensors.append(Tensor(name, shape, "float32"))
    return write(Graph(tuple(tensors), tuple(operators), ("image",), (operators[-1].output,)))


def tensors_last(tensors: list[Tensor], operators: list[Operator]) -> str:
    """The newest computed value."""
    return operators[-1].output if operators else tensors[0].name


def _options(operator: Any, *, depthwise: bool) -> Any:
    options = tflite.DepthwiseConv2DOptions() if depthwise else tflite.Conv2DOptions()
    held = operator.BuiltinOptions()
    options.Init(held.Bytes, held.Pos)
    return options


def _real(file: Any, graph: Any, index: int) -> Array:
    """A constant as float32."""
    tensor = graph.Tensors(index)
    stored = file.Buffers(tensor.Buffer()).DataAsNumpy().view(_STORED[tensor.Type()])
    quantised = tensor.Quantization()
    scale = float(quantised.ScaleAsNumpy()[0])
    zero_point = int(quantised.ZeroPointAsNumpy()[0])
    real = (stored.astype(np.float64) - zero_point) * scale
    return real.astype(np.float32).reshape(tensor.ShapeAsNumpy())
