"""Finds the recipe of an int8 network from photos: factors, grids and corrected biases.

The float network is run by LiteRT, from a file that our own writer made.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from edgevision.zoo.assemble import VECTOR, float_graph
from edgevision.zoo.network import IMAGE, MAP, Layer, Network
from edgevision.zoo.quantise import grid, into_pixels, multiply, quantise
from edgevision.zoo.recipe import Recipe, Step
from edgevision.zoo.writer import write

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgevision.zoo.weights import Kernel

Array = npt.NDArray[np.float64]
Photos = npt.NDArray[np.uint8]

# How far channels are brought to one range: 0 not at all, 1 wholly. Chosen by the divergence of
# int8 from float answers on training photos that calibration did not see (docs/models.md).
INTO_DEPTHWISE: Final = 1.0  # costs nothing: a depthwise weight has a scale for each channel
INTO_PROJECTION: Final = 0.25
BOTTLENECK: Final = 0.75

# Of how many photos the extremes of a bottleneck's channel must fit its grid; the rest saturates.
# MobileNetV2's rare extremes are far out, and a finer grid is worth more than they are.
COVERED: Final = {
    "mobilenet_v2": 0.87,
    "efficientnet_lite0": 1.0,
    "efficientnet_lite1": 1.0,
    "efficientnet_lite2": 1.0,
}

_FACTOR_STEP: Final = 1 / 4096
_SMALLEST_RANGE: Final = 0.02  # of the widest channel's: rarely used channels keep headroom
_VECTOR_HEADROOM: Final = 1.1


class Runner:
    """A network in LiteRT; gives real numbers by the outputs' names."""

    def __init__(self, content: bytes) -> None:
        self._interpreter = Interpreter(model_content=content, num_threads=2)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._outputs = self._interpreter.get_output_details()

    def __call__(self, image: npt.NDArray[Any]) -> dict[str, npt.NDArray[np.float32]]:
        """Outputs for one (height, width, 3) image, each without the batch axis."""
        self._interpreter.set_tensor(self._input, image[None])
        self._interpreter.invoke()
        values = {}
        for output in self._outputs:
            value = self._interpreter.get_tensor(output["index"])[0]
            scale, zero_point = output["quantization"]
            real = value if scale == 0 else (value.astype(np.float32) - zero_point) * scale
            values[output["name"]] = real.astype(np.float32)
        return values


def normalised(network: Network, photo: Photos) -> npt.NDArray[np.float32]:
    """A photo as the float network wants it: (pixel - mean) / deviation."""
    mean, deviation = (np.array(each, np.float32) for each in (network.mean, network.deviation))
    return np.asarray((photo.astype(np.float32) - mean) / deviation, np.float32)


@dataclasses.dataclass(frozen=True)
class Observed:
    """What each layer of the float network gave, by layer: each array is (channels,).

    Attributes:
        lowest, highest: that the grid is to hold.
        mean: over all photos.
    """

    lowest: Mapping[str, Array]
    highest: Mapping[str, Array]
    mean: Mapping[str, Array]


def observe(network: Network, kernels: Mapping[str, Kernel], photos: Photos) -> Observed:
    """Run the float network on `photos` (n, 224, 224, 3)."""
    run = Runner(write(float_graph(network, kernels, every_layer=True)))
    found: dict[str, list[npt.NDArray[np.float32]]] = {}
    for photo in photos:
        for name, value in run(normalised(network, photo)).items():
            flat = value.reshape(-1, value.shape[-1])
            three = np.stack([flat.min(axis=0), flat.max(axis=0), flat.mean(axis=0)])
            found.setdefault(name, []).append(three)
    linear = {layer.name for layer in network.layers if not layer.clipped}
    lowest, highest, mean = {}, {}, {}
    for name, values in found.items():
        low, high, means = np.stack(values, axis=1).astype(np.float64)
        covered = COVERED[network.name] if name in linear else 1.0
        lowest[name] = np.quantile(low, 1 - covered, axis=0)
        highest[name] = np.quantile(high, covered, axis=0)
        mean[name] = means.mean(axis=0)
    return Observed(lowest, highest, mean)


def padding_value(network: Network, kernels: Mapping[str, Kernel]) -> int:
    """The pixel that is best put around the image.

    The training padded with the mean of each channel, a TFLite file has one value for all three;
    this one changes the first convolution's output at the upper edge least (sum of squares).
    """
    first = network.layers[0]
    edge = kernels[first.name].weights[:, 0]  # what the row of padding is multiplied with
    mean, deviation = np.array(network.mean), np.array(network.deviation)

    def change(value: int) -> float:
        return float(np.square((edge * ((value - mean) / deviation)).sum(axis=(1, 2))).sum())

    return min(range(256), key=change)


def settings(network: Network) -> dict[str, float]:
    """What was chosen beforehand, for the record."""
    return {
        "into_depthwise": INTO_DEPTHWISE,
        "into_projection": INTO_PROJECTION,
        "bottleneck": BOTTLENECK,
        "covered": COVERED[network.name],
        "smallest_range": _SMALLEST_RANGE,
        "vector_headroom": _VECTOR_HEADROOM,
    }


def find_recipe(network: Network, kernels: Mapping[str, Kernel], photos: Photos) -> Recipe:
    """The recipe of `network` from `photos` (n, 224, 224, 3) uint8 RGB."""
    observed = observe(network, kernels, photos)
    factors = _factors(network, observed)
    image = Step(1 / 128, padding_value(network, kernels))
    recipe = Recipe(image, _steps(network, observed, factors), factors, {})
    return _corrected(network, kernels, recipe, observed, photos)


def _factors(network: Network, observed: Observed) -> dict[str, Array]:
    layers = {layer.name: layer for layer in network.layers}
    factors = {}
    for stream in network.streams():
        if MAP in stream:
            continue  # the features keep the scale that they were trained with
        size = np.max(
            [np.maximum(observed.highest[name], -observed.lowest[name]) for name in stream], axis=0
        )
        size = np.maximum(size, _SMALLEST_RANGE * size.max())
        power = _power(network, layers[stream[0]])
        rounded = np.rint((size.max() / size) ** power / _FACTOR_STEP) * _FACTOR_STEP
        factors.update(dict.fromkeys(stream, rounded))
    return factors


def _power(network: Network, layer: Layer) -> float:
    if not layer.clipped:
        return BOTTLENECK
    readers = {reader.kind for reader in network.layers if layer.name in reader.sources}
    return INTO_DEPTHWISE if readers == {"depthwise"} else INTO_PROJECTION


def _steps(network: Network, observed: Observed, factors: Mapping[str, Array]) -> dict[str, Step]:
    steps = {}
    for layer in network.layers:
        factor = factors.get(layer.name, np.ones(layer.outputs))
        low = float((observed.lowest[layer.name] * factor).min())
        high = float((observed.highest[layer.name] * factor).max())
        steps[layer.name] = Step(*(grid(0.0, min(high, 6.0)) if layer.clipped else grid(low, high)))
    high = float(observed.highest[VECTOR].max())
    return {**steps, VECTOR: Step(*grid(0.0, high * _VECTOR_HEADROOM))}


def _corrected(
    network: Network,
    kernels: Mapping[str, Kernel],
    recipe: Recipe,
    observed: Observed,
    photos: Photos,
) -> Recipe:
    """The recipe with biases that make up for the rounding of the weights.

    Nagel et al. 2019, "Data-Free Quantization", equation 16: rounding changes a channel's mean by
    the error of the weights times the mean of the input, here taken from photos. Means over the
    image leave the padding at the border out of account.
    """
    pixels = photos.reshape(-1, 3).mean(axis=0, dtype=np.float64)
    image = (pixels - recipe.image.zero_point) * recipe.image.scale
    corrections = {}
    for layer in network.layers:
        if layer.kind == "add":
            continue
        kernel, source = kernels[layer.name], layer.sources[0]
        if source == IMAGE:
            kernel, scale, mean = (
                into_pixels(kernel, network, recipe.image),
                recipe.image.scale,
                image,
            )
        else:
            scale = recipe.steps[source].scale
            mean = observed.mean[source] * recipe.factors.get(source, np.ones(layer.inputs))
        kernel = multiply(kernel, layer, recipe.factors)
        stored = quantise(kernel, layer, recipe, scale)
        axes = (0, 1, 2) if layer.kind == "depthwise" else (1, 2, 3)
        shift = ((kernel.weights - stored.real_weights) * mean).sum(axis=axes)
        corrections[layer.name] = np.array([float(f"{value:.6g}") for value in shift])
    return dataclasses.replace(recipe, corrections=corrections)
