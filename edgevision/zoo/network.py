"""Layer tables of the networks that we build, as data, unrolled into one list of layers.

Sources: Sandler et al. 2018, "MobileNetV2: Inverted Residuals and Linear Bottlenecks" (arXiv
1801.04381), table 2; Tan & Le 2019, "EfficientNet" (arXiv 1905.11946), table 1, in the "lite"
variant of the TensorFlow TPU repository: no squeeze-and-excite, ReLU6, stem and head not scaled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["conv", "depthwise", "add"]
Padding = Literal["symmetric", "same"]

IMAGE: Final = "image"
MAP: Final = "map"


@dataclass(frozen=True, slots=True)
class Bottlenecks:
    """A row of a layer table: inverted residual blocks of one width.

    Attributes:
        expansion: t, how many times wider the inside of a block is than its input.
        channels: c, output channels.
        repeats: n, blocks in the row.
        stride: s of the row's first block; the others have 1.
        kernel: side of the depthwise convolution.
    """

    expansion: int
    channels: int
    repeats: int
    stride: int
    kernel: int = 3


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
        layers: in the order in which they are computed; the last one gives the feature map.
        padding: "symmetric", (kernel - 1) / 2 on every side whatever the stride, as torchvision
            has it, or TensorFlow's "same", which pads below and to the right first.
        mean, deviation: of the training's normalisation, (value - mean) / deviation with value
            in 0..255, for each of R, G, B. A zero of padding is a pixel of value `mean`.
        epsilon: of the batch normalisation.
        classes: outputs of the classifier that was trained with it.
    """

    name: str
    layers: tuple[Layer, ...]
    padding: Padding
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]
    epsilon: float
    classes: int = 1000

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


def inverted_residuals(
    rows: tuple[Bottlenecks, ...], *, stem: int = 32, features: int = 1280
) -> tuple[Layer, ...]:
    """Layers of a network of inverted residual blocks (figure 3 b and table 1 of MobileNetV2).

    Args:
        rows: the layer table.
        stem: channels of the first convolution, 3x3 with stride 2.
        features: channels of the last convolution, 1x1.
    """
    layers = [Layer("stem", "conv", (IMAGE,), 3, stem, kernel=3, stride=2, clipped=True)]
    number = 0
    for row in rows:
        for repeat in range(row.repeats):
            number += 1
            stride = row.stride if repeat == 0 else 1
            layers += _block(f"block{number}", layers[-1], row, stride)
    width = layers[-1].outputs
    layers.append(Layer(MAP, "conv", (layers[-1].name,), width, features, clipped=True))
    return tuple(layers)


def _block(name: str, before: Layer, row: Bottlenecks, stride: int) -> list[Layer]:
    inputs, inside = before.outputs, before.outputs * row.expansion
    source, layers = before.name, []
    if row.expansion > 1:
        layers.append(Layer(f"{name}.expand", "conv", (source,), inputs, inside, clipped=True))
        source = layers[-1].name
    middle = f"{name}.depthwise"
    layers += [
        Layer(middle, "depthwise", (source,), inside, inside, row.kernel, stride, clipped=True),
        Layer(f"{name}.project", "conv", (middle,), inside, row.channels),
    ]
    if stride == 1 and inputs == row.channels:
        ends = (before.name, f"{name}.project")
        layers.append(Layer(f"{name}.add", "add", ends, inputs, row.channels))
    return layers


MOBILENET_V2: Final = Network(
    name="mobilenet_v2",
    layers=inverted_residuals(
        (
            Bottlenecks(1, 16, 1, 1),
            Bottlenecks(6, 24, 2, 2),
            Bottlenecks(6, 32, 3, 2),
            Bottlenecks(6, 64, 4, 2),
            Bottlenecks(6, 96, 3, 1),
            Bottlenecks(6, 160, 3, 2),
            Bottlenecks(6, 320, 1, 1),
        )
    ),
    padding="symmetric",
    mean=(123.675, 116.28, 103.53),
    deviation=(58.395, 57.12, 57.375),
    epsilon=1e-5,
)

EFFICIENTNET_LITE0: Final = Network(
    name="efficientnet_lite0",
    layers=inverted_residuals(
        (
            Bottlenecks(1, 16, 1, 1),
            Bottlenecks(6, 24, 2, 2),
            Bottlenecks(6, 40, 2, 2, 5),
            Bottlenecks(6, 80, 3, 2),
            Bottlenecks(6, 112, 3, 1, 5),
            Bottlenecks(6, 192, 4, 2, 5),
            Bottlenecks(6, 320, 1, 1),
        )
    ),
    padding="same",
    mean=(127.0, 127.0, 127.0),
    deviation=(128.0, 128.0, 128.0),
    epsilon=1e-3,
)

NETWORKS: Final = {network.name: network for network in (MOBILENET_V2, EFFICIENTNET_LITE0)}
