from __future__ import annotations

import logging
import threading
from dataclasses import replace

import numpy as np
import pytest
from parts import SPEC, Brightness, Everywhere, Frames, Kept, Shade, frame, whole

from edgevision.board import Board
from edgevision.errors import ModelError
from edgevision.pipeline.decide import Sightings
from edgevision.pipeline.gears import Gears
from edgevision.pipeline.governor import Change, Governor, Limits, Rung
from edgevision.pipeline.health import Health
from edgevision.pipeline.loop import Loop
from edgevision.pipeline.sighting import Rules
from edgevision.pipeline.step import Step
from edgevision.values.box import Box

RUNGS = (Rung(8, 1), Rung(8, 2), Rung(6, 2), Rung(4, 2))
LEFT, RIGHT = Box(0, 0, 0.5, 1), Box(0.5, 0, 0.5, 1)


class Sized(Brightness):
    """Takes a square of any side, and counts what came in the wrong size or too late."""

    def __init__(self, rung: Rung, gate: threading.Event | None = None) -> None:
        super().__init__(gate=gate)
        self.rung = rung
        self.spec = replace(SPEC, input=replace(SPEC.input, shape=(rung.resolution,) * 2 + (3,)))
        self._tensor = np.zeros(self.spec.input.shape, np.uint8)
        self.late = 0

    def infer(self, fill):
        self.late += self.closed
        return super().infer(fill)


class Workshop:
    """Makes engines, and keeps them; `gate` holds the building up, `cannot` are refused."""

    def __init__(self, cannot=()):
        self.made = []
        self.cannot = cannot
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, rung):
        self.gate.wait(10)
        if rung in self.cannot:
            raise ModelError(f"cannot run at {rung.resolution} pixels")
        self.made.append(Sized(rung))
        return self.made[-1]


class Restless:
    """A governor that asks for another rung after every frame, to and fro."""

    short = None

    def __init__(self):
        self.at = 0
        self.asked = False

    @property
    def rung(self):
        return RUNGS[self.at]

    def look(self, now, infer_ms, total_ms):
        assert not self.asked
        assert total_ms >= infer_ms > 0
        self.asked = True
        return Change(self.rung, RUNGS[(self.at + 1) % len(RUNGS)], infer_ms, 0.0)

    def made(self, now):
        self.at = (self.at + 1) % len(RUNGS)
        self.asked = False

    def failed(self):
        self.asked = False


def step_of(engine, region=None) -> Step:
    return Step(
        region=region or Everywhere(),
        engine=engine,
        prepare=whole,
        tasks=[Shade()],
        decider=Sightings({"shade": Rules(0.5, 0.3)}, engine.spec),
    )


class Bright(Frames):
    """Frames that show something; `before` is called with the number of each."""

    def __init__(self, count, before=None):
        super().__init__([frame(number, number / 10, 250) for number in range(count)])
        self.before = before

    def __iter__(self):
        for one in super().__iter__():
            if self.before is not None:
                self.before(one.number)
            yield one


def run(source, step, governor, workshop, health=None):
    health = health or Health(8, 1)
    kept = Kept()
    gears = Gears(governor, step, workshop, health)
    Loop(step, source, [kept], board=Board(), health=health, gears=gears).run()
    gears.close()
    return kept, health


@pytest.mark.parametrize("closer", [None, Box(0.2, 0.2, 0.5, 0.5)])
@pytest.mark.parametrize("boxes", [(LEFT,), (LEFT, RIGHT), ()])
def test_every_frame_is_told_whatever_the_engine_does(boxes, closer):
    first, workshop = Sized(RUNGS[0]), Workshop()
    step = step_of(first, Everywhere(boxes, closer))
    kept, health = run(Bright(300), step, Restless(), workshop)
    assert [report.frame.number for report in kept.reports[:300]] == list(range(300))
    assert health.failed == 0
    engines = [first, *workshop.made]
    assert sum(one.late for one in engines) == 0
    assert sum(one.calls for one in engines) == health.looked * (
        len(boxes) + (closer is not None and len(boxes) == 1)
    )
    if boxes:
        assert health.steps > 5
        assert health.looked == 300
    step.close()
    assert all(one.closed for one in engines)


def test_engines_that_no_frame_uses_any_more_are_closed_on_the_way():
    first, workshop = Sized(RUNGS[0]), Workshop()
    step = step_of(first)
    _, health = run(Bright(200), step, Restless(), workshop)
    still = [one for one in (first, *workshop.made) if not one.closed]
    assert health.steps > 5
    assert len(still) <= 2
    assert step.engine in still
    assert health.summary()["steps"] == health.steps
    assert (health.resolution, health.threads) == (
        step.engine.rung.resolution,
        step.engine.rung.threads,
    )


def test_the_loop_goes_on_while_an_engine_is_built():
    workshop = Workshop()
    workshop.gate.clear()

    def before(number):
        if number == 40:
            workshop.gate.set()

    step = step_of(Sized(RUNGS[0]))
    kept, _ = run(Bright(60, before), step, Restless(), workshop)
    assert len([report for report in kept.reports if report.boxes]) == 60
    assert workshop.made


@pytest.mark.parametrize("ready", [True, False])
def test_an_engine_that_nobody_took_over_is_given_back(ready):
    workshop = Workshop()
    if not ready:
        workshop.gate.clear()
    step = step_of(Sized(RUNGS[0]))
    gears = Gears(Restless(), step, workshop, Health())
    looked = step.infer(step.aim(frame(0, shade=250), step.new_tensors()))
    gears.told(looked, step.tell(looked))
    building = [one for one in threading.enumerate() if one.name == "gears"]
    for one in building if ready else ():
        one.join(10)
    gears.close()
    workshop.gate.set()
    for one in building:
        one.join(10)
    assert [one.closed for one in workshop.made] == [True]


def test_a_rung_that_cannot_be_built_is_said_and_left_out(caplog):
    caplog.set_level(logging.INFO)
    workshop = Workshop(cannot=(RUNGS[1],))
    step = step_of(Sized(RUNGS[0]))
    health = Health(8, 1)

    class Impatient(Governor):
        """Its windows pass with the frames' numbers, not with the clock."""

        frames = 0

        def look(self, now, infer_ms, total_ms):
            self.frames += 1
            return super().look(self.frames / 10, infer_ms, total_ms)

    governor = Impatient(RUNGS, Limits(max_latency_ms=1e-6))
    gears = Gears(governor, step, workshop, health)
    for number in range(100_000):
        looked = step.infer(step.aim(frame(number, shade=250), step.new_tensors()))
        gears.told(looked, step.tell(looked))
        if governor.short is not None:
            break
    assert [one.rung for one in workshop.made] == list(RUNGS[2:])
    assert step.engine.rung == RUNGS[-1]
    assert (health.steps, health.resolution, health.threads) == (2, 4, 2)
    said = [record.getMessage() for record in caplog.records]
    assert said[0] == "staying at resolution 8, threads 1: cannot run at 8 pixels"
    assert said[1].startswith("resolution 8 -> 6, threads 1 -> 2: network ")
    assert said[1].endswith("wanted 0.0 ms")
    assert said[2].startswith("resolution 6 -> 4, threads 2: network ")
    assert said[3].startswith("resolution 4, threads 2 is the least there is")
    assert len(said) == 4


def test_frames_of_the_engine_before_do_not_count_for_the_new_one():
    workshop, governor = Workshop(), Restless()
    step = step_of(Sized(RUNGS[0]))
    gears = Gears(governor, step, workshop, Health())
    tensors = step.new_tensors()
    old = step.infer(step.aim(frame(0, shade=250), tensors))
    report = step.tell(old)
    step.change_engine(Sized(RUNGS[2]))
    gears.told(old, report)
    assert not governor.asked
    new = step.infer(step.aim(frame(1, shade=250), tensors))
    gears.told(new, step.tell(new))
    assert governor.asked
    gears.close()


def test_tensors_are_made_anew_only_when_their_shape_no_longer_fits():
    step = step_of(Sized(RUNGS[0]))
    tensors = step.new_tensors()
    assert step.aim(frame(0), tensors).tensors is tensors
    step.change_engine(Sized(RUNGS[1]))
    assert step.aim(frame(1), tensors).tensors is tensors
    step.change_engine(Sized(RUNGS[2]))
    assert step.aim(frame(2), tensors).tensors[0].shape == (6, 6, 3)


def test_engines_that_were_skipped_are_closed_too():
    first, second, third = (Sized(rung) for rung in RUNGS[:3])
    step = step_of(first)
    waiting = step.aim(frame(0, shade=250), step.new_tensors())
    step.change_engine(second)
    step.change_engine(third)
    step.infer(waiting)
    assert not first.closed
    step.infer(step.aim(frame(1, shade=250), step.new_tensors()))
    assert (first.closed, second.closed, third.closed) == (True, True, False)
