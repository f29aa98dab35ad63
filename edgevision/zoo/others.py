"""Layer tables of the networks that the MobileNets paper compares with, from their own papers."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Final

from edgevision.zoo.cost import Cost, LayerCost, convolution, dense

if TYPE_CHECKING:
    from collections.abc import Iterator

CLASSES: Final = 0
"""Stands in a table for as many outputs as there are classes."""


@dataclass(frozen=True, slots=True)
class Conv:
    """A convolution with a bias; `pad` pixels on every side, or None for as many as keep the side.

    `kernel` is (height, width) or a side; `groups` part its channels, as AlexNet's two GPUs did.
    """

    outputs: int
    kernel: int | tuple[int, int] = 3
    stride: int = 1
    pad: int | None = None
    groups: int = 1

    @property
    def window(self) -> tuple[int, int]:
        """Height and width of the kernel."""
        return (self.kernel, self.kernel) if isinstance(self.kernel, int) else self.kernel


@dataclass(frozen=True, slots=True)
class Pool:
    """A maximum or a mean over windows; `pad` None keeps the side where the stride is 1."""

    kernel: int = 3
    stride: int = 2
    pad: int | None = 0


@dataclass(frozen=True, slots=True)
class GlobalPool:
    """A mean over the whole map."""


@dataclass(frozen=True, slots=True)
class Dense:
    """A fully connected layer with a bias."""

    outputs: int


@dataclass(frozen=True, slots=True)
class Split:
    """Several paths that read the same map, and whose channels are then put side by side."""

    name: str
    paths: tuple[tuple[Row, ...], ...]


Layer = Conv | Pool | GlobalPool | Dense
Row = Layer | Split


@dataclass(frozen=True, slots=True)
class Other:
    """A network that is not ours.

    Attributes:
        name: as it is usually written.
        source: whose table it is.
        resolution: side of the image, in pixels.
        rows: the table; the last layer with weights gives `CLASSES` outputs.
        differs: where the figures of the MobileNets paper are others than ours, and why, as far as
            it is known.
        channels: of what the first row reads.
    """

    name: str
    source: str
    resolution: int
    rows: tuple[Row, ...]
    differs: str = ""
    channels: int = 3


def count_other(other: Other, classes: int = 1000) -> Cost:
    """What `other` costs, with every branch unrolled to its layers."""
    start = (other.resolution, other.resolution, other.channels)
    layers = tuple(_unroll(other.rows, start, classes, ""))
    return Cost(other.name, "other", 1.0, other.resolution, classes, layers)


def _unroll(
    rows: tuple[Row, ...], shape: tuple[int, ...], classes: int, inside: str
) -> Iterator[LayerCost]:
    """The layers of `rows` on a map of `shape`, one after another."""
    number = 0
    for row in rows:
        if isinstance(row, Split):
            ends = []
            for index, path in enumerate(row.paths, start=1):
                layers = list(_unroll(path, shape, classes, f"{inside}{row.name}.{index}."))
                yield from layers
                ends.append(_end(layers, path))
            shape = (*ends[0][:2], sum(end[2] for end in ends))
            continue
        number += 1
        layer = _layer(row, shape, classes, f"{inside}{type(row).__name__.lower()}{number}")
        yield layer
        shape = layer.output


def _end(layers: list[LayerCost], path: tuple[Row, ...]) -> tuple[int, ...]:
    """Shape of what a path gives; one that ends in a split gives all of its paths' channels."""
    last = path[-1]
    if not isinstance(last, Split):
        return layers[-1].output
    branches = len(last.paths)
    ends = [layer.output for layer in layers[-branches:]]
    return (*ends[0][:2], sum(end[2] for end in ends))


def _layer(row: Layer, shape: tuple[int, ...], classes: int, name: str) -> LayerCost:
    if isinstance(row, GlobalPool):
        return LayerCost(name, "average pool", shape, shape[2:], (shape[0], shape[1]))
    if isinstance(row, Dense):
        return dense(name, prod(shape), row.outputs or classes)
    if isinstance(row, Pool):
        side = _side(shape[0], row.kernel, row.stride, row.pad)
        output = (side, side, shape[2])
        return LayerCost(name, "pool", shape, output, (row.kernel, row.kernel), row.stride)
    height = _side(shape[0], row.window[0], row.stride, row.pad)
    width = _side(shape[1], row.window[1], row.stride, row.pad)
    output = (height, width, row.outputs or classes)
    return convolution(name, shape, output, row.window, stride=row.stride, groups=row.groups)


def _side(side: int, kernel: int, stride: int, pad: int | None) -> int:
    if pad is None:
        return -(-side // stride)
    return (side + 2 * pad - kernel) // stride + 1


# fmt: off
# The tables keep the form of their papers: a row a line.
def _inception(
    name: str, one: int, three: tuple[int, int], five: tuple[int, int], pool: int
) -> Split:
    """A row of GoogLeNet's table 1: #1x1, #3x3 reduce, #3x3, #5x5 reduce, #5x5, pool proj."""
    return Split(name, (
        (Conv(one, 1),),
        (Conv(three[0], 1), Conv(three[1], 3)),
        (Conv(five[0], 1), Conv(five[1], 5)),
        (Pool(3, 1, None), Conv(pool, 1)),
    ))


def _fire(number: int, squeeze: int, expand: int) -> tuple[Row, ...]:
    """SqueezeNet's fire module (figure 2): its expand layer is half 1x1, half 3x3."""
    return (Conv(squeeze, 1), Split(f"fire{number}", ((Conv(expand, 1),), (Conv(expand, 3),))))


def _mixed35(name: str, pool: int) -> Split:
    """Figure 5 of Inception V3's paper, at 35 x 35."""
    return Split(name, (
        (Conv(64, 1),),
        (Conv(48, 1), Conv(64, 5)),
        (Conv(64, 1), Conv(96, 3), Conv(96, 3)),
        (Pool(3, 1, None), Conv(pool, 1)),
    ))


def _mixed17(name: str, inside: int) -> Split:
    """Figure 6 with n = 7, at 17 x 17."""
    across, down = (1, 7), (7, 1)
    return Split(name, (
        (Conv(192, 1),),
        (Conv(inside, 1), Conv(inside, across), Conv(192, down)),
        (
            Conv(inside, 1), Conv(inside, down), Conv(inside, across),
            Conv(inside, down), Conv(192, across),
        ),
        (Pool(3, 1, None), Conv(192, 1)),
    ))


def _mixed8(name: str) -> Split:
    """Figure 7, at 8 x 8."""
    both = Split("both", ((Conv(384, (1, 3)),), (Conv(384, (3, 1)),)))
    return Split(name, (
        (Conv(320, 1),),
        (Conv(384, 1), both),
        (Conv(448, 1), Conv(384, 3), both),
        (Pool(3, 1, None), Conv(192, 1)),
    ))


ALEXNET: Final = Other(
    "AlexNet",
    "Krizhevsky et al. 2012, section 3.5 and figure 2, with its two groups",
    227,  # the paper says 224, but 55 positions of 11 pixels, 4 apart, span 227
    (
        Conv(96, 11, 4, 0), Pool(), Conv(256, 5, groups=2), Pool(),
        Conv(384), Conv(384, groups=2), Conv(256, groups=2), Pool(),
        Dense(4096), Dense(4096), Dense(CLASSES),
    ),
    '720 M is ours, rounded; 60 M is the "60 million" of its own abstract.',
)

VGG16: Final = Other(
    "VGG-16",
    "Simonyan & Zisserman 2014 (arXiv 1409.1556), table 1, column D",
    224,
    (
        *[Conv(64)] * 2, Pool(2), *[Conv(128)] * 2, Pool(2), *[Conv(256)] * 3, Pool(2),
        *[Conv(512)] * 3, Pool(2), *[Conv(512)] * 3, Pool(2),
        Dense(4096), Dense(4096), Dense(CLASSES),
    ),
    "15300 M fits the convolutions alone (15347 M); the three fully connected layers are 124 M.",
)

GOOGLENET: Final = Other(
    "GoogLeNet",
    "Szegedy et al. 2014 (arXiv 1409.4842), table 1",
    224,
    (
        Conv(64, 7, 2), Pool(pad=None), Conv(64, 1), Conv(192, 3), Pool(pad=None),
        _inception("3a", 64, (96, 128), (16, 32), 32),
        _inception("3b", 128, (128, 192), (32, 96), 64),
        Pool(pad=None),
        _inception("4a", 192, (96, 208), (16, 48), 64),
        _inception("4b", 160, (112, 224), (24, 64), 64),
        _inception("4c", 128, (128, 256), (24, 64), 64),
        _inception("4d", 112, (144, 288), (32, 64), 64),
        _inception("4e", 256, (160, 320), (32, 128), 128),
        Pool(pad=None),
        _inception("5a", 256, (160, 320), (32, 128), 128),
        _inception("5b", 384, (192, 384), (48, 128), 128),
        GlobalPool(), Dense(CLASSES),
    ),
    "6.8 M would fit a count in K of 1024 (ours then is 6.83), but we do not know; nor why 1550 M: "
    "its paper speaks of 1.5 billion.",
)

SQUEEZENET: Final = Other(
    "SqueezeNet 1.0",
    "Iandola et al. 2016 (arXiv 1602.07360), table 1",
    227,  # the table says 224, but 111 positions of 7 pixels, 2 apart, span 227
    (
        Conv(96, 7, 2, 0), Pool(),
        *_fire(2, 16, 64), *_fire(3, 16, 64), *_fire(4, 32, 128), Pool(),
        *_fire(5, 32, 128), *_fire(6, 48, 192), *_fire(7, 48, 192), *_fire(8, 64, 256), Pool(),
        *_fire(9, 64, 256), Conv(CLASSES, 1), GlobalPool(),
    ),
    "1700 M fits products and sums counted apart: twice ours is 1665 M. Its authors give "
    "1.72 GFLOPS an image, for a file whose last convolution pads its map by one.",
)

INCEPTION_V3: Final = Other(
    "Inception V3",
    "Szegedy et al. 2015 (arXiv 1512.00567), table 1 and figures 5 to 7; widths within the "
    "modules from its authors' code (tensorflow/models, slim/nets/inception_v3.py)",
    299,
    (
        Conv(32, 3, 2, 0), Conv(32, 3, 1, 0), Conv(64), Pool(),
        Conv(80, 1), Conv(192, 3, 1, 0), Pool(),
        _mixed35("5b", 32), _mixed35("5c", 64), _mixed35("5d", 64),
        Split("6a", (
            (Conv(384, 3, 2, 0),), (Conv(64, 1), Conv(96), Conv(96, 3, 2, 0)), (Pool(),),
        )),
        _mixed17("6b", 128), _mixed17("6c", 160), _mixed17("6d", 160), _mixed17("6e", 192),
        Split("7a", (
            (Conv(192, 1), Conv(320, 3, 2, 0)),
            (Conv(192, 1), Conv(192, (1, 7)), Conv(192, (7, 1)), Conv(192, 3, 2, 0)),
            (Pool(),),
        )),
        _mixed8("7b"), _mixed8("7c"),
        GlobalPool(), Dense(CLASSES),
    ),
    '5000 M is the rounded "5 billion" of its own abstract. Why 23.2 M we do not know: ours is '
    "22.0 M with 120 classes, 23.8 M with 1000, and 2.7 M more with the auxiliary classifier.",
)

AUXILIARY: Final = Other(
    "auxiliary classifier of Inception V3",
    "the same code: it reads the map of module 6e, only while the network is trained",
    17,
    (Pool(5, 3, 0), Conv(128, 1), Conv(768, 5, 1, 0), Dense(CLASSES)),
    channels=768,
)
# fmt: on

OTHERS: Final = {row.name: row for row in (GOOGLENET, VGG16, SQUEEZENET, ALEXNET, INCEPTION_V3)}
