"""A network as data: one list of layers, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["conv", "depthwise", "add"]
Padding = Literal["symmetric", "same"]

IMAGE: Final = "image"
MAP: Final = "map"


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: a convolution with its batch normalisation and activation, or a sum.

    Attributes:
        name: for example "block3.expand"; also the name of what the layer gives.
        kind: "conv", "depthwise" or "add".
        sources: the layers (or `IMAGE`) that it reads.
        inputs, outputs: channels.
        kernel, stride: of a convolution.
        clipped: a ReLU6 follows.
    """

    name: str
    kind: Kind
    sources: tuple[str, ...]
    inputs: int
    outputs: int
    kernel: int = 1
    stride: int = 1
    clipped: bool = False

    @property
    def fan_in(self) -> int:
        """Weights that go into one output channel; 0 for a sum."""
        if self.kind == "add":
            return 0
        return self.kernel**2 * (1 if self.kind == "depthwise" else self.inputs)


@dataclass(frozen=True, slots=True)
class Network:
    """A backbone: layers from an RGB image to its last feature map, and how it was trained.

    Attributes:
        name: the backbone's name, for example "mobilenet_v2".
        family: the table that it is made from, a key of `families.FAMILIES`.
        layers: in the order in which they are computed; the last one gives the feature map.
        padding: "symmetric", (kernel - 1) / 2 on every side whatever the stride, as torchvision
            has it, or TensorFlow's "same", which pads below and to the right first.
        mean, deviation: of the training's normalisation, (value - mean) / deviation with value
            in 0..255, for each of R, G, B. A zero of padding is a pixel of value `mean`.
        epsilon: of the batch normalisation.
        classes: outputs of the classifier that was trained with it.
        alpha: width multiplier: the layers have this share of the table's channels.
    """

    name: str
    family: str
    layers: tuple[Layer, ...]
    padding: Padding
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]
    epsilon: float
    classes: int = 1000
    alpha: float = 1.0

    @property
    def features(self) -> int:
        """Channels of the last feature map."""
        return self.layers[-1].outputs

    @property
    def reduction(self) -> int:
        """Pixels of the image, in one direction, for each cell of the feature map."""
        strides = {IMAGE: 1}
        for layer in self.layers:
            strides[layer.name] = strides[layer.sources[0]] * layer.stride
        return strides[self.layers[-1].name]

    def mult_adds(self, resolution: int = 224) -> int:
        """Multiply-adds of one inference on a square image, classifier included.

        Args:
            resolution: side of the image in pixels, a multiple of `reduction`.
        """
        sides = {IMAGE: resolution}
        total = 0
        for layer in self.layers:
            sides[layer.name] = sides[layer.sources[0]] // layer.stride
            total += sides[layer.name] ** 2 * layer.outputs * layer.fan_in
        return total + self.features * self.classes

    @property
    def parameters(self) -> int:
        """Weights and biases after batch normalisation was folded, classifier included."""
        inside = sum(layer.outputs * (layer.fan_in + 1) for layer in self.layers if layer.fan_in)
        return inside + (self.features + 1) * self.classes

    def streams(self) -> tuple[tuple[str, ...], ...]:
        """Names of layers whose outputs must share one scale a channel, as sums tie them."""
        tied: dict[str, list[str]] = {}
        for layer in self.layers:
            group = [layer.name]
            if layer.kind == "add":
                for source in layer.sources:
                    group = [*(name for name in tied[source] if name not in group), *group]
            for name in group:
                tied[name] = group
        return tuple(dict.fromkeys(tuple(group) for group in tied.values()))
