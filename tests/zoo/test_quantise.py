"""From float to int8 on a small network with random weights: what must stay, stays."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from edgevision.errors import ModelError
from edgevision.zoo.assemble import VECTOR, float_graph, int8_graph
from edgevision.zoo.families import (
    EFFICIENTNET_LITE0,
    MOBILENET_V2,
    Bottlenecks,
    inverted_residuals,
)
from edgevision.zoo.network import MAP, Network
from edgevision.zoo.quantise import grid, quantise
from edgevision.zoo.recipe import Recipe, Step, read_recipe
from edgevision.zoo.weights import Kernel, classifier, fold
from edgevision.zoo.writer import write

if TYPE_CHECKING:
    from edgevision.zoo.graph import Graph

ROWS = (Bottlenecks(1, 8, 1, 1), Bottlenecks(3, 12, 2, 2))
SMALL = tuple(
    dataclasses.replace(network, layers=inverted_residuals(ROWS, stem=8, features=24))
    for network in (MOBILENET_V2, EFFICIENTNET_LITE0)
)
networks = pytest.mark.parametrize("network", SMALL, ids=[network.name for network in SMALL])


def kernels(network: Network) -> dict[str, Kernel]:
    random = np.random.default_rng(3)
    result = {}
    for layer in network.layers:
        if layer.kind == "add":
            continue
        rows, inputs = (
            (1, layer.outputs) if layer.kind == "depthwise" else (layer.outputs, layer.inputs)
        )
        weights = random.normal(size=(rows, layer.kernel, layer.kernel, inputs))
        bias = random.normal(0.2, 0.2, layer.outputs)
        result[layer.name] = Kernel(weights * (2 / layer.fan_in) ** 0.5, bias)
    return result


def run(graph: Graph, image: np.ndarray[Any, Any]) -> dict[str, np.ndarray[Any, Any]]:
    interpreter = Interpreter(model_content=write(graph), num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image[None])
    interpreter.invoke()
    values = {}
    for output in interpreter.get_output_details():
        value, (scale, zero_point) = interpreter.get_tensor(output["index"]), output["quantization"]
        real = (value.astype(np.float64) - zero_point) * scale if scale else value
        values[output["name"]] = real[0]
    return values


def photo() -> np.ndarray[Any, Any]:
    """Smooth colours, 224 x 224 x 3 bytes."""
    across = np.linspace(0, 6, 224)
    waves = [np.sin(across[:, None] * k + across * (4 - k)) for k in (1, 2, 3)]
    return np.rint(127.5 + 127.5 * np.stack(waves, axis=-1)).astype(np.uint8)


def normalised(network: Network, image: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return ((image - np.array(network.mean)) / network.deviation).astype(np.float32)


def recipe(network: Network, **changes: Any) -> Recipe:
    """Grids that hold what the float network gives for `photo`."""
    real = run(
        float_graph(network, kernels(network), every_layer=True), normalised(network, photo())
    )
    steps = {
        name: Step(*grid(float(value.min()) * 1.1, float(value.max()) * 1.1))
        for name, value in real.items()
    }
    values = {"image": Step(1 / 128, 117), "steps": steps, "factors": {}, "corrections": {}}
    return Recipe(**{**values, **changes})


@networks
def test_the_int8_network_answers_bytes_as_the_float_one_answers_normalised_pixels(
    network: Network,
) -> None:
    real = run(float_graph(network, kernels(network)), normalised(network, photo()))
    found = run(int8_graph(network, kernels(network), recipe(network)), photo())
    assert found[MAP].shape == (56, 56, 24)
    assert found[VECTOR].shape == (24,)
    inside = slice(2, -2)  # the border is of the next test
    error = (found[MAP] - real[MAP])[inside, inside]
    assert np.sqrt(np.square(error).mean()) < 0.05 * real[MAP][inside, inside].std()
    np.testing.assert_allclose(found[VECTOR], found[MAP].mean(axis=(0, 1)), atol=0.03)


@networks
def test_around_the_image_lies_the_zero_points_pixel(network: Network) -> None:
    image = np.full((224, 224, 3), 117, np.uint8)
    graph = int8_graph(network, kernels(network), recipe(network), every_layer=True)
    stem = run(graph, image)["stem"]
    assert np.ptp(stem, axis=(0, 1)).max() == 0, "the border differs from the middle"
    other = np.full((224, 224, 3), 10, np.uint8)
    assert np.ptp(run(graph, other)["stem"], axis=(0, 1)).max() > 0


@networks
def test_factors_do_not_change_what_the_network_computes(network: Network) -> None:
    random = np.random.default_rng(8)
    plain = recipe(network)
    factors: dict[str, Any] = {}
    steps = dict(plain.steps)
    for stream in network.streams():
        if MAP not in stream:
            width = next(layer.outputs for layer in network.layers if layer.name == stream[0])
            factors |= dict.fromkeys(stream, random.uniform(1, 1.5, width))
            for name in stream:
                steps[name] = dataclasses.replace(steps[name], scale=steps[name].scale * 1.5)
    equalised = dataclasses.replace(plain, factors=factors, steps=steps)
    before = run(int8_graph(network, kernels(network), plain), photo())[VECTOR]
    after = run(int8_graph(network, kernels(network), equalised), photo())[VECTOR]
    assert np.abs(after - before).max() < 0.05 * before.max()


def test_a_correction_moves_the_output_by_itself() -> None:
    network = SMALL[1]
    plain = recipe(network)
    shifted = dataclasses.replace(plain, corrections={MAP: np.full(24, 0.25)})
    before = run(int8_graph(network, kernels(network), plain), photo())[MAP]
    after = run(int8_graph(network, kernels(network), shifted), photo())[MAP]
    # A value that stays positive and inside its grid moves by just as much.
    free = (before > 0) & (before < before.max() - 0.3)
    assert (after - before)[free].mean() == pytest.approx(0.25, abs=0.01)


def test_channels_without_weights_keep_their_bias() -> None:
    network = SMALL[0]
    layer = network.layers[0]
    kernel = Kernel(np.zeros((8, 3, 3, 3)), np.linspace(-3, 3, 8))
    stored = quantise(kernel, layer, recipe(network), 1 / 128)
    np.testing.assert_allclose(stored.bias * np.array(stored.bias_scales), kernel.bias, rtol=1e-6)
    assert np.isfinite(stored.weight_scales).all()


@pytest.mark.parametrize(("low", "high"), [(0, 6), (-3, 5), (-1, 0), (2, 3), (-3, -2), (0, 0)])
def test_a_grid_holds_its_values_and_zero_exactly(low: float, high: float) -> None:
    scale, zero_point = grid(low, high)
    for value in (low, high, 0.0):
        stored = min(max(round(value / scale) + zero_point, -128), 127)
        assert (stored - zero_point) * scale == pytest.approx(value, abs=scale * 0.51)
    assert -128 <= zero_point <= 127


def test_a_recipe_comes_back_from_json_and_gives_the_same_bytes() -> None:
    network = SMALL[0]
    before = recipe(network, factors={"stem": np.linspace(1, 2, 8)})
    after = read_recipe(json.loads(json.dumps(before.to_json())), network)
    graphs = (int8_graph(network, kernels(network), each) for each in (before, after))
    assert len({write(graph) for graph in graphs}) == 1


@pytest.mark.parametrize(
    ("part", "value"),
    [("image", None), ("steps", {}), ("factors", {"stem": [1.0]}), ("corrections", 3)],
)
def test_a_recipe_that_is_not_for_the_network_is_refused(part: str, value: Any) -> None:
    with pytest.raises(ModelError, match="recipe"):
        read_recipe({**recipe(SMALL[0]).to_json(), part: value}, SMALL[0])


def checkpoint(network: Network) -> dict[str, np.ndarray[Any, Any]]:
    """Random arrays under torchvision's names, for the first block of the real tables."""
    random = np.random.default_rng(1)
    state = {}
    for index, (name, shape) in enumerate(
        {"features.0": (32, 3, 3, 3), "features.1.conv.0": (32, 1, 3, 3)}.items()
    ):
        state[f"{name}.0.weight"] = random.normal(size=shape).astype(np.float32)
        for part in ("weight", "bias", "running_mean", "running_var"):
            state[f"{name}.1.{part}"] = random.uniform(0.5, 2, 32).astype(np.float32) + index
    assert network.name == "mobilenet_v2"
    return state


def test_folding_does_what_convolution_and_normalisation_do() -> None:
    short = dataclasses.replace(MOBILENET_V2, layers=MOBILENET_V2.layers[:2])
    state = checkpoint(short)
    folded = fold(short, state)
    patch = np.random.default_rng(2).normal(size=(3, 3, 3))
    norm = {part: state[f"features.0.1.{part}"].astype(float) for part in ("weight", "bias")}
    mean, variance = (state[f"features.0.1.running_{part}"] for part in ("mean", "var"))
    raw = np.einsum("oiyx,yxi->o", state["features.0.0.weight"].astype(float), patch)
    expected = (raw - mean) / np.sqrt(variance + 1e-5) * norm["weight"] + norm["bias"]
    stem = folded["stem"]
    np.testing.assert_allclose(
        np.einsum("oyxi,yxi->o", stem.weights, patch) + stem.bias, expected, rtol=1e-5
    )
    assert folded["block1.depthwise"].weights.shape == (1, 3, 3, 32)


def test_a_checkpoint_of_another_network_is_refused() -> None:
    with pytest.raises(ModelError, match=r"no features\.0\.0\.weight"):
        fold(MOBILENET_V2, {})
    state = {"classifier.1.weight": np.zeros((5, 1280))}
    with pytest.raises(ModelError, match=r"classifier\.1\.weight of the checkpoint is \(5, 1280\)"):
        classifier(MOBILENET_V2, state)
