from __future__ import annotations

import pytest

from edgevision.app.build import build_network
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


def test_a_video_is_mirrored_where_the_settings_say_so():
    assert looks(photos=False, **{"region.mirror": True}) == (224, True)


def test_a_source_of_photos_is_known(tmp_path):
    assert looks(None, source=f"images:{tmp_path}/*.jpg") == (256, True)
