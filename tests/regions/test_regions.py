from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edgevision.errors import ConfigError
from edgevision.kinds import load
from edgevision.regions import KINDS
from edgevision.regions.auto import Auto
from edgevision.regions.motion import Motion
from edgevision.regions.options import RegionOptions
from edgevision.regions.zoom import Zoom, lit_part
from edgevision.sources.uri import make
from edgevision.values.box import FULL, Box
from edgevision.values.frame import Frame
from edgevision.values.report import Report
from edgevision.values.result import Decision, Result
from edgevision.values.tensor import Features

ZONE = Box(0.5, 0, 0.5, 1)


def scene(number: int, *squares: tuple[int, int], fps: float = 20) -> Frame:
    """A textured ground with bright squares of 60 pixels at (x, y)."""
    pixels = np.random.default_rng(3).integers(60, 90, (240, 320, 3), dtype=np.uint8)
    for x, y in squares:
        pixels[y : y + 60, x : x + 60] = 230
    return Frame(pixels, number, number / fps, "yard")


def options(**given) -> RegionOptions:
    return RegionOptions(**{"zone": ZONE, **given})


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_of_region_gives_boxes_in_the_frame(kind):
    region = load(KINDS, kind, "region")(options())
    for number in range(6):
        frame = scene(number, (10 + 9 * number, 20))
        boxes = region.select(frame, None)
        assert len(boxes) <= 2
        for box in boxes:
            assert isinstance(box, Box)
            assert region.refine(Features(), box, frame) is None


def test_motion_finds_what_moves_and_nothing_else():
    motion = Motion(RegionOptions(idle_fps=0))
    assert motion.select(scene(0), None) == ()
    for number in range(1, 12):
        boxes = motion.select(scene(number, (10 + 12 * number, 20)), None)
    (box,) = boxes
    left, top, right, bottom = box.to_pixels(320, 240)
    at = 10 + 12 * 11
    assert left <= at + 6
    assert right >= at + 54
    assert top <= 26
    assert bottom >= 74
    assert box.width * 320 == pytest.approx(box.height * 240)


def test_two_things_that_move_apart_are_two_boxes():
    motion = Motion(RegionOptions(idle_fps=0, padding=0))
    for number in range(10):
        boxes = motion.select(scene(number, (5 + 6 * number, 10), (250 - 6 * number, 170)), None)
    assert len(boxes) == 2
    assert boxes[0].overlap(boxes[1]) == 0


def test_nothing_moves_nothing_is_looked_at_but_now_and_then_everything():
    motion = Motion(RegionOptions(idle_fps=2))
    looks = [motion.select(scene(number, fps=20), None) for number in range(100)]
    assert all(boxes in ((), (FULL,)) for boxes in looks)
    assert sum(bool(boxes) for boxes in looks) == 10


def test_a_light_that_goes_on_is_no_thing_that_moves():
    motion = Motion(RegionOptions(idle_fps=0))
    for number in range(5):
        motion.select(scene(number), None)
    bright = scene(5)
    lit = Frame(np.minimum(bright.pixels.astype(int) + 120, 255).astype(np.uint8), 5, 0.25, "yard")
    assert motion.select(lit, None) == (FULL,)


def test_motion_in_a_zone_stays_in_it():
    motion = Motion(RegionOptions(zone=ZONE, idle_fps=0))
    for number in range(8):
        boxes = motion.select(scene(number, (170 + 8 * number, 60), (5 + 9 * number, 60)), None)
    assert len(boxes) == 1
    assert boxes[0].x >= 0.4


def test_a_zone_region_needs_a_zone():
    with pytest.raises(ConfigError, match=r"region\.zone"):
        load(KINDS, "zone", "region")(RegionOptions())


def test_the_middle_is_a_square():
    (box,) = load(KINDS, "centre", "region")(RegionOptions()).select(scene(0), None)
    assert box.as_tuple() == pytest.approx((0.125, 0, 0.75, 1))


@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(4, 9), st.integers(4, 9)),
        elements=st.floats(-50, 50, width=32),
    )
)
def test_any_map_lights_up_a_box_or_nothing(activation):
    part = lit_part(activation)
    assert part is None or isinstance(part, Box)


def test_a_flat_map_lights_up_nothing():
    assert lit_part(np.zeros((7, 7), np.float32)) is None


def test_zoom_looks_where_it_lit_up():
    activation = np.zeros((7, 7), np.float32)
    activation[1:3, 4:6] = 8
    zoom = Zoom(RegionOptions(activation=lambda _: activation))
    closer = zoom.refine(Features(), FULL, scene(0))
    assert closer is not None
    assert closer.x < 5 / 7 < closer.x + closer.width
    assert closer.y < 2 / 7 < closer.y + closer.height
    assert closer.width < 0.7


def test_zoom_does_not_look_again_when_all_is_lit():
    activation = np.zeros((7, 7), np.float32)
    activation[:, 1:] = 8
    activation[0, 0] = -3
    zoom = Zoom(RegionOptions(activation=lambda _: activation))
    assert zoom.refine(Features(), FULL, scene(0)) is None


def test_auto_looks_again_where_something_was_seen_and_stays():
    auto = Auto(RegionOptions(idle_fps=20))
    where = Box(0.1, 0.1, 0.2, 0.3)
    result = Result("dogs", where, ())
    seen = Decision("dogs", "yard", "seen", "beagle", 0.8, "")
    nothing = Decision("dogs", "yard", "nothing", None, 0.0, "")
    last = Report(scene(0), (where,), (result,), (seen,))
    auto.select(scene(0), None)
    assert auto.select(scene(1), last) == (where,)
    assert auto.select(scene(3), Report(scene(0), (where,), (result,), (nothing,))) == (FULL,)


def test_auto_looks_closer_only_at_large_boxes():
    activation = np.zeros((7, 7), np.float32)
    activation[3, 3] = 8
    auto = Auto(RegionOptions(activation=lambda _: activation))
    assert auto.refine(Features(), FULL, scene(0)) is not None
    assert auto.refine(Features(), Box(0.2, 0.2, 0.3, 0.3), scene(0)) is None


def test_the_dog_of_the_clip_is_in_a_box(shared):
    """Where the dog is was read off the frames by eye: (frame, x, y) of its middle."""
    dog = {60: (0.92, 0.67), 200: (0.62, 0.79), 240: (0.6, 0.72)}
    motion = Motion(RegionOptions())
    with make(f"file:{shared / 'video/dog_walk_720p.mp4'}", "clip") as clip:
        for frame in clip:
            boxes = motion.select(frame, None)
            if frame.number in dog:
                x, y = dog[frame.number]
                assert any(
                    box.x <= x <= box.x + box.width and box.y <= y <= box.y + box.height
                    for box in boxes
                ), (frame.number, boxes)
