from __future__ import annotations

import pytest

from edgevision.app import views
from edgevision.app.build import build_model, build_network
from edgevision.cli.flags import settings_from
from edgevision.engines.mirrored import Mirrored


def looks(photos, **given):
    network = build_network(settings_from(None, task="dogs", **given), photos=photos)
    side, mirrored = network.engine.spec.input.height, isinstance(network.engine, Mirrored)
    network.engine.close()
    return side, mirrored


def test_photos_are_looked_at_twice_and_frames_once():
    assert looks(photos=True) == (256, True)
    assert looks(photos=False) == (224, False)
    assert looks(photos=None) == (224, False)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"model.resolution": 192}, (192, True)),
        ({"region.mirror": False}, (256, False)),
        ({"governor.target_fps": 5.0}, (224, True)),
        ({"region": "zoom"}, (256, False)),
        ({"region": "zoom", "region.mirror": True}, (256, True)),
        ({"model": "mobilenet_v2"}, (224, True)),
    ],
)
def test_what_the_settings_say_holds_for_photos(given, expected):
    assert looks(photos=True, **given) == expected


def network_of(**given):
    network = build_network(settings_from(None, **{"task": "dogs", **given}), photos=True)
    network.engine.close()
    return network


def test_a_photo_and_its_mirror_image_go_to_two_networks_where_none_is_named():
    network = network_of(task="dogs,classify")
    assert network.engine.spec.name == "efficientnet_lite0+efficientnet_lite2"
    assert network.model.name == network.engine.spec.name
    assert network.model.heads["dogs"].weights.shape == (120, 2560)
    assert {task.name for task in network.tasks} == {"dogs", "classify"}


def test_landmarks_beside_dogs_cost_them_no_look():
    network = network_of(task="dogs,landmarks")
    assert network.engine.spec.name == "efficientnet_lite0+efficientnet_lite2"
    assert network.engine.spec.input.height == 256
    assert network.model.heads["landmarks"].weights.shape == (49, 2560)
    assert {task.name for task in network.tasks} == {"dogs", "landmarks"}


@pytest.mark.parametrize(
    "given",
    [
        {"model": "efficientnet_lite0"},
        {"model": "efficientnet_lite2"},
        {"geo.mode": "planet", "geo.planet": "planet.npz"},
    ],
)
def test_landmarks_of_a_network_that_is_named_and_places_by_photos_are_looked_at_once(
    given, tmp_path
):
    given = {key: str(tmp_path / one) if key == "geo.planet" else one for key, one in given.items()}
    settings = settings_from(None, task="landmarks", **given)
    model = views.for_photos(settings, build_model(settings))
    assert model.resolution is None
    assert not views.mirrors(settings, photos=True)


@pytest.mark.parametrize(
    "given",
    [
        {"model": "efficientnet_lite0"},
        {"model.resolution": 192},
        {"region.mirror": False},
        {"governor.max_latency_ms": 50.0},
    ],
)
def test_one_network_does_both_looks_where_the_settings_say_more(given):
    assert network_of(**given).engine.spec.name == "efficientnet_lite0"


def test_a_video_is_mirrored_where_the_settings_say_so():
    assert looks(photos=False, **{"region.mirror": True}) == (224, True)


def test_a_source_of_photos_is_known(tmp_path):
    assert looks(None, source=f"images:{tmp_path}/*.jpg") == (256, True)
