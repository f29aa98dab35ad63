from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.errors import ModelError
from edgevision.zoo.cost import count, savings, unfactorised
from edgevision.zoo.families import FAMILIES, mobilenet_v1, mobilenet_v2, network_of

ALPHAS = st.sampled_from([0.1, 0.25, 0.35, 0.5, 0.75, 1.0, 1.3, 1.4])
FAMILY = st.sampled_from(list(FAMILIES))


@settings(max_examples=60)
@given(FAMILY, ALPHAS, st.integers(1, 9), st.integers(1, 5000))
def test_layers_add_up_to_what_the_network_says_of_itself(family, alpha, steps, classes):
    network = network_of(family, alpha, classes)
    cost = count(network, 32 * steps)

    assert cost.mult_adds == network.mult_adds(32 * steps)
    assert cost.parameters == network.parameters
    assert (cost.family, cost.alpha, cost.classes) == (family, alpha, classes)


def test_the_layers_of_mobilenet_are_those_of_table_1():
    layers = count(mobilenet_v1(), 224).layers

    assert [layer.kind for layer in layers[:3]] == ["conv", "depthwise", "conv"]
    assert layers[0].input == (224, 224, 3)
    assert layers[0].output == (112, 112, 32)
    assert (layers[0].kernel, layers[0].stride) == ((3, 3), 2)
    assert layers[0].mult_adds == 112 * 112 * 32 * 27
    assert layers[0].parameters == 32 * 27 + 32
    assert layers[1].mult_adds == 112 * 112 * 32 * 9
    assert layers[2].mult_adds == 112 * 112 * 32 * 64
    pool, classifier, softmax = layers[-3:]
    assert (pool.kernel, pool.mult_adds, pool.parameters) == ((7, 7), 0, 0)
    assert (classifier.mult_adds, classifier.parameters) == (1024 * 1000, 1024 * 1000 + 1000)
    assert (softmax.mult_adds, softmax.output) == (0, (1000,))
    # Table 2 of the paper: where multiply-adds and parameters are.
    share = sum(layer.mult_adds for layer in layers if layer.kernel == (1, 1) and layer.stride == 1)
    share -= classifier.mult_adds
    assert round(100 * share / sum(layer.mult_adds for layer in layers), 2) == 94.86


@pytest.mark.parametrize(
    ("alpha", "resolution", "mult_adds", "parameters"),
    [(1.0, 14, 52.3, 0.27), (0.75, 14, 29.6, 0.15), (0.75, 10, 15.1, 0.15)],
)
def test_one_layer_shrinks_as_in_table_3(alpha, resolution, mult_adds, parameters):
    side = 16 * resolution
    # Block 7 reads and gives maps of a 16th of the side, with 512 channels before alpha.
    pairs = savings(count(mobilenet_v1(alpha), side).layers)
    pair = next(pair for pair in pairs if pair.depthwise == "block7.depthwise")

    assert round(pair.mult_adds / 1e6, 1) == mult_adds
    assert round(pair.parameters / 1e6, 2) == parameters
    if alpha == 1:
        assert round(pair.full_mult_adds / 1e6) == 462
        assert round(pair.full_parameters / 1e6, 2) == 2.36


@settings(max_examples=30)
@given(FAMILY, ALPHAS, st.integers(1, 7))
def test_factorisation_saves_what_the_paper_says(family, alpha, steps):
    network = network_of(family, alpha, 10)
    layers = count(network, 32 * steps).layers
    pairs = savings(layers)

    assert len(pairs) == sum(layer.kind == "depthwise" for layer in network.layers)
    for pair in pairs:
        # Exactly, as fractions: ratio = 1/N + 1/Dk^2.
        window = pair.kernel**2
        assert pair.mult_adds * pair.outputs * window == pair.full_mult_adds * (
            window + pair.outputs
        )
        np.testing.assert_allclose(pair.ratio, pair.predicted, rtol=1e-12)


def test_full_convolutions_cost_what_table_4_says():
    mult_adds, parameters = unfactorised(count(mobilenet_v1(), 224).layers)

    assert abs(mult_adds / 4866e6 - 1) < 0.001
    assert round(parameters / 1e6, 1) == 29.3


def test_what_is_no_factor_of_a_full_convolution_is_no_pair():
    layers = count(mobilenet_v2(), 224).layers
    number = next(index for index, layer in enumerate(layers) if layer.kind == "depthwise")
    depthwise, pointwise = layers[number : number + 2]
    strided = dataclasses.replace(pointwise, stride=2)
    elsewhere = dataclasses.replace(pointwise, input=(1, 1, 7))
    doubled = dataclasses.replace(depthwise, input=(112, 112, 16))

    assert len(savings([depthwise, pointwise])) == 1
    assert savings([depthwise, strided]) == ()
    assert savings([depthwise, elsewhere]) == ()
    assert savings([doubled, pointwise]) == ()
    assert savings([pointwise, depthwise]) == ()


@pytest.mark.parametrize("resolution", [0, -32, 16, 100, 225])
def test_sizes_that_no_network_can_halve_five_times_are_refused(resolution):
    with pytest.raises(ModelError, match=f"resolution {resolution}: expected a multiple of 32"):
        count(mobilenet_v1(), resolution)
