from __future__ import annotations

import pytest

from edgevision.zoo.others import AUXILIARY, INCEPTION_V3, OTHERS, count_other


# Parameters as the released files have them (torchvision's, Caffe's), batch normalisation folded.
@pytest.mark.parametrize(
    ("name", "parameters", "mult_adds"),
    [
        ("VGG-16", 138_357_544, 15_470_264_320),
        ("GoogLeNet", 6_998_552, 1_582_671_872),
        ("SqueezeNet 1.0", 1_248_424, 832_667_936),
        ("AlexNet", 60_965_224, 724_406_816),
        ("Inception V3", 23_817_352, 5_713_216_096),
    ],
)
def test_parameters_are_those_of_the_released_networks(name, parameters, mult_adds):
    cost = count_other(OTHERS[name])

    assert cost.parameters == parameters
    assert cost.mult_adds == mult_adds
    assert cost.classes == 1000


@pytest.mark.parametrize("name", list(OTHERS))
def test_each_ends_in_as_many_outputs_as_there_are_classes(name):
    layers = count_other(OTHERS[name], 37).layers

    assert layers[-1].output == (37,)
    assert OTHERS[name].source
    assert OTHERS[name].differs


def shapes(name):
    return [layer.output for layer in count_other(OTHERS[name]).layers]


def test_maps_have_the_sizes_of_the_papers():
    assert shapes("AlexNet")[:5] == [
        (55, 55, 96),
        (27, 27, 96),
        (27, 27, 256),
        (13, 13, 256),
        (13, 13, 384),
    ]
    assert (55, 55, 64) in shapes("SqueezeNet 1.0")
    assert (13, 13, 1000) in shapes("SqueezeNet 1.0")
    assert {(17, 17, 192), (8, 8, 320), (2048,)} <= set(shapes("Inception V3"))
    assert (1024,) in shapes("GoogLeNet")
    assert (7, 7, 512) in shapes("VGG-16")


def test_groups_halve_what_a_convolution_costs():
    second = count_other(OTHERS["AlexNet"]).layers[2]

    assert second.parameters == 5 * 5 * 48 * 256 + 256
    assert second.mult_adds == 27 * 27 * 5 * 5 * 48 * 256


def test_branches_read_the_same_map_and_are_put_side_by_side():
    layers = count_other(OTHERS["GoogLeNet"]).layers
    inside = [layer for layer in layers if layer.name.startswith("3a.")]

    assert {layer.input for layer in inside if layer.name.endswith(".conv1")} == {(28, 28, 192)}
    after = next(layer for layer in layers if layer.name.startswith("3b."))
    assert after.input == (28, 28, 256)


def test_classes_change_only_the_last_layers():
    few, many = count_other(INCEPTION_V3, 120), count_other(INCEPTION_V3, 1000)
    assert many.parameters - few.parameters == 880 * 2049
    aside = count_other(AUXILIARY, 1000)
    assert aside.parameters == 128 * 769 + 768 * (25 * 128 + 1) + 1000 * 769
    assert len(aside.layers) == 4
