"""Layer tables of the networks that we build, with a width multiplier and any number of classes.

Sources: Howard et al. 2017, "MobileNets" (arXiv 1704.04861), table 1 and section 3.3; Sandler et
al. 2018, "MobileNetV2: Inverted Residuals and Linear Bottlenecks" (arXiv 1801.04381), table 2; Tan
& Le 2019, "EfficientNet" (arXiv 1905.11946), table 1, in the "lite" variant of the TensorFlow TPU
repository: no squeeze-and-excite, ReLU6, stem and head not scaled.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from edgevision.errors import ModelError
from edgevision.kinds import suggestion
from edgevision.zoo.network import IMAGE, MAP, Layer, Network

if TYPE_CHECKING:
    from collections.abc import Callable

STEP: Final = 32
"""Resolutions are multiples of this: the networks halve the picture five times."""

_WIDEST: Final = 16.0  # beyond it a network is no small one, and its weights fill memories


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


def separable(rows: tuple[tuple[int, int], ...], *, stem: int) -> tuple[Layer, ...]:
    """Layers of a network of depthwise-separable blocks (table 1 of MobileNets).

    Args:
        rows: output channels and stride of each block.
        stem: channels of the first convolution, 3x3 with stride 2.
    """
    layers = [Layer("stem", "conv", (IMAGE,), 3, stem, kernel=3, stride=2, clipped=True)]
    for number, (channels, stride) in enumerate(rows, start=1):
        before = layers[-1]
        middle = f"block{number}.depthwise"
        width = before.outputs
        layers.append(
            Layer(middle, "depthwise", (before.name,), width, width, 3, stride, clipped=True)
        )
        name = MAP if number == len(rows) else f"block{number}.pointwise"
        layers.append(Layer(name, "conv", (middle,), width, channels, clipped=True))
    return tuple(layers)


def mobilenet_v1(alpha: float = 1.0, classes: int = 1000) -> Network:
    """MobileNets, table 1, with alpha at every layer (section 3.3)."""
    rows = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5]
    # Table 1 prints stride 2 for the last depthwise layer, too; its sizes show that it is 1.
    rows += [(1024, 2), (1024, 1)]
    return Network(
        name=f"mobilenet_v1_{alpha:g}",
        family="mobilenet_v1",
        layers=separable(
            tuple((_narrowed(channels, alpha), stride) for channels, stride in rows),
            stem=_narrowed(32, alpha),
        ),
        padding="same",
        mean=(127.5, 127.5, 127.5),
        deviation=(127.5, 127.5, 127.5),
        epsilon=1e-3,
        classes=classes,
        alpha=alpha,
    )


def mobilenet_v2(alpha: float = 1.0, classes: int = 1000) -> Network:
    """MobileNetV2, table 2; channels in eights, and the last convolution never narrower (5)."""
    return replace(
        MOBILENET_V2,
        name=MOBILENET_V2.name if alpha == 1 else f"mobilenet_v2_{alpha:g}",
        layers=inverted_residuals(
            tuple(replace(row, channels=_in_eights(row.channels * alpha)) for row in _MOBILENET_V2),
            stem=_in_eights(32 * alpha),
            features=_in_eights(1280 * max(1.0, alpha)),
        ),
        classes=classes,
        alpha=alpha,
    )


def efficientnet_lite0(alpha: float = 1.0, classes: int = 1000) -> Network:
    """EfficientNet-Lite0, with alpha as for MobileNetV2."""
    return _efficientnet_lite("efficientnet_lite0", alpha, classes)


def efficientnet_lite1(alpha: float = 1.0, classes: int = 1000) -> Network:
    """EfficientNet-Lite1: 1.1 times as deep as Lite0, in whole blocks."""
    return _efficientnet_lite("efficientnet_lite1", alpha, classes, depth=1.1)


def efficientnet_lite2(alpha: float = 1.0, classes: int = 1000) -> Network:
    """EfficientNet-Lite2: 1.2 times as deep as Lite0, in whole blocks, and 1.1 times as wide."""
    return _efficientnet_lite("efficientnet_lite2", alpha, classes, depth=1.2, width=1.1)


def _efficientnet_lite(
    family: str, alpha: float, classes: int, *, depth: float = 1.0, width: float = 1.0
) -> Network:
    """Depth and width scale all rows but the first and last in depth, and not stem and head."""
    rows = [
        replace(
            row,
            channels=_in_eights(_in_eights(row.channels * width) * alpha),
            repeats=row.repeats if row.repeats == 1 else math.ceil(row.repeats * depth),
        )
        for row in _EFFICIENTNET_LITE0
    ]
    return Network(
        name=family if alpha == 1 else f"{family}_{alpha:g}",
        family=family,
        layers=inverted_residuals(
            tuple(rows),
            stem=_in_eights(32 * alpha),
            features=_in_eights(1280 * max(1.0, alpha)),
        ),
        padding="same",
        mean=(127.0, 127.0, 127.0),
        deviation=(128.0, 128.0, 128.0),
        epsilon=1e-3,
        classes=classes,
        alpha=alpha,
    )


def network_of(family: str, alpha: float = 1.0, classes: int = 1000) -> Network:
    """The network of a family at a width.

    Args:
        family: a key of `FAMILIES`.
        alpha: width multiplier, over 0, at most 16.
        classes: 1 or more.

    Raises:
        ModelError: if there is no such family, or a number is out of its range.
    """
    make = FAMILIES.get(family)
    if make is None:
        raise ModelError(f"network {family!r} is not known{suggestion(family, list(FAMILIES))}")
    # Also true of what is not a number at all.
    if not 0 < alpha <= _WIDEST:
        raise ModelError(f"alpha {alpha:g}: expected a number over 0, at most {_WIDEST:g}")
    if classes < 1:
        raise ModelError(f"classes {classes}: expected a whole number from 1 on")
    return make(alpha, classes)


def checked_resolution(resolution: int) -> int:
    """`resolution` itself.

    Raises:
        ModelError: if it is no multiple of 32 from 32 on.
    """
    if resolution < STEP or resolution % STEP:
        near = max(STEP, round(resolution / STEP) * STEP)
        raise ModelError(
            f"resolution {resolution}: expected a multiple of {STEP}, for example {near}"
        )
    return resolution


def _narrowed(channels: int, alpha: float) -> int:
    """Of MobileNets: alpha times the channels, rounded down, at least 8 (slim/mobilenet_v1.py)."""
    return max(8, int(channels * alpha))


def _in_eights(channels: float) -> int:
    """Of MobileNetV2: the nearest multiple of 8 that is at least nine tenths of `channels`."""
    near = max(8, int(channels + 4) // 8 * 8)
    return near + 8 if near < 0.9 * channels else near


_MOBILENET_V2: Final = (
    Bottlenecks(1, 16, 1, 1),
    Bottlenecks(6, 24, 2, 2),
    Bottlenecks(6, 32, 3, 2),
    Bottlenecks(6, 64, 4, 2),
    Bottlenecks(6, 96, 3, 1),
    Bottlenecks(6, 160, 3, 2),
    Bottlenecks(6, 320, 1, 1),
)
_EFFICIENTNET_LITE0: Final = (
    Bottlenecks(1, 16, 1, 1),
    Bottlenecks(6, 24, 2, 2),
    Bottlenecks(6, 40, 2, 2, 5),
    Bottlenecks(6, 80, 3, 2),
    Bottlenecks(6, 112, 3, 1, 5),
    Bottlenecks(6, 192, 4, 2, 5),
    Bottlenecks(6, 320, 1, 1),
)

MOBILENET_V2: Final = Network(
    name="mobilenet_v2",
    family="mobilenet_v2",
    layers=inverted_residuals(_MOBILENET_V2),
    padding="symmetric",
    mean=(123.675, 116.28, 103.53),
    deviation=(58.395, 57.12, 57.375),
    epsilon=1e-5,
)

EFFICIENTNET_LITE0: Final = efficientnet_lite0()
EFFICIENTNET_LITE2: Final = efficientnet_lite2()

NETWORKS: Final = {
    network.name: network for network in (MOBILENET_V2, EFFICIENTNET_LITE0, EFFICIENTNET_LITE2)
}
"""The networks that come with the package, by name."""

FAMILIES: Final[dict[str, Callable[[float, int], Network]]] = {
    "mobilenet_v1": mobilenet_v1,
    "mobilenet_v2": mobilenet_v2,
    "efficientnet_lite0": efficientnet_lite0,
    "efficientnet_lite1": efficientnet_lite1,
    "efficientnet_lite2": efficientnet_lite2,
}
