"""A source that stands still is opened again, and one that may stand still is left in peace."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from parts import Frames

from edgevision.pipeline.health import Health
from edgevision.pipeline.probes import watch_source
from edgevision.pipeline.standstill import Standstill
from edgevision.pipeline.supervise import Supervised
from edgevision.pipeline.vigil import Seen, Vigil
from edgevision.values.frame import Frame

HOUR = 3600


def pictures(begin: int, seconds: int, kind: str) -> list[Frame]:
    """One a second: noise, one picture again and again, or a sensor that is off."""
    random = np.random.default_rng(begin)
    shades = {"still": 90, "dark": 4}
    return [
        Frame(
            np.full((64, 64, 3), shades[kind], np.uint8)
            if kind in shades
            else random.integers(0, 250, (64, 64, 3), dtype=np.uint8),
            number,
            float(second),
            "yard",
        )
        for number, second in enumerate(range(begin, begin + seconds))
    ]


class Camera:
    """Gives each opening its frames, and notes them; the last then waits until it is stopped."""

    def __init__(self, *openings: list[Frame]) -> None:
        self.openings = openings
        self.opened = 0
        self.given: list[float] = []
        self.seen = Seen()

    def __call__(self):
        frames = self.openings[min(self.opened, len(self.openings) - 1)]
        self.opened += 1
        source = Holding(frames, self.given)
        source.live = True
        return Vigil(source, self.seen)


class Holding(Frames):
    def __init__(self, frames: list[Frame], given: list[float]) -> None:
        super().__init__(frames)
        self.given = given

    def __iter__(self):
        for frame in super().__iter__():
            self.given.append(frame.seconds)
            yield frame
        self.stopped.wait(60)


def supervised(camera: Camera) -> Supervised:
    return Supervised(
        camera,
        "yard",
        stall_seconds=60,
        first_backoff=0.001,
        longest_backoff=0.01,
        random=lambda: 1.0,
    )


def last_of(live: Supervised, second: float) -> list[Frame]:
    """What is given up to the frame of that second."""
    given = []
    while not given or given[-1].seconds < second:
        frame = live.next(20)
        assert frame is not None, live.counts
        given.append(frame)
    return given


def test_a_frozen_source_is_opened_again_and_counted_with_its_reason(caplog):
    caplog.set_level(logging.WARNING)
    camera = Camera(pictures(0, 400, "still"), pictures(400, 100, "noise"))
    live, health = supervised(camera), Health()
    watch_source(health, live)
    with live:
        frames = last_of(live, 499)
        told = health.summary()["sources"]["yard"]
    # It is called frozen after 10 s, and opened again 200 s later.
    assert max(second for second in camera.given if second < 400) == 210
    assert (told["opened"], told["reconnects"], told["frozen"]) == (2, 1, 1)
    assert told["last_error"] == "the same picture for too long"
    assert frames[-1].fault == ""
    assert [line for line in caplog.messages if "the same picture for too long" in line]


@pytest.mark.parametrize("kind", ["dark", "noise"])
def test_a_black_source_and_one_that_moves_stay_open(kind):
    camera = Camera(pictures(0, 2000, kind))
    with supervised(camera) as live:
        last_of(live, 1999)
        assert (camera.opened, live.counts.errors) == (1, 0)


def test_the_same_picture_after_opening_again_is_frozen_from_its_first_frame():
    seen = Seen()
    before = list(Vigil(Frames(pictures(0, 30, "still")), seen))
    after = list(Vigil(Frames(pictures(40, 30, "still")), seen))
    assert before[-1].fault == "frozen"
    assert {one.fault for one in after} == {"frozen"}
    moved = list(Vigil(Frames(pictures(80, 30, "noise")), seen))
    assert {one.fault for one in moved} == {""}


def reopenings(faults, standstill: Standstill, begin: int = 0) -> list[int]:
    """The seconds at which a source of these faults, one a second, is opened again."""
    found = []
    for second, fault in enumerate(faults, begin):
        if standstill.is_over(fault, float(second)):
            found.append(second)
            standstill.opened()
    return found


def test_a_picture_that_never_changes_is_opened_again_ever_more_rarely():
    found = reopenings(["frozen"] * 24 * HOUR, Standstill(lambda: 1.0))
    pauses = [late - early for early, late in zip([0, *found], found, strict=False)]
    assert pauses[0] == 200
    assert all(200 <= pause <= HOUR + 1 for pause in pauses)
    assert pauses == sorted(pauses)
    assert len(found) < 30
    # At worst half of that, by the jitter.
    assert reopenings(["frozen"] * 300, Standstill(lambda: 0.0))[0] == 100


def test_a_slide_show_is_not_disturbed_the_more_for_moving_now_and_then():
    slide = ["", *["frozen"] * 599]
    shows = reopenings(slide * 60, Standstill(lambda: 1.0))
    # A picture stays for ten minutes; once the pause is longer, it is left in peace.
    assert shows == [201, 1001]


def test_after_a_minute_of_movement_it_is_as_if_nothing_had_been():
    standstill = Standstill(lambda: 1.0)
    first = reopenings(["frozen"] * 1000, standstill)
    assert first == [200, 601]
    again = reopenings([""] * 61 + ["frozen"] * 1000, standstill, 1000)
    assert again == [1261, 1662]
