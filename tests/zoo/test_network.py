"""The layer tables against what their papers and checkpoints say."""

from __future__ import annotations

import pytest

from edgevision.errors import ModelError
from edgevision.zoo.families import (
    EFFICIENTNET_LITE0,
    FAMILIES,
    MOBILENET_V2,
    NETWORKS,
    Bottlenecks,
    checked_resolution,
    inverted_residuals,
    mobilenet_v1,
    mobilenet_v2,
    network_of,
)
from edgevision.zoo.network import IMAGE, MAP, Network


def test_mobilenet_v2_costs_what_its_paper_says() -> None:
    # Table 4 of the paper: 3.4 M parameters, 300 M multiply-adds.
    assert MOBILENET_V2.mult_adds(224) == 300_774_272
    assert MOBILENET_V2.parameters == 3_487_816


def test_efficientnet_lite0_costs_what_its_authors_say() -> None:
    # The TPU repository's page: 4.7 M parameters, 407 M operations.
    assert EFFICIENTNET_LITE0.mult_adds(224) == pytest.approx(396e6, rel=0.03)
    assert EFFICIENTNET_LITE0.parameters == pytest.approx(4.65e6, rel=0.01)


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_the_last_layer_is_a_map_of_1280_channels_and_a_32nd_of_the_side(network: Network) -> None:
    assert network.layers[-1].name == MAP
    assert network.features == 1280
    assert network.reduction == 32


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_each_layer_reads_what_an_earlier_one_gives(network: Network) -> None:
    widths = {IMAGE: 3}
    for layer in network.layers:
        assert [widths[source] for source in layer.sources] == [layer.inputs] * len(layer.sources)
        assert layer.name not in widths
        widths[layer.name] = layer.outputs


def test_a_quarter_of_the_pixels_costs_a_quarter_but_for_the_classifier() -> None:
    classifier = 1280 * 1000
    full, half = MOBILENET_V2.mult_adds(256), MOBILENET_V2.mult_adds(128)
    assert full - classifier == 4 * (half - classifier)


def test_only_blocks_that_keep_their_shape_have_a_shortcut() -> None:
    layers = inverted_residuals((Bottlenecks(1, 16, 1, 1), Bottlenecks(6, 24, 2, 2)))
    assert [layer.name for layer in layers if layer.kind == "add"] == ["block3.add"]
    (block1,) = [layer for layer in layers if layer.name == "block1.project"]
    assert not block1.clipped, "bottlenecks are linear"
    assert "block1.expand" not in {layer.name for layer in layers}


def test_a_sum_ties_the_scales_of_all_that_it_adds() -> None:
    streams = [set(stream) for stream in MOBILENET_V2.streams()]
    tied = {"block4.project", "block5.project", "block5.add", "block6.project", "block6.add"}
    assert tied in streams
    names = [name for stream in MOBILENET_V2.streams() for name in stream]
    assert sorted(names) == sorted(layer.name for layer in MOBILENET_V2.layers)


def test_the_strides_are_those_of_the_tables() -> None:
    strided = [layer.name for layer in MOBILENET_V2.layers if layer.stride == 2]
    assert strided == ["stem", *(f"block{n}.depthwise" for n in (2, 4, 7, 14))]
    fives = {layer.name for layer in EFFICIENTNET_LITE0.layers if layer.kernel == 5}
    assert fives == {f"block{n}.depthwise" for n in (4, 5, 9, 10, 11, 12, 13, 14, 15)}


# Tables 6, 7 and 9 of MobileNets: alpha, resolution, millions of mult-adds and of parameters.
PAPER = (
    (1.0, 224, 569, 4.2),
    (0.75, 224, 325, 2.6),
    (0.5, 224, 149, 1.3),
    (0.25, 224, 41, 0.5),
    (1.0, 192, 418, 4.2),
    (1.0, 160, 290, 4.2),
    (1.0, 128, 186, 4.2),
    (0.5, 160, 76, 1.32),
)


@pytest.mark.parametrize(("alpha", "resolution", "mult_adds", "parameters"), PAPER)
def test_mobilenet_v1_costs_what_its_paper_says(alpha, resolution, mult_adds, parameters) -> None:
    network = mobilenet_v1(alpha)
    assert network.mult_adds(resolution) / 1e6 == pytest.approx(mult_adds, rel=0.01, abs=0.5)
    # The paper rounds to one digit behind the point where it does not give two.
    digits = len(str(parameters).partition(".")[2])
    assert network.parameters / 1e6 == pytest.approx(parameters, rel=0.01, abs=0.5 / 10**digits)


def test_120_classes_take_nine_hundred_thousand_parameters_off() -> None:
    # Table 10: 3.3 M parameters at full width, 1.9 M at three quarters.
    assert mobilenet_v1(1.0, 120).parameters / 1e6 == pytest.approx(3.3, rel=0.01)
    assert mobilenet_v1(0.75, 120).parameters / 1e6 == pytest.approx(1.9, rel=0.02)
    assert mobilenet_v1(1.0, 120).mult_adds(192) / 1e6 == pytest.approx(418, rel=0.01)


# The table of tensorflow/models, research/slim/nets/mobilenet: width, mult-adds, parameters.
@pytest.mark.parametrize(
    ("alpha", "mult_adds", "parameters"), [(0.75, 209, 2.61), (0.5, 97, 1.95), (1.4, 582, 6.06)]
)
def test_mobilenet_v2_of_other_widths_costs_what_its_authors_say(
    alpha, mult_adds, parameters
) -> None:
    network = mobilenet_v2(alpha)
    assert network.mult_adds(224) / 1e6 == pytest.approx(mult_adds, rel=0.01)
    assert network.parameters / 1e6 == pytest.approx(parameters, rel=0.02)


@pytest.mark.parametrize("family", FAMILIES)
def test_full_width_is_the_family_s_own_network(family) -> None:
    network = network_of(family)
    assert network.alpha == 1
    assert network.family == family
    assert network.layers[-1].name == MAP
    if family in NETWORKS:
        assert network == NETWORKS[family]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("mobilenet_v3",), "did you mean mobilenet_v"),
        (("mobilenet_v1", 0.0), "alpha 0"),
        (("mobilenet_v1", -1.0), "alpha -1"),
        (("mobilenet_v1", float("nan")), "alpha nan"),
        (("mobilenet_v1", 1.0, 0), "classes 0"),
    ],
)
def test_what_is_no_network_is_refused_in_one_line(arguments, says) -> None:
    with pytest.raises(ModelError, match=says):
        network_of(*arguments)


@pytest.mark.parametrize("resolution", [0, -32, 16, 100, 225])
def test_a_resolution_is_a_multiple_of_32(resolution) -> None:
    with pytest.raises(ModelError, match=f"resolution {resolution}: expected a multiple of 32"):
        checked_resolution(resolution)
