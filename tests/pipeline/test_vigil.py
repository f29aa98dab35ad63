from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from parts import Brightness, Everywhere, Frames, Shade, whole

from edgevision.errors import SourceError
from edgevision.pipeline.everyframe import EveryFrame
from edgevision.pipeline.health import Health
from edgevision.pipeline.probes import watch_source
from edgevision.pipeline.sighting import Rules
from edgevision.pipeline.step import Step
from edgevision.pipeline.supervise import Supervised
from edgevision.pipeline.vigil import Vigil
from edgevision.pixels.draw import draw
from edgevision.values.frame import Frame
from edgevision.values.report import Report

FPS = 10


def pictures(seconds: int, kind: str, begin: int = 0) -> list[Frame]:
    """A live source's frames: noise, one picture again and again, or a sensor that is off."""
    random = np.random.default_rng(begin)
    frames = []
    for number in range(begin * FPS, (begin + seconds) * FPS):
        pixels = np.full((120, 160, 3), 90, np.uint8)
        if kind == "noise":
            pixels = random.integers(0, 250, pixels.shape, dtype=np.uint8)
        elif kind == "dark":
            pixels = random.integers(0, 9, pixels.shape, dtype=np.uint8)
        frames.append(Frame(pixels, number, number / FPS, "yard"))
    return frames


def faults(frames: list[Frame]) -> list[str]:
    return [one.fault for one in Vigil(Frames(frames))]


def test_a_picture_that_changes_and_one_that_is_short_are_well():
    assert set(faults(pictures(30, "noise"))) == {""}
    assert set(faults(pictures(9, "still"))) == {""}
    assert set(faults(pictures(5, "noise") + pictures(1, "dark", 5))) == {""}


def test_black_and_frozen_are_told_after_their_time_and_taken_back():
    told = faults(pictures(5, "noise") + pictures(5, "dark", 5) + pictures(2, "noise", 10))
    assert told[:69] == [""] * 69
    assert set(told[70:100]) == {"black"}
    assert set(told[100:]) == {""}
    told = faults(pictures(15, "still") + pictures(1, "noise", 15))
    assert told.index("frozen") in (100, 101)
    assert set(told[150:]) == {""}


def test_the_network_does_not_look_at_it():
    engine = Brightness()
    decider = EveryFrame({"shade": Rules(0.01, 0.0)}, engine.spec)
    step = Step(region=Everywhere(), engine=engine, prepare=whole, tasks=[Shade()], decider=decider)
    fine = pictures(1, "still")[0]
    assert step.look(fine).inferences == 1
    report = step.look(replace(fine, fault="frozen"))
    assert (report.inferences, report.boxes, report.events, engine.calls) == (0, (), (), 1)


def test_it_is_counted_and_the_state_says_it():
    frames = pictures(3, "dark")
    given = Frames(frames)
    given.live = True
    live = Supervised(lambda: Vigil(given), "yard", first_backoff=60)
    health = Health()
    watch_source(health, live)
    with live:
        while live.next(10).fault != "black":
            pass
        assert health.summary()["sources"]["yard"]["black"] == 1
        while live.counts.errors == 0:
            live.next(0.05)
        # It has ended, and is waited for: the last picture stays, and says that it is old.
        while live.next(0.05) is not None:
            pass
    assert live.counts.black == 1


def test_the_last_picture_of_a_source_that_fails_is_marked_as_old():
    given = Frames(pictures(1, "noise"), SourceError("unplugged"))
    given.live = True
    taken = [None]
    live = Supervised(lambda: given, "yard", first_backoff=60)
    with live:
        while live.counts.errors == 0 or taken[-1] is not None:
            taken.append(live.next(0.05))
        assert not any(one.fault for one in taken if one is not None)
        assert live.peek().fault == "stale"


@pytest.mark.parametrize("fault", ["black", "frozen", "stale"])
def test_the_overlay_has_a_banner_across_the_middle(fault):
    frame = Frame(np.full((360, 640, 3), 90, np.uint8), 0, 0.0, "yard")
    plain = draw(Report(frame))
    marked = draw(Report(replace(frame, fault=fault)))
    assert (plain == 90).all()
    assert (marked[170:190] != 90).any()
    assert (marked[:100] == 90).all()
