"""Writes TFLite files: a graph of operators over named tensors becomes a flatbuffer.

Reading TFLite's schema takes a fifth of a second, so what starts with the program does not import
this. The same graph gives the same bytes, whatever machine writes it.

Source of the layout: TensorFlow's `schema.fbs`, version 3; of the rules for int8 (symmetric
weights with one scale a channel, int32 biases of scale input x weight): TensorFlow's "8-bit
quantization specification".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import flatbuffers
import numpy as np
import tflite

if TYPE_CHECKING:
    from edgevision.zoo.graph import Array, Graph, Operator, Tensor

ALIGNMENT: Final = 16  # schema.fbs: `force_align: 16` of a buffer's data

_DTYPES: Final = {
    "float32": tflite.TensorType.FLOAT32,
    "uint8": tflite.TensorType.UINT8,
    "int8": tflite.TensorType.INT8,
    "int32": tflite.TensorType.INT32,
}

# Of each kind: the operator's code, its version for float32 and the first one that takes int8.
_CODES: Final = {
    "conv": (tflite.BuiltinOperator.CONV_2D, 1, 3),
    "depthwise": (tflite.BuiltinOperator.DEPTHWISE_CONV_2D, 1, 3),
    "pad": (tflite.BuiltinOperator.PAD, 1, 2),
    "add": (tflite.BuiltinOperator.ADD, 1, 2),
    "mean": (tflite.BuiltinOperator.MEAN, 1, 2),
    "fully_connected": (tflite.BuiltinOperator.FULLY_CONNECTED, 1, 4),
    "softmax": (tflite.BuiltinOperator.SOFTMAX, 1, 2),
    "quantise": (tflite.BuiltinOperator.QUANTIZE, 1, 2),
    # Gives floats, but of int8.
    "dequantise": (tflite.BuiltinOperator.DEQUANTIZE, 2, 2),
}

# How the schema calls the options of a kind that are left at their defaults.
_PLAIN: Final = {
    "pad": "Pad",
    "add": "Add",
    "mean": "Reducer",
    "quantise": "Quantize",
    "dequantise": "Dequantize",
    "fully_connected": "FullyConnected",
}


def write(graph: Graph) -> bytes:
    """The bytes of a TFLite file.

    Raises:
        ValueError: if an operator or the graph names a tensor that is not there, or a tensor's
            data are not of its shape and dtype.
    """
    return _Writer(graph).file()


class _Writer:
    """Writes one graph; a flatbuffer grows from its end, so parts come before what holds them."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.builder = flatbuffers.Builder(1 << 20)
        self.numbers = {tensor.name: number for number, tensor in enumerate(graph.tensors)}
        if len(self.numbers) != len(graph.tensors):
            raise ValueError("two tensors of the graph have the same name")
        self.codes = tuple(dict.fromkeys(map(self._code, graph.operators)))
        # By convention the first buffer is the empty one of all computed tensors.
        constants = [tensor.name for tensor in graph.tensors if tensor.data is not None]
        self.buffers = {name: number for number, name in enumerate(constants, start=1)}

    def file(self) -> bytes:
        builder, graph = self.builder, self.graph
        buffers = [self._buffer(None)]
        buffers += [self._buffer(tensor) for tensor in graph.tensors if tensor.data is not None]
        parts = {
            "buffers": self._offsets(buffers),
            "codes": self._offsets([self._operator_code(*code) for code in self.codes]),
            "subgraphs": self._offsets([self._subgraph()]),
            "description": builder.CreateString(graph.description),
        }
        tflite.ModelStart(builder)
        tflite.ModelAddVersion(builder, 3)
        tflite.ModelAddOperatorCodes(builder, parts["codes"])
        tflite.ModelAddSubgraphs(builder, parts["subgraphs"])
        tflite.ModelAddDescription(builder, parts["description"])
        tflite.ModelAddBuffers(builder, parts["buffers"])
        builder.Finish(tflite.ModelEnd(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())

    def _subgraph(self) -> int:
        builder, graph = self.builder, self.graph
        tensors = self._offsets([self._tensor(tensor) for tensor in graph.tensors])
        operators = self._offsets([self._operator(operator) for operator in graph.operators])
        inputs, outputs = self._indices(graph.inputs), self._indices(graph.outputs)
        name = builder.CreateString("main")
        tflite.SubGraphStart(builder)
        tflite.SubGraphAddTensors(builder, tensors)
        tflite.SubGraphAddInputs(builder, inputs)
        tflite.SubGraphAddOutputs(builder, outputs)
        tflite.SubGraphAddOperators(builder, operators)
        tflite.SubGraphAddName(builder, name)
        return int(tflite.SubGraphEnd(builder))

    def _tensor(self, tensor: Tensor) -> int:
        builder = self.builder
        name = builder.CreateString(tensor.name)
        shape = self._vector(np.array(tensor.shape, np.int32))
        quantisation = self._quantisation(tensor) if tensor.scales else None
        tflite.TensorStart(builder)
        tflite.TensorAddShape(builder, shape)
        tflite.TensorAddType(builder, _DTYPES[tensor.dtype])
        tflite.TensorAddBuffer(builder, self.buffers.get(tensor.name, 0))
        tflite.TensorAddName(builder, name)
        if quantisation is not None:
            tflite.TensorAddQuantization(builder, quantisation)
        return int(tflite.TensorEnd(builder))

    def _quantisation(self, tensor: Tensor) -> int:
        builder = self.builder
        scales = self._vector(np.array(tensor.scales, np.float32))
        zero_points = self._vector(np.array(tensor.zero_points, np.int64))
        tflite.QuantizationParametersStart(builder)
        tflite.QuantizationParametersAddScale(builder, scales)
        tflite.QuantizationParametersAddZeroPoint(builder, zero_points)
        tflite.QuantizationParametersAddQuantizedDimension(builder, tensor.axis)
        return int(tflite.QuantizationParametersEnd(builder))

    def _operator(self, operator: Operator) -> int:
        builder = self.builder
        inputs, outputs = self._indices(operator.inputs), self._indices((operator.output,))
        options_type, options = _options(builder, operator)
        tflite.OperatorStart(builder)
        tflite.OperatorAddOpcodeIndex(builder, self.codes.index(self._code(operator)))
        tflite.OperatorAddInputs(builder, inputs)
        tflite.OperatorAddOutputs(builder, outputs)
        tflite.OperatorAddBuiltinOptionsType(builder, options_type)
        tflite.OperatorAddBuiltinOptions(builder, options)
        return int(tflite.OperatorEnd(builder))

    def _code(self, operator: Operator) -> tuple[int, int]:
        code, for_float, for_int8 = _CODES[operator.kind]
        (output,) = self._tensors((operator.output,))
        return code, for_float if output.dtype == "float32" else for_int8

    def _operator_code(self, code: int, version: int) -> int:
        builder = self.builder
        tflite.OperatorCodeStart(builder)
        # Runtimes that do not know the wider field read the old one; all codes here fit it.
        tflite.OperatorCodeAddDeprecatedBuiltinCode(builder, code)
        tflite.OperatorCodeAddVersion(builder, version)
        tflite.OperatorCodeAddBuiltinCode(builder, code)
        return int(tflite.OperatorCodeEnd(builder))

    def _buffer(self, tensor: Tensor | None) -> int:
        data = None
        if tensor is not None and tensor.data is not None:
            array = tensor.data
            if array.shape != tensor.shape or array.dtype != np.dtype(tensor.dtype):
                raise ValueError(
                    f"tensor {tensor.name}: data are {array.dtype}{array.shape}, "
                    f"not {tensor.dtype}{tensor.shape}"
                )
            data = self._vector(array.ravel().view(np.uint8), ALIGNMENT)
        tflite.BufferStart(self.builder)
        if data is not None:
            tflite.BufferAddData(self.builder, data)
        return int(tflite.BufferEnd(self.builder))

    def _tensors(self, names: tuple[str, ...]) -> list[Tensor]:
        missing = [name for name in names if name not in self.numbers]
        if missing:
            raise ValueError(f"the graph has no tensor {missing[0]!r}")
        return [self.graph.tensors[self.numbers[name]] for name in names]

    def _indices(self, names: tuple[str, ...]) -> int:
        numbers = [self.numbers[tensor.name] for tensor in self._tensors(names)]
        return self._vector(np.array(numbers, np.int32))

    def _offsets(self, offsets: list[int]) -> int:
        self.builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self.builder.PrependUOffsetTRelative(offset)
        return int(self.builder.EndVector())

    def _vector(self, array: Array, alignment: int | None = None) -> int:
        """A vector of numbers; `Builder.CreateNumpyVector` cannot align more than the dtype."""
        builder = self.builder
        payload = array.astype(array.dtype.newbyteorder("<")).tobytes()
        builder.StartVector(array.itemsize, array.size, alignment or array.itemsize)
        builder.head = builder.head - len(payload)
        builder.Bytes[builder.head : builder.head + len(payload)] = payload
        return int(builder.EndVector())


def _options(builder: Any, operator: Operator) -> tuple[int, int]:
    """Type and offset of an operator's table of options."""
    padding = tflite.Padding.SAME if operator.same else tflite.Padding.VALID
    clip = tflite.ActivationFunctionType
    activation = clip.RELU6 if operator.clipped else clip.NONE
    if operator.kind == "conv":
        tflite.Conv2DOptionsStart(builder)
        tflite.Conv2DOptionsAddPadding(builder, padding)
        tflite.Conv2DOptionsAddStrideW(builder, operator.stride)
        tflite.Conv2DOptionsAddStrideH(builder, operator.stride)
        tflite.Conv2DOptionsAddFusedActivationFunction(builder, activation)
        return tflite.BuiltinOptions.Conv2DOptions, tflite.Conv2DOptionsEnd(builder)
    if operator.kind == "depthwise":
        tflite.DepthwiseConv2DOptionsStart(builder)
        tflite.DepthwiseConv2DOptionsAddPadding(builder, padding)
        tflite.DepthwiseConv2DOptionsAddStrideW(builder, operator.stride)
        tflite.DepthwiseConv2DOptionsAddStrideH(builder, operator.stride)
        tflite.DepthwiseConv2DOptionsAddDepthMultiplier(builder, 1)
        tflite.DepthwiseConv2DOptionsAddFusedActivationFunction(builder, activation)
        end = tflite.DepthwiseConv2DOptionsEnd(builder)
        return tflite.BuiltinOptions.DepthwiseConv2DOptions, end
    return _plain_options(builder, operator)


def _plain_options(builder: Any, operator: Operator) -> tuple[int, int]:
    if operator.kind == "softmax":
        tflite.SoftmaxOptionsStart(builder)
        tflite.SoftmaxOptionsAddBeta(builder, 1.0)
        return tflite.BuiltinOptions.SoftmaxOptions, tflite.SoftmaxOptionsEnd(builder)
    options = f"{_PLAIN[operator.kind]}Options"
    getattr(tflite, f"{options}Start")(builder)
    return getattr(tflite.BuiltinOptions, options), getattr(tflite, f"{options}End")(builder)
