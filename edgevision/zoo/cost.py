"""What a network costs: multiply-adds and parameters, layer by layer, as in the MobileNets paper.

One multiply-add is one product added to a sum; the paper counts those of convolutions and of the
fully connected layer, and neither activations nor pools (Howard et al. 2017, arXiv 1704.04861,
section 3.1, equations 2 and 5). Batch normalisation is folded: a weight each, and one bias a
channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING

from edgevision.zoo.families import checked_resolution
from edgevision.zoo.network import IMAGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgevision.zoo.network import Network


@dataclass(frozen=True, slots=True)
class LayerCost:
    """One layer, and what it costs in one inference.

    Attributes:
        name: of the layer, or of the tensor that it gives.
        kind: "conv", "depthwise", "fully_connected", or what else it does.
        input, output: shapes without the batch: (height, width, channels), or (channels,).
        kernel: height and width of a convolution's or pool's window; (1, 1) for other layers.
        stride: of that window.
        mult_adds: 0 for what the paper does not count.
        parameters: weights and biases.
        counted: False if we do not know what the operator costs, so that 0 says nothing.
    """

    name: str
    kind: str
    input: tuple[int, ...]
    output: tuple[int, ...]
    kernel: tuple[int, int] = (1, 1)
    stride: int = 1
    mult_adds: int = 0
    parameters: int = 0
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Saving:
    """A depthwise-separable pair beside the full convolution that it stands for (section 3.1).

    Attributes:
        depthwise, pointwise: names of the two layers.
        kernel: Dk, the side of the window.
        inputs, outputs: M and N, channels.
        mult_adds, parameters: of the pair.
        full_mult_adds, full_parameters: of a convolution Dk x Dk x M x N in its place.
    """

    depthwise: str
    pointwise: str
    kernel: int
    inputs: int
    outputs: int
    mult_adds: int
    parameters: int
    full_mult_adds: int
    full_parameters: int

    @property
    def ratio(self) -> float:
        """The pair's share of the full convolution's multiply-adds, in 0..1 where it saves."""
        return self.mult_adds / self.full_mult_adds

    @property
    def predicted(self) -> float:
        """What the paper says that `ratio` is: 1/N + 1/Dk^2."""
        return 1 / self.outputs + 1 / self.kernel**2


@dataclass(frozen=True, slots=True)
class Cost:
    """What one inference of a network costs on a square image.

    Attributes:
        name: of the network.
        family: a key of `families.FAMILIES`, or a word for another architecture.
        alpha: width multiplier.
        resolution: side of the image, in pixels.
        classes: outputs of the classifier.
        layers: in the order in which they are computed, classifier included.
    """

    name: str
    family: str
    alpha: float
    resolution: int
    classes: int
    layers: tuple[LayerCost, ...]

    @property
    def mult_adds(self) -> int:
        """Multiply-adds of one inference."""
        return sum(layer.mult_adds for layer in self.layers)

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return sum(layer.parameters for layer in self.layers)


def count(network: Network, resolution: int = 224) -> Cost:
    """What `network` costs at `resolution`, a multiple of 32.

    Its totals are those of `Network.mult_adds` and `Network.parameters`.

    Raises:
        ModelError: if the resolution is no multiple of 32 from 32 on.
    """
    image: tuple[int, ...] = (checked_resolution(resolution), resolution, 3)
    shapes = {IMAGE: image}
    layers = []
    for layer in network.layers:
        before = shapes[layer.sources[0]]
        if layer.kind == "add":
            layers.append(LayerCost(layer.name, "add", before, before))
        else:
            window = (layer.kernel, layer.kernel)
            side = before[0] // layer.stride
            groups = layer.inputs if layer.kind == "depthwise" else 1
            output = (side, side, layer.outputs)
            layers.append(
                convolution(layer.name, before, output, window, stride=layer.stride, groups=groups)
            )
        shapes[layer.name] = layers[-1].output
    last = shapes[network.layers[-1].name]
    layers += [
        LayerCost("pool", "average pool", last, last[2:], (last[0], last[1])),
        dense("classifier", network.features, network.classes),
        LayerCost("softmax", "softmax", (network.classes,), (network.classes,)),
    ]
    return Cost(
        network.name, network.family, network.alpha, resolution, network.classes, tuple(layers)
    )


def convolution(
    name: str,
    before: tuple[int, ...],
    output: tuple[int, ...],
    kernel: tuple[int, int],
    *,
    stride: int,
    groups: int = 1,
) -> LayerCost:
    """A convolution with a bias: Dk x Dk x M/groups x N x Df x Df multiply-adds (equation 2).

    With as many groups as input channels it is depthwise (equation 4).

    Args:
        name: of the layer.
        before, output: (height, width, channels) of what it reads and gives.
        kernel: height and width of the window.
        stride: of the window.
        groups: into which its input channels are parted.
    """
    weights = prod(kernel) * before[2] // groups * output[2]
    kind = "depthwise" if groups == before[2] > 1 else "conv"
    places = output[0] * output[1]
    return LayerCost(
        name, kind, before, output, kernel, stride, places * weights, weights + output[2]
    )


def dense(name: str, inputs: int, outputs: int) -> LayerCost:
    """A fully connected layer with a bias."""
    weights = inputs * outputs
    return LayerCost(
        name,
        "fully_connected",
        (inputs,),
        (outputs,),
        mult_adds=weights,
        parameters=weights + outputs,
    )


def savings(layers: Sequence[LayerCost]) -> tuple[Saving, ...]:
    """Each depthwise layer that a 1x1 convolution follows, and what a full one would cost."""
    found = []
    for first, second in pairwise(layers):
        pointwise = second.kind == "conv" and second.kernel == (1, 1) and second.stride == 1
        # A depthwise layer with several outputs a channel is no factor of one convolution.
        plain = first.kind == "depthwise" and first.input[-1:] == first.output[-1:]
        if not (plain and pointwise and second.input == first.output and first.mult_adds):
            continue
        inputs, outputs = first.output[2], second.output[2]
        weights = prod(first.kernel) * inputs * outputs
        found.append(
            Saving(
                first.name,
                second.name,
                first.kernel[0],
                inputs,
                outputs,
                first.mult_adds + second.mult_adds,
                first.parameters + second.parameters,
                prod(first.output[:2]) * weights,
                weights + outputs,
            )
        )
    return tuple(found)


def unfactorised(layers: Sequence[LayerCost]) -> tuple[int, int]:
    """Multiply-adds and parameters of the same network with full convolutions (table 4)."""
    pairs = savings(layers)
    mult_adds = sum(layer.mult_adds for layer in layers)
    parameters = sum(layer.parameters for layer in layers)
    return (
        mult_adds + sum(pair.full_mult_adds - pair.mult_adds for pair in pairs),
        parameters + sum(pair.full_parameters - pair.parameters for pair in pairs),
    )
