"""Reads the operators of a TFLite file, which may be damaged, and what each of them costs."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import tflite

from edgevision.zoo.cost import LayerCost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DAMAGED: Final = (
    struct.error,
    IndexError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    OverflowError,
    MemoryError,
)
"""What this module and the FlatBuffers library raise where a file contradicts itself."""

POOLS: Final = frozenset({"average pool", "max pool"})
WEIGHTED: Final = frozenset({"conv", "depthwise", "fully_connected"})
IMAGE_RANK: Final = 4  # batch, height, width, channels

_NAMES: Final = {
    code: name
    for name, code in vars(tflite.BuiltinOperator).items()
    if isinstance(code, int) and not name.startswith("_")
}
_KINDS: Final = {
    "CONV_2D": "conv",
    "DEPTHWISE_CONV_2D": "depthwise",
    "FULLY_CONNECTED": "fully_connected",
    "AVERAGE_POOL_2D": "average pool",
    "MAX_POOL_2D": "max pool",
    "QUANTIZE": "quantise",
    "DEQUANTIZE": "dequantise",
}
_OPTIONS: Final = {
    "conv": tflite.Conv2DOptions,
    "depthwise": tflite.DepthwiseConv2DOptions,
    "average pool": tflite.Pool2DOptions,
    "max pool": tflite.Pool2DOptions,
}
# One operation for each value or none, and no sums of products: the paper counts none of these.
_SCALING: Final = frozenset({"add", "mul", "sub", "prelu"})  # constants of theirs are parameters
_FREE: Final = (
    POOLS
    | _SCALING
    | {"mean", "pad", "padv2", "mirror_pad", "quantise", "dequantise", "reshape", "softmax"}
    | {"squeeze", "concatenation", "relu", "relu6", "relu_n1_to_1", "leaky_relu", "hard_swish"}
    | {"logistic", "tanh", "transpose", "split", "pack", "unpack", "shape", "strided_slice"}
    | {"slice", "expand_dims", "cast", "arg_max"}
)
_DEEPEST: Final = 8  # dimensions of a tensor, as the runtimes have it


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator: what it costs, and the numbers of the tensors that it reads and gives."""

    cost: LayerCost
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


class Subgraph:
    """The first subgraph of a file, which is all there is in an image network.

    Everything here raises one of `DAMAGED` where the file leads nowhere.

    Attributes:
        inputs, outputs: numbers of its tensors.
    """

    def __init__(self, content: bytes) -> None:
        # No two vectors share their bytes, so all of them together have no more items than the
        # file has bytes; a damaged length must not keep us counting for hours.
        self._left = len(content)
        self._model = tflite.Model.GetRootAs(content)
        self._size(self._model.SubgraphsLength(), least=1)
        self._graph = self._model.Subgraphs(0)
        self._tensors = self._size(self._graph.TensorsLength())
        self._codes = self._size(self._model.OperatorCodesLength())
        self._buffers = self._size(self._model.BuffersLength())
        self.inputs = self._numbers(self._graph.InputsLength(), self._graph.Inputs)
        self.outputs = self._numbers(self._graph.OutputsLength(), self._graph.Outputs)
        self._unpacked: set[int] = set()
        self._seen: set[int] = set()

    def shape(self, number: int) -> tuple[int, ...]:
        """Of a tensor, batch included."""
        tensor = self._tensor(number)
        if tensor.ShapeLength() > _DEEPEST:
            raise ValueError(tensor.ShapeLength())
        shape = tuple(int(tensor.Shape(axis)) for axis in range(tensor.ShapeLength()))
        if any(length < 0 for length in shape):
            raise ValueError(shape)
        return shape

    def whole_numbers(self, number: int) -> list[int] | None:
        """The values of an int32 constant, or None for a computed tensor."""
        data = self._data(number).DataAsNumpy()
        if not isinstance(data, np.ndarray) or data.size == 0:
            return None
        values: list[int] = np.frombuffer(data.tobytes(), "<i4").tolist()
        return values

    def operators(self) -> Iterator[Operator]:
        """All of them, in the order in which they are computed."""
        for index in range(self._size(self._graph.OperatorsLength())):
            operator = self._graph.Operators(index)
            inputs = self._numbers(operator.InputsLength(), operator.Inputs)
            outputs = self._numbers(operator.OutputsLength(), operator.Outputs)
            yield Operator(self._cost(operator, inputs, outputs), inputs, outputs)

    def _cost(self, operator: Any, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> LayerCost:
        kind, known = self._kind(int(operator.OpcodeIndex()))
        read = self.shape(inputs[0]) if inputs and inputs[0] >= 0 else ()
        given = self.shape(outputs[0]) if outputs else ()
        if kind == "dequantise" and self._is_constant(inputs[0]):
            self._unpacked.add(outputs[0])
        weights = self.shape(inputs[1]) if kind in WEIGHTED else ()
        kernel, stride = _window(operator, kind, weights)
        return LayerCost(
            name=_plain(self._tensor(outputs[0]).Name() if outputs else None),
            kind=kind,
            input=read[1:] or read,
            output=given[1:] or given,
            kernel=kernel,
            stride=stride,
            mult_adds=_mult_adds(kind, weights, given),
            parameters=self._parameters(kind, inputs),
            counted=known,
        )

    def _kind(self, index: int) -> tuple[str, bool]:
        """Our word for an operator, and whether we know what it costs."""
        if not 0 <= index < self._codes:
            raise IndexError(index)
        code = self._model.OperatorCodes(index)
        # The wider field came later: older files have 0 there, newer ones 127 in the narrow one.
        name = _NAMES[max(int(code.BuiltinCode()), int(code.DeprecatedBuiltinCode()))]
        if name == "CUSTOM":
            return _plain(code.CustomCode()) or "custom", False
        kind = _KINDS.get(name, name.lower())
        return kind, kind in WEIGHTED or kind in _FREE

    def _parameters(self, kind: str, inputs: tuple[int, ...]) -> int:
        """Numbers in the weights and biases that this operator is the first one to read."""
        if kind not in WEIGHTED and kind not in _SCALING:
            return 0
        new = [n for n in dict.fromkeys(inputs) if n >= 0 and n not in self._seen]
        new = [number for number in new if number in self._unpacked or self._is_constant(number)]
        self._seen.update(new)
        return sum(prod(self.shape(number)) for number in new)

    def _size(self, length: int, least: int = 0) -> int:
        self._left -= length
        if length < least or self._left < 0:
            raise ValueError(length)
        return length

    def _numbers(self, length: int, at: Callable[[int], int]) -> tuple[int, ...]:
        return tuple(int(at(index)) for index in range(self._size(length)))

    def _tensor(self, number: int) -> Any:
        if not 0 <= number < self._tensors:
            raise IndexError(number)
        return self._graph.Tensors(number)

    def _data(self, number: int) -> Any:
        place = int(self._tensor(number).Buffer())
        if not 0 <= place < self._buffers:
            raise IndexError(place)
        return self._model.Buffers(place)

    def _is_constant(self, number: int) -> bool:
        return int(self._data(number).DataLength()) > 0


def _mult_adds(kind: str, weights: tuple[int, ...], given: tuple[int, ...]) -> int:
    """Each place of a convolution's output, and each vector of a dense one, meets all weights.

    Shapes as in schema.fbs and TFLite's kernels: conv (out, height, width, in), depthwise (1,
    height, width, channels), fully connected (out, in).
    """
    if kind == "fully_connected":
        _, inputs = weights
        return prod(given) * inputs
    if kind in WEIGHTED:
        batch, height, width, _ = given
        return batch * height * width * prod(weights)
    return 0


def _window(operator: Any, kind: str, weights: tuple[int, ...]) -> tuple[tuple[int, int], int]:
    """Height and width of an operator's window, and its stride."""
    table = operator.BuiltinOptions()
    if table is None or kind not in _OPTIONS:
        return (1, 1), 1
    options = _OPTIONS[kind]()
    options.Init(table.Bytes, table.Pos)
    stride = int(options.StrideH())
    if kind in POOLS:
        return (int(options.FilterHeight()), int(options.FilterWidth())), stride
    _, height, width, _ = weights
    return (height, width), stride


def _plain(name: bytes | None) -> str:
    """A name fit for a terminal; converters join those of all fused layers by a semicolon."""
    text = (name or b"").split(b";")[0].decode("utf-8", "replace")
    return "".join(letter for letter in text if letter.isprintable())
