"""Trained weights in the names of our layers, with the batch normalisation folded in.

All in float64 and one value at a time, so that every machine computes the same digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from edgevision.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from edgevision.zoo.network import Layer, Network

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Kernel:
    """A convolution: `weights` (out, k, k, in), of a depthwise one (1, k, k, channels); `bias`."""

    weights: Array
    bias: Array


@dataclass(frozen=True)
class Classifier:
    """The last layer of the training: `weights` (classes, features) and `bias` (classes,)."""

    weights: Array
    bias: Array


def fold(network: Network, state: Mapping[str, npt.NDArray[Any]]) -> dict[str, Kernel]:
    """The convolutions of `network`, by layer, from a checkpoint's arrays by name.

    A batch normalisation gamma (x - mean) / sqrt(var + epsilon) + beta after a convolution is a
    factor of its weights and a bias (Jacob et al. 2018, equation 14).

    Raises:
        ModelError: if the checkpoint lacks a layer, or has another shape there.
    """
    kernels = {}
    for layer, conv, norm in _names(network):
        weights = _array(state, f"{conv}.weight", _shape(layer))
        gamma, beta, mean, variance = (
            _array(state, f"{norm}.{part}", (layer.outputs,))
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        factor = gamma / np.sqrt(variance + network.epsilon)
        folded = weights * factor[:, None, None, None]
        order = (1, 2, 3, 0) if layer.kind == "depthwise" else (0, 2, 3, 1)
        kernels[layer.name] = Kernel(folded.transpose(order), beta - mean * factor)
    return kernels


def classifier(network: Network, state: Mapping[str, npt.NDArray[Any]]) -> Classifier:
    """The classifier that `network` was trained with.

    Raises:
        ModelError: if the checkpoint lacks it, or has another shape there.
    """
    name = "classifier.1" if network.family == "mobilenet_v2" else "_fc"
    return Classifier(
        _array(state, f"{name}.weight", (network.classes, network.features)),
        _array(state, f"{name}.bias", (network.classes,)),
    )


def _array(state: Mapping[str, npt.NDArray[Any]], name: str, shape: tuple[int, ...]) -> Array:
    if name not in state:
        raise ModelError(f"the checkpoint has no {name}: it is of another network")
    if state[name].shape != shape:
        raise ModelError(f"{name} of the checkpoint is {state[name].shape}, not {shape}")
    return state[name].astype(np.float64)


def _shape(layer: Layer) -> tuple[int, ...]:
    inputs = 1 if layer.kind == "depthwise" else layer.inputs
    return (layer.outputs, inputs, layer.kernel, layer.kernel)


def _names(network: Network) -> Iterator[tuple[Layer, str, str]]:
    """Each convolution with the checkpoint's names of it and of its normalisation."""
    named = _torchvision if network.family == "mobilenet_v2" else _lite
    names = {layer.name for layer in network.layers}
    for layer in network.layers:
        if layer.kind != "add":
            block, _, part = layer.name.rpartition(".")
            expands = f"{block}.expand" in names
            conv, norm = named(int(block.removeprefix("block") or 0), part, expands=expands)
            yield layer, conv, norm


def _torchvision(block: int, part: str, *, expands: bool) -> tuple[str, str]:
    if part in ("stem", "map"):
        name = "features.0" if part == "stem" else "features.18"
        return f"{name}.0", f"{name}.1"
    name = f"features.{block}.conv"
    if part == "project":
        place = 2 if expands else 1
        return f"{name}.{place}", f"{name}.{place + 1}"
    place = 1 if expands and part == "depthwise" else 0
    return f"{name}.{place}.0", f"{name}.{place}.1"


def _lite(block: int, part: str, *, expands: bool) -> tuple[str, str]:
    del expands  # the names are the same in a block that does not expand
    if part in ("stem", "map"):
        return ("_conv_stem", "_bn0") if part == "stem" else ("_conv_head", "_bn1")
    norm = {"expand": "_bn0", "depthwise": "_bn1", "project": "_bn2"}[part]
    return f"_blocks.{block - 1}._{part}_conv", f"_blocks.{block - 1}.{norm}"
