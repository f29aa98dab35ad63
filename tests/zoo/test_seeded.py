"""Files with seeded weights: they count, run and compute as the network they are made from."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from edgevision.errors import ModelError
from edgevision.zoo.assemble import LOGITS, SCORES, VECTOR, float_graph, int8_graph
from edgevision.zoo.families import (
    MOBILENET_V2,
    Bottlenecks,
    inverted_residuals,
    mobilenet_v1,
    network_of,
    separable,
)
from edgevision.zoo.network import IMAGE, MAP, Layer, Network
from edgevision.zoo.seeded import draw, is_seeded, seeded, seeded_recipe
from edgevision.zoo.walk import read_network
from edgevision.zoo.writer import write

if TYPE_CHECKING:
    from edgevision.zoo.graph import Graph
    from edgevision.zoo.weights import Kernel

PINNED = "6a419e7c2553206cbdb1b568d5c9c7d4612198c6bf001b71f5f64bd379ff7223"
Values = dict[str, np.ndarray[Any, Any]]
SMALL = mobilenet_v1(0.1, classes=7)


@pytest.mark.parametrize("dtype", ["int8", "float32"])
@pytest.mark.parametrize(
    ("family", "alpha", "resolution", "classes"),
    [
        ("mobilenet_v1", 1.0, 224, 1000),
        ("mobilenet_v1", 0.5, 160, 1001),
        ("mobilenet_v2", 0.35, 128, 120),
        ("efficientnet_lite0", 1.0, 192, 10),
    ],
)
def test_what_the_file_costs_is_what_the_network_costs(
    tmp_path, *, family, alpha, resolution, classes, dtype
):
    network = network_of(family, alpha, classes)
    path = tmp_path / "some.tflite"
    path.write_bytes(seeded(network, resolution, dtype=dtype))

    counted = read_network(path)

    assert counted.mult_adds == network.mult_adds(resolution)
    assert counted.parameters == network.parameters
    assert (counted.resolution, counted.classes) == (resolution, classes)
    assert counted.resizable
    assert is_seeded(path.read_bytes())


def test_mobilenet_1_0_224_has_the_papers_millions(tmp_path):
    path = tmp_path / "mobilenet.tflite"
    path.write_bytes(seeded(network_of("mobilenet_v1"), 224))

    counted = read_network(path)

    assert round(counted.mult_adds / 1e6) == 569
    assert round(counted.parameters / 1e6, 1) == 4.2


def test_the_same_seed_gives_the_same_bytes_on_every_machine():
    first = seeded(SMALL, 64)

    assert first == seeded(SMALL, 64)
    assert first != seeded(SMALL, 64, seed=1)
    # Made on x86-64; another machine, Python or numpy must come to the same.
    assert hashlib.sha256(first).hexdigest() == PINNED


def test_weights_are_the_same_at_every_resolution_and_in_both_types():
    kernels, _ = draw(SMALL)
    graph = int8_graph(SMALL, kernels, seeded_recipe(SMALL), resolution=96)
    tensors = {tensor.name: tensor for tensor in graph.tensors}

    for layer in SMALL.layers[1:]:
        stored = tensors[f"{layer.name}.weights"]
        shape = (1, 1, 1, -1) if layer.kind == "depthwise" else (-1, 1, 1, 1)
        real = stored.data * np.array(stored.scales).reshape(shape)
        np.testing.assert_allclose(real, kernels[layer.name].weights, rtol=1e-6)


@pytest.mark.parametrize(("resolution", "seed"), [(0, 0), (100, 0), (-32, 0), (64, -1)])
def test_bad_numbers_are_refused_in_a_line(resolution, seed):
    with pytest.raises(ModelError, match="expected a"):
        seeded(SMALL, resolution, seed)


def photo(side: int, seed: int) -> np.ndarray[Any, Any]:
    """Smooth colours: 8 x 8 random blocks, made larger and blurred."""
    blocks = np.random.default_rng(seed).integers(0, 256, (9, 9, 3)).astype(float)
    at = np.linspace(0, 8, side)
    low, part = at.astype(int).clip(0, 7), (at - at.astype(int).clip(0, 7))[:, None, None]
    rows = blocks[low] * (1 - part) + blocks[low + 1] * part
    part = part[:, 0][None]
    return np.rint(rows[:, low] * (1 - part) + rows[:, low + 1] * part).astype(np.uint8)


def run(graph: Graph, image: np.ndarray[Any, Any]) -> Values:
    """What each output of the graph holds, dequantised, without the batch."""
    interpreter = Interpreter(model_content=write(graph), num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image[None])
    interpreter.invoke()
    values = {}
    for output in interpreter.get_output_details():
        stored, (scale, zero) = interpreter.get_tensor(output["index"]), output["quantization"]
        values[output["name"]] = ((stored.astype(float) - zero) * scale if scale else stored)[0]
    return values


@pytest.mark.parametrize("family", ["mobilenet_v1", "mobilenet_v2", "efficientnet_lite0"])
def test_no_layer_is_dead_and_pictures_get_different_answers(family):
    network = network_of(family, 0.5)
    kernels, classifier = draw(network)
    graph = int8_graph(
        network, kernels, seeded_recipe(network), classifier, resolution=128, every_layer=True
    )

    one, other = (run(graph, photo(128, seed)) for seed in (1, 2))

    for layer in network.layers:
        assert 0.3 < one[layer.name].std() < 4, layer.name
        dead = (one[layer.name].std(axis=(0, 1)) < 0.01) & (one[layer.name].mean(axis=(0, 1)) < 1)
        assert dead.mean() < 0.5, layer.name
    assert one[LOGITS].std() > 0.5
    assert np.corrcoef(one[LOGITS], other[LOGITS])[0, 1] < 0.98
    assert one[SCORES].sum() == pytest.approx(1, abs=1e-4)


# What follows computes the networks in plain numpy.


def convolved(network: Network, layer: Layer, kernel: Kernel, image: Any, fill: Any) -> Any:
    """A convolution by its definition, of (side, side, channels); `fill` is around it."""
    side, edge = image.shape[0], layer.kernel // 2
    out = side // layer.stride
    same = network.padding == "same" or layer.stride == 1
    total = max((out - 1) * layer.stride + layer.kernel - side, 0)
    before, after = (total // 2, total - total // 2) if same else (edge, edge)
    padded = np.empty((side + before + after,) * 2 + image.shape[2:])
    padded[:] = fill
    padded[before : before + side, before : before + side] = image
    windows = sliding_window_view(padded, (layer.kernel, layer.kernel), axis=(0, 1))
    windows = windows[:: layer.stride, :: layer.stride][:out, :out]
    if layer.kind == "depthwise":
        given = np.einsum("yxcij,ijc->yxc", windows, kernel.weights[0])
    else:
        given = np.einsum("yxcij,oijc->yxo", windows, kernel.weights)
    given = given + kernel.bias
    return given.clip(0, 6) if layer.clipped else given


def layer_by_layer(network: Network, image: Any, given: Values | None, fill: Any) -> Values:
    """Each layer from its sources: those computed here, or those that `given` has."""
    kernels, _ = draw(network)
    values: Values = {IMAGE: image}
    for layer in network.layers:
        sources = [
            values[name] if name == IMAGE or given is None else given[name]
            for name in layer.sources
        ]
        around = fill if layer.sources == (IMAGE,) else 0.0
        values[layer.name] = (
            sources[0] + sources[1]
            if layer.kind == "add"
            else convolved(network, layer, kernels[layer.name], sources[0], around)
        )
    values[VECTOR] = (values if given is None else given)[MAP].mean(axis=(0, 1))
    return values


@st.composite
def networks(draws: st.DrawFn) -> Network:
    """Small tables of either kind of block, with any padding, widths and kernels."""
    stem, features = draws(st.integers(1, 9)), draws(st.integers(1, 20))
    if draws(st.booleans()):
        rows = draws(st.lists(st.tuples(st.integers(1, 12), st.sampled_from([1, 2])), max_size=3))
        layers = separable((*rows, (features, 1)), stem=stem)
    else:
        row = st.builds(
            Bottlenecks,
            expansion=st.integers(1, 4),
            channels=st.integers(1, 8),
            repeats=st.integers(1, 2),
            stride=st.sampled_from([1, 2]),
            kernel=st.sampled_from([3, 5]),
        )
        table = tuple(draws(st.lists(row, min_size=1, max_size=3)))
        layers = inverted_residuals(table, stem=stem, features=features)
    padding = draws(st.sampled_from(["same", "symmetric"]))
    classes = draws(st.integers(1, 12))
    return dataclasses.replace(MOBILENET_V2, layers=layers, padding=padding, classes=classes)


@settings(max_examples=40)
@given(network=networks(), seed=st.integers(0, 99))
def test_a_whole_float_network_computes_what_numpy_does(network, seed):
    image = (photo(32, seed) - np.array(network.mean)) / network.deviation
    kernels, classifier = draw(network)
    graph = float_graph(network, kernels, classifier, resolution=32, every_layer=True)

    found = run(graph, image.astype(np.float32))

    expected = layer_by_layer(network, image, None, 0.0)
    expected[LOGITS] = classifier.weights @ expected[VECTOR] + classifier.bias
    powers = np.exp(expected[LOGITS] - expected[LOGITS].max())
    expected[SCORES] = powers / powers.sum()
    assert {*found, IMAGE} == set(expected)
    for name, values in found.items():
        np.testing.assert_allclose(values, expected[name], rtol=1e-3, atol=1e-3, err_msg=name)


@settings(max_examples=40)
@given(network=networks(), seed=st.integers(0, 99))
def test_each_layer_of_an_int8_network_is_a_step_from_numpy_at_most(network, seed):
    pixels, recipe = photo(32, seed), seeded_recipe(network)
    kernels, classifier = draw(network)
    graph = int8_graph(network, kernels, recipe, classifier, resolution=32, every_layer=True)

    found = run(graph, pixels)

    mean, deviation = np.array(network.mean), np.array(network.deviation)
    fill = (recipe.image.zero_point - mean) / deviation
    expected = layer_by_layer(network, (pixels - mean) / deviation, found, fill)
    expected[LOGITS] = classifier.weights @ found[VECTOR] + classifier.bias
    for name, step in recipe.steps.items():
        low, high = ((end - step.zero_point) * step.scale for end in (-128, 127))
        # Half a step of rounding, a step of what the kernels round between; biases are rounded too.
        slack = 1.6 * step.scale + 0.02
        error = np.abs(found[name] - expected[name].clip(low, high)).max()
        assert error <= slack, f"{name}: {error / step.scale:.2f} steps"
    powers = np.exp(found[LOGITS] - found[LOGITS].max())
    np.testing.assert_allclose(found[SCORES], powers / powers.sum(), atol=1e-4)
