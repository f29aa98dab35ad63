"""From float kernels to int8 ones: the arithmetic, in float64, one value at a time.

Only sums, products, quotients and rounding of single values are used (no matrix products), which
IEEE 754 fixes to the bit; so a recipe gives the same bytes on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from edgevision.zoo.weights import Kernel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgevision.zoo.network import Layer, Network
    from edgevision.zoo.recipe import Recipe, Step
    from edgevision.zoo.weights import Classifier

Array = npt.NDArray[np.float64]

_LARGEST_WEIGHT: Final = 127
_LARGEST_BIAS: Final = 2.0**30  # leaves a bit for what the products add
_SMALLEST_RATIO: Final = 2.0**-24  # of accumulator to output; XNNPACK takes 2**-32 to 2**8


@dataclass(frozen=True)
class Stored:
    """A convolution or a classifier as the file has it.

    Attributes:
        weights: int8, in the shape of the kernel.
        bias: int32, (out,).
        steps: scale of the weights for each output channel, or one for all, to be multiplied with
            `weights`.
        scale: of the layer's input.
    """

    weights: npt.NDArray[np.int8]
    bias: npt.NDArray[np.int32]
    steps: Array
    scale: float

    @property
    def real_weights(self) -> Array:
        """The float weights that the integers stand for."""
        return self.weights * self.steps

    @property
    def weight_scales(self) -> tuple[float, ...]:
        """One for each output channel."""
        return tuple(self.steps.ravel().tolist())

    @property
    def bias_scales(self) -> tuple[float, ...]:
        """Scale of the input times scale of the weights."""
        return tuple((self.steps.ravel() * self.scale).tolist())


def into_pixels(kernel: Kernel, network: Network, image: Step) -> Kernel:
    """The first convolution, with the training's normalisation folded in.

    The file's input is r = scale (q - zero_point) for a pixel q; the network was trained on
    (q - mean) / deviation = (r / scale + zero_point - mean) / deviation, channel by channel.
    Where the convolution pads, r is 0 and the pixel `image.zero_point`; in the training it was
    `network.mean`.
    """
    weights, bias = np.empty_like(kernel.weights), kernel.bias.copy()
    for channel, (mean, deviation) in enumerate(zip(network.mean, network.deviation, strict=True)):
        plane = kernel.weights[..., channel]
        weights[..., channel] = plane / (deviation * image.scale)
        for place in plane.reshape(len(plane), -1).T:
            bias = bias + place * ((image.zero_point - mean) / deviation)
    return Kernel(weights, bias)


def multiply(kernel: Kernel, layer: Layer, factors: Mapping[str, Array]) -> Kernel:
    """The same layer for an input and output whose channels are multiplied by `factors`.

    Cross-layer equalisation (Nagel et al. 2019, "Data-Free Quantization", section 4.1): the
    network's output stays the same, as each reader divides by what the giver multiplied with.
    """
    into = factors.get(layer.sources[0], np.ones(layer.inputs))
    out = factors.get(layer.name, np.ones(layer.outputs))
    if layer.kind == "depthwise":
        return Kernel(kernel.weights / into * out, kernel.bias * out)
    return Kernel(kernel.weights / into * out[:, None, None, None], kernel.bias * out)


def quantise(kernel: Kernel, layer: Layer, recipe: Recipe, scale: float) -> Stored:
    """The layer's kernel in integers.

    Args:
        kernel: with pixels and factors folded in.
        layer: which it is.
        recipe: gives the output's grid and the correction of the bias.
        scale: of the layer's input.
    """
    axes = (0, 1, 2) if layer.kind == "depthwise" else (1, 2, 3)
    bias = kernel.bias + recipe.corrections.get(layer.name, np.zeros(layer.outputs))
    # A channel without weights must keep room for its bias, and a ratio that runtimes take.
    steps = np.abs(kernel.weights).max(axis=axes) / _LARGEST_WEIGHT
    steps = np.maximum(steps, np.abs(bias) / (scale * _LARGEST_BIAS))
    steps = np.maximum(steps, recipe.steps[layer.name].scale / scale * _SMALLEST_RATIO)
    # The runtime reads float32: round to that first, so that weights fit what it reads.
    steps = steps.astype(np.float32).astype(np.float64)
    scale = float(np.float32(scale))
    rounded = np.rint(bias / (steps * scale)).astype(np.int32)
    steps = steps.reshape(1, 1, 1, -1) if layer.kind == "depthwise" else steps.reshape(-1, 1, 1, 1)
    weights = np.rint(kernel.weights / steps).clip(-_LARGEST_WEIGHT, _LARGEST_WEIGHT)
    return Stored(weights.astype(np.int8), rounded, steps, scale)


def quantise_classifier(classifier: Classifier, scale: float) -> Stored:
    """The classifier's weights (classes, features) in integers, with one step for all.

    Older runtimes take no step for each class in a fully connected layer.

    Args:
        classifier: in real numbers.
        scale: of its input.
    """
    step = max(np.abs(classifier.weights).max() / _LARGEST_WEIGHT, 1e-9)
    step, scale = float(np.float32(step)), float(np.float32(scale))
    weights = np.rint(classifier.weights / step).clip(-_LARGEST_WEIGHT, _LARGEST_WEIGHT)
    bias = np.rint(classifier.bias / (step * scale)).clip(-_LARGEST_BIAS, _LARGEST_BIAS)
    return Stored(weights.astype(np.int8), bias.astype(np.int32), np.array([step]), scale)


def grid(low: float, high: float) -> tuple[float, int]:
    """Scale and zero point of an int8 tensor for values in [low, high], which must hold 0.

    The zero point is a whole number, so that zero is exact (Jacob et al. 2018, section 2.1).
    """
    low, high = min(low, 0.0), max(high, 0.0)
    scale = float(np.float32(max(high - low, 1e-6) / 255))
    return scale, int(np.clip(np.rint(-128 - low / scale), -128, 127))
