"""The layer tables against what their papers and checkpoints say."""

from __future__ import annotations

import pytest

from edgevision.zoo.network import (
    EFFICIENTNET_LITE0,
    IMAGE,
    MAP,
    MOBILENET_V2,
    NETWORKS,
    Bottlenecks,
    Network,
    inverted_residuals,
)


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
