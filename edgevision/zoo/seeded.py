"""TFLite files of any network of the families, with weights drawn from a seed: for timing only.

How long an inference takes does not depend on what the weights are. These files therefore tell a
device's speed before anyone trains a network; what they answer means nothing.

Only bits of the generator, whole numbers, and single products, quotients and square roots of
float64 go into the weights (no sums of floats, no matrix products), so that the same seed gives the
same bytes on every machine.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import numpy.typing as npt

from edgevision.errors import ModelError
from edgevision.zoo.assemble import LOGITS, VECTOR, float_graph, int8_graph
from edgevision.zoo.families import checked_resolution
from edgevision.zoo.network import IMAGE, Layer, Network
from edgevision.zoo.quantise import grid
from edgevision.zoo.recipe import Recipe, Step
from edgevision.zoo.weights import Classifier, Kernel
from edgevision.zoo.writer import write

if TYPE_CHECKING:
    from collections.abc import Mapping

Dtype = Literal["int8", "float32"]
Moments = tuple[float, float]

MARK: Final = "weights drawn from a seed, for timing only"
"""Stands in the description of each of these files."""

_LARGEST: Final = 127
# Mean and standard deviation of normalised pixels, about.
_IMAGE: Final = (0.0, 0.7)
# What a convolution is to give before its ReLU6, and what is left of such a normal distribution
# after it: mean s (p(z) + z P(z)), second moment s^2 ((1 + z^2) P(z) + z p(z)), with z = m / s and
# the normal density p and distribution P. Few values reach 6, and four in ten are 0.
_BEFORE_CLIP: Final = (0.6, 1.5)
_CLIPPED: Final = (0.946, 1.071)
_CLIPPED_GRID: Final = (0.0, 6.0)
_LINEAR: Final = (0.0, 1.0)
# The mean over the map varies less than its values do.
_VECTOR: Final = (0.946, 0.4)
_VECTOR_GRID: Final = (0.0, 4.0)
_LOGITS: Final = (0.0, 2.0)
_REACH: Final = 4.0  # standard deviations that a grid holds


def seeded(network: Network, resolution: int, seed: int = 0, *, dtype: Dtype = "int8") -> bytes:
    """A TFLite file of `network` with its classifier and meaningless weights.

    Its output `scores` (1, classes), float32, is a softmax. Its input (1, resolution, resolution,
    3) is uint8 camera bytes for "int8", whose convolutions have a scale for each channel; for
    "float32" the normalised pixels (byte - mean) / deviation. The weights do not depend on the
    resolution.

    Args:
        network: the layers; also says how many classes.
        resolution: side of the input in pixels, a multiple of 32.
        seed: 0 or more; of numpy's PCG64, whose stream of bits never changes between versions.
        dtype: of weights and activations.

    Raises:
        ModelError: if the resolution is no multiple of 32 from 32 on, or the seed is negative.
    """
    checked_resolution(resolution)
    if seed < 0:
        raise ModelError(f"seed {seed}: expected a whole number from 0 on")
    kernels, classifier = draw(network, seed)
    if dtype == "float32":
        graph = float_graph(network, kernels, classifier, resolution=resolution)
    else:
        recipe = seeded_recipe(network)
        graph = int8_graph(network, kernels, recipe, classifier, resolution=resolution)
    return write(replace(graph, description=f"{graph.description}: {MARK}"))


def is_seeded(content: bytes) -> bool:
    """True if `content` is a file of `seeded`: its answers mean nothing, so it is never served."""
    return MARK.encode() in content


def draw(network: Network, seed: int = 0) -> tuple[dict[str, Kernel], Classifier]:
    """The weights of `seeded`: kernels by layer, and the classifier."""
    bits, moments = np.random.PCG64(seed), moments_of(network)
    convolutions = [layer for layer in network.layers if layer.kind != "add"]
    kernels = {layer.name: _kernel(layer, moments, bits) for layer in convolutions}
    rows = _integers(bits, network.classes, network.features)
    return kernels, Classifier(*_scaled(rows, _VECTOR, _LOGITS))


def moments_of(network: Network) -> dict[str, Moments]:
    """Mean and standard deviation that the values of each layer have, about."""
    moments: dict[str, Moments] = {IMAGE: _IMAGE}
    for layer in network.layers:
        if layer.kind == "add":
            means, deviations = zip(*(moments[name] for name in layer.sources), strict=True)
            moments[layer.name] = (math.fsum(means), math.hypot(*deviations))
        else:
            moments[layer.name] = _CLIPPED if layer.clipped else _LINEAR
    return moments


def seeded_recipe(network: Network) -> Recipe:
    """Grids that hold what the layers of a seeded network give."""
    moments, steps = moments_of(network), {}
    for layer in network.layers:
        mean, deviation = moments[layer.name]
        reach = _REACH * deviation
        limits = _CLIPPED_GRID if layer.clipped else (mean - reach, mean + reach)
        steps[layer.name] = Step(*grid(*limits))
    steps[VECTOR] = Step(*grid(*_VECTOR_GRID))
    steps[LOGITS] = Step(*grid(-_REACH * _LOGITS[1], _REACH * _LOGITS[1]))
    return Recipe(Step(1 / 128, 127), steps, {}, {})


def _kernel(layer: Layer, moments: Mapping[str, Moments], bits: np.random.PCG64) -> Kernel:
    """Weights that give each channel the wanted moments, if its inputs have those of `moments`."""
    depthwise = layer.kind == "depthwise"
    rows = _integers(bits, layer.outputs, layer.fan_in)
    real, bias = _scaled(
        rows, moments[layer.sources[0]], _BEFORE_CLIP if layer.clipped else _LINEAR
    )
    side = layer.kernel
    if depthwise:
        return Kernel(real.T.reshape(1, side, side, layer.outputs), bias)
    return Kernel(real.reshape(layer.outputs, side, side, layer.inputs), bias)


def _integers(bits: np.random.PCG64, rows: int, columns: int) -> npt.NDArray[np.int64]:
    """(rows, columns) whole numbers in -127..127, each row with at least one of 127.

    So a row's largest weight is 127 steps, and quantising gives back these very numbers.
    """
    words = bits.random_raw(-(-rows * columns // 8)).astype("<u8")
    values = words.view(np.int8)[: rows * columns].reshape(rows, columns).astype(np.int64)
    np.maximum(values, -_LARGEST, out=values)
    values[:, 0] = _LARGEST
    return values


def _scaled(
    rows: npt.NDArray[np.int64], given: Moments, wanted: Moments
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Real weights and biases: inputs with the moments `given` make outputs that are `wanted`.

    Inputs taken as independent, the sum of w x has the deviation sqrt(sum of w^2) times theirs.
    Sums of whole numbers are exact, in whatever order they are taken.
    """
    steps = wanted[1] / (given[1] * np.sqrt((rows * rows).sum(axis=1).astype(np.float64)))
    bias = wanted[0] - given[0] * (rows.sum(axis=1).astype(np.float64) * steps)
    return rows * steps[:, None], bias
