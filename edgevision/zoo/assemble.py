"""Puts a network's layers and weights together into a graph for the writer, float32 or int8.

The int8 graphs follow TensorFlow's "8-bit quantization specification": activations int8 with one
scale a tensor, weights int8, symmetric, with one scale for each output channel, biases int32.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from edgevision.zoo.graph import Array, Graph, Operator, Tensor
from edgevision.zoo.network import IMAGE, MAP
from edgevision.zoo.quantise import into_pixels, multiply, quantise, quantise_classifier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgevision.zoo.network import Layer, Network
    from edgevision.zoo.recipe import Recipe, Step
    from edgevision.zoo.weights import Classifier, Kernel

VECTOR: Final = "vector"
LOGITS: Final = "logits"
SCORES: Final = "scores"
RESOLUTION: Final = 224  # what the file says; an interpreter may resize the input


def float_graph(
    network: Network,
    kernels: Mapping[str, Kernel],
    classifier: Classifier | None = None,
    *,
    resolution: int = RESOLUTION,
    every_layer: bool = False,
) -> Graph:
    """The network in float32; its input (1, side, side, 3) is (pixel - mean) / deviation.

    Args:
        network: the layers.
        kernels: by layer, from `weights.fold`.
        classifier: if given, the only output is `scores` (1, classes), float32, its softmax, and
            not `map` and `vector`.
        resolution: side of the input in pixels, a multiple of `network.reduction`.
        every_layer: give what each layer computes, before the other outputs.
    """
    draft = _Draft(network, {})
    draft.value(IMAGE, (1, resolution, resolution, 3))
    for layer in network.layers:
        if layer.kind == "add":
            draft.add(layer)
            continue
        kernel = kernels[layer.name]
        draft.constant(f"{layer.name}.weights", kernel.weights.astype(np.float32))
        draft.constant(f"{layer.name}.bias", kernel.bias.astype(np.float32))
        draft.convolution(layer)
    draft.pool()
    if classifier is not None:
        draft.constant("classifier.weights", classifier.weights.astype(np.float32))
        draft.constant("classifier.bias", classifier.bias.astype(np.float32))
        draft.classify()
    return draft.graph(IMAGE, every_layer=every_layer)


def int8_graph(
    network: Network,
    kernels: Mapping[str, Kernel],
    recipe: Recipe,
    classifier: Classifier | None = None,
    *,
    resolution: int = RESOLUTION,
    every_layer: bool = False,
) -> Graph:
    """The network in int8; its input (1, side, side, 3) is uint8, RGB as a camera gives it.

    Args:
        network: the layers.
        kernels: by layer, from `weights.fold`.
        recipe: from calibration; with a classifier, its steps name the grid of `LOGITS`, too.
        classifier: if given, the only output is `scores` (1, classes), float32, its softmax, and
            not `map` and `vector`.
        resolution: side of the input in pixels, a multiple of `network.reduction`.
        every_layer: give what each layer computes, before the other outputs.
    """
    pixels = "pixels"
    draft = _Draft(network, recipe.steps)
    shape = (1, resolution, resolution, 3)
    image = recipe.image
    draft.tensors.append(Tensor(pixels, shape, "uint8", (image.scale,), (image.zero_point,)))
    draft.tensors.append(Tensor(IMAGE, shape, "int8", (image.scale,), (image.zero_point - 128,)))
    draft.operators.append(Operator("quantise", (pixels,), IMAGE))
    scale = image.scale
    for layer in network.layers:
        if layer.kind == "add":
            draft.add(layer)
            continue
        kernel = kernels[layer.name]
        if layer.sources == (IMAGE,):
            kernel = into_pixels(kernel, network, image)
        else:
            scale = recipe.steps[layer.sources[0]].scale
        kernel = multiply(kernel, layer, recipe.factors)
        stored = quantise(kernel, layer, recipe, scale)
        axis = 3 if layer.kind == "depthwise" else 0
        draft.constant(f"{layer.name}.weights", stored.weights, stored.weight_scales, axis)
        draft.constant(f"{layer.name}.bias", stored.bias, stored.bias_scales)
        draft.convolution(layer)
    draft.pool()
    if classifier is not None:
        last = quantise_classifier(classifier, recipe.steps[VECTOR].scale)
        draft.constant("classifier.weights", last.weights, last.weight_scales)
        draft.constant("classifier.bias", last.bias, last.bias_scales)
        draft.classify()
    return draft.graph(pixels, every_layer=every_layer)


class _Draft:
    """A graph in the making; tensors are int8 where `steps` has their grid, else float32."""

    def __init__(self, network: Network, steps: Mapping[str, Step]) -> None:
        self.network = network
        self.steps = steps
        self.tensors: list[Tensor] = []
        self.operators: list[Operator] = []
        self.ends: tuple[str, ...] = (self.network.layers[-1].name, VECTOR)

    def constant(
        self, name: str, data: Array, scales: tuple[float, ...] = (), axis: int = 0
    ) -> str:
        zeros = (0,) * len(scales)
        self.tensors.append(Tensor(name, data.shape, data.dtype.name, scales, zeros, axis, data))
        return name

    def value(self, name: str, shape: tuple[int, ...]) -> None:
        if name not in self.steps:
            self.tensors.append(Tensor(name, shape, "float32"))
            return
        step = self.steps[name]
        self.tensors.append(Tensor(name, shape, "int8", (step.scale,), (step.zero_point,)))

    def convolution(self, layer: Layer) -> None:
        """The operators of a convolution whose constants are there already."""
        source = self.tensor(layer.sources[0])
        same = self.network.padding == "same" or layer.stride == 1
        if not same:
            source = self.padded(layer, source)
        side = self.tensor(layer.sources[0]).shape[1] // layer.stride
        self.value(layer.name, (1, side, side, layer.outputs))
        inputs = (source.name, f"{layer.name}.weights", f"{layer.name}.bias")
        self.operators.append(
            Operator(layer.kind, inputs, layer.name, layer.stride, same, layer.clipped)
        )

    def padded(self, layer: Layer, source: Tensor) -> Tensor:
        """`source` with zeros on all sides, which SAME would not do where the stride is 2."""
        edge = layer.kernel // 2
        edges = f"edges{edge}"
        if all(tensor.name != edges for tensor in self.tensors):
            self.constant(edges, np.array([[0, 0], [edge, edge], [edge, edge], [0, 0]], np.int32))
        side = source.shape[1] + 2 * edge
        name, shape = f"{layer.name}.padded", (1, side, side, layer.inputs)
        self.tensors.append(Tensor(name, shape, source.dtype, source.scales, source.zero_points))
        self.operators.append(Operator("pad", (source.name, edges), name))
        return self.tensors[-1]

    def add(self, layer: Layer) -> None:
        self.value(layer.name, self.tensor(layer.sources[0]).shape)
        self.operators.append(Operator("add", layer.sources, layer.name))

    def pool(self) -> None:
        axes = self.constant("axes", np.array([1, 2], np.int32))
        self.value(VECTOR, (1, self.network.features))
        self.operators.append(Operator("mean", (MAP, axes), VECTOR))

    def classify(self) -> None:
        """The operators after the pool; the classifier's constants are there already."""
        shape = (1, self.network.classes)
        inputs = (VECTOR, "classifier.weights", "classifier.bias")
        self.value(LOGITS, shape)
        self.operators.append(Operator("fully_connected", inputs, LOGITS))
        source = LOGITS
        if LOGITS in self.steps:
            # XNNPACK has no softmax of integers.
            source = f"{LOGITS}.real"
            self.tensors.append(Tensor(source, shape, "float32"))
            self.operators.append(Operator("dequantise", (LOGITS,), source))
        self.tensors.append(Tensor(SCORES, shape, "float32"))
        self.operators.append(Operator("softmax", (source,), SCORES))
        self.ends = (SCORES,)

    def tensor(self, name: str) -> Tensor:
        return next(tensor for tensor in self.tensors if tensor.name == name)

    def graph(self, image: str, *, every_layer: bool) -> Graph:
        before = tuple(layer.name for layer in self.network.layers[:-1]) if every_layer else ()
        if every_layer and self.ends == (SCORES,):
            before = (*before, MAP, VECTOR, LOGITS)
        outputs = (*before, *self.ends)
        tensors, operators = tuple(self.tensors), tuple(self.operators)
        return Graph(tensors, operators, (image,), outputs, f"edgevision {self.network.name}")
