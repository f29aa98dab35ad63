"""Walks a TFLite file, whoever made it, and counts what one inference costs, without a runtime."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edgevision.errors import ModelError
from edgevision.zoo.subgraph import DAMAGED, IMAGE_RANK, POOLS, Operator, Subgraph
from edgevision.zoo.tflite import inspect

if TYPE_CHECKING:
    from pathlib import Path

    from edgevision.zoo.cost import LayerCost

# What may stand between a classifier and the output.
_BEHIND: Final = frozenset({"softmax", "logistic", "reshape", "squeeze", "quantise", "dequantise"})
# What gives another size where it is given one.
_FOLLOWING: Final = (
    POOLS
    | {"conv", "depthwise", "add", "mul", "sub", "pad", "padv2", "mirror_pad", "quantise"}
    | {"dequantise", "concatenation", "relu", "relu6", "relu_n1_to_1", "leaky_relu"}
    | {"hard_swish", "logistic", "tanh"}
)
_ONE_PLACE: Final = (1, 1)


@dataclass(frozen=True, slots=True)
class Walked:
    """What a file costs.

    Attributes:
        path: the file.
        bytes: its size.
        resolution: side of the input in pixels (its height, should it not be square); 0 if the
            input is no image (1, height, width, channels).
        classes: outputs of its classifier, or None if it ends in features or cannot be told.
        layers: an item for each operator, in their order.
        resizable: whether another size of the input works: its pool is a MEAN over height and
            width, and nothing in it has a fixed size.
        for_edgetpu: compiled for the Edge TPU: one operator that nobody can look into.
    """

    path: Path
    bytes: int
    resolution: int
    classes: int | None
    layers: tuple[LayerCost, ...]
    resizable: bool
    for_edgetpu: bool

    @property
    def mult_adds(self) -> int:
        """Multiply-adds of one inference, of all operators that are counted."""
        return sum(layer.mult_adds for layer in self.layers)

    def mult_adds_at(self, side: int) -> int:
        """Multiply-adds of one inference when the input is resized to `side` pixels.

        Up to the pool each layer has (side / own side)^2 times as many positions; exact where both
        sides are multiples of what the network reduces them by.
        """
        before_pool = sum(layer.mult_adds for layer in self.layers if _is_map(layer))
        behind = self.mult_adds - before_pool
        return before_pool * side**2 // self.resolution**2 + behind

    @property
    def parameters(self) -> int:
        """Weights and biases; one that several operators read counts once."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def not_counted(self) -> tuple[str, ...]:
        """Kinds of operators whose cost we do not know, and that count 0 here."""
        return tuple(dict.fromkeys(layer.kind for layer in self.layers if not layer.counted))


def read_network(path: Path) -> Walked:
    """Count the file at `path`.

    Raises:
        ModelError: if it is missing, no TFLite model, or damaged.
    """
    file = inspect(path)
    try:
        content = path.read_bytes()
        graph = Subgraph(content)
        operators = list(graph.operators())
        return Walked(
            path=path,
            bytes=len(content),
            resolution=_resolution(graph),
            classes=_classes(graph, operators),
            layers=tuple(operator.cost for operator in operators),
            resizable=_is_resizable(graph, operators),
            for_edgetpu=file.for_edgetpu,
        )
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
    except DAMAGED as error:
        message = f"{path}: its graph is damaged; copy or download the model again"
        raise ModelError(message) from error


def _resolution(graph: Subgraph) -> int:
    shape = graph.shape(graph.inputs[0])
    return shape[1] if len(shape) == IMAGE_RANK else 0


def _classes(graph: Subgraph, operators: list[Operator]) -> int | None:
    """Outputs of the first classifier that an output of the graph comes from."""
    makers = {number: operator for operator in operators for number in operator.outputs}
    for output in graph.outputs:
        number, passed = output, set[int]()
        while number in makers and number not in passed:
            passed.add(number)
            maker = makers[number]
            kind, one_place = maker.cost.kind, maker.cost.input[:2] == _ONE_PLACE
            if kind in {"fully_connected", "softmax"} or (kind == "conv" and one_place):
                shape = graph.shape(output)
                return shape[-1] if shape else None
            if kind not in _BEHIND or not maker.inputs:
                break
            number = maker.inputs[0]
    return None


def _is_resizable(graph: Subgraph, operators: list[Operator]) -> bool:
    if not _resolution(graph) or not all(operator.cost.counted for operator in operators):
        return False
    pooled = False
    for operator in operators:
        kind, read, given = operator.cost.kind, operator.cost.input, operator.cost.output
        if len(read) != IMAGE_RANK - 1 or read[:2] == _ONE_PLACE:
            continue  # behind the pool nothing depends on the size
        if kind == "mean" and _is_global(graph.whole_numbers(operator.inputs[1])):
            pooled = True
        elif kind not in _FOLLOWING or (kind in POOLS and given[:2] == _ONE_PLACE):
            return False
    return pooled


def _is_global(axes: list[int] | None) -> bool:
    """True if a MEAN goes over height and width; negative axes count from the end."""
    return axes is not None and {axis % IMAGE_RANK for axis in axes} == {1, 2}


def _is_map(layer: LayerCost) -> bool:
    return len(layer.output) == IMAGE_RANK - 1 and layer.output[:2] != (1, 1)
