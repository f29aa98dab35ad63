from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parts import Brightness, Everywhere, Frames, Kept, Shade, frame, whole

from edgevision.board import Board
from edgevision.errors import EngineError
from edgevision.pipeline.decide import Sightings
from edgevision.pipeline.health import Health
from edgevision.pipeline.loop import Loop
from edgevision.pipeline.recovery import FAILURES, PROVEN, RESTARTS, Recovery
from edgevision.pipeline.sighting import Rules
from edgevision.pipeline.step import Step

RULES = {"shade": Rules(threshold=0.5, release=0.3, window_s=1.0, min_hits=3, cooldown_s=1)}


@given(st.lists(st.booleans(), max_size=400))
def test_what_is_done_follows_from_what_happened(outcomes):
    recovery, failures, restarts, successes = Recovery(), 0, 0, 0
    for well in outcomes:
        if well:
            recovery.succeeded()
            failures, successes = 0, successes + 1
            restarts = 0 if successes >= PROVEN else restarts
            continue
        remedy, successes, failures = recovery.failed(), 0, failures + 1
        assert (remedy == "leave out") == (failures < FAILURES)
        if remedy == "give up":
            assert restarts == RESTARTS
        elif remedy == "restart":
            restarts, failures = restarts + 1, 0


def test_it_gives_up_in_the_end():
    recovery = Recovery()
    told = [recovery.failed() for _ in range(FAILURES * (RESTARTS + 1))]
    assert told.count("restart") == RESTARTS
    assert told[-1] == "give up"


def run(engines: list[Brightness], health: Health, output: Kept) -> None:
    first, *others = engines
    step = Step(
        region=Everywhere(),
        engine=first,
        prepare=whole,
        tasks=[Shade()],
        decider=Sightings(RULES, first.spec),
    )
    left = iter(others)
    source = Frames([frame(number, shade=255) for number in range(60)])
    loop = Loop(step, source, [output], board=Board(), health=health, remake=lambda: next(left))
    try:
        loop.run()
    finally:
        step.close()


def test_an_interpreter_that_fails_again_and_again_is_built_anew_and_the_run_goes_on():
    sick, well = Brightness(fails=tuple(range(10, 1000))), Brightness()
    health, output = Health(), Kept()

    run([sick, well], health, output)

    assert health.restarts == 1
    assert sick.closed
    # One more frame was on its way to the sick one.
    assert health.failed in (FAILURES, FAILURES + 1)
    assert len(output.reports) == 60 - health.failed + 1
    assert [event.phase for event in output.events] == ["seen", "ended"]


def test_when_that_does_not_help_it_gives_up_with_the_reason():
    sick = [Brightness(fails=tuple(range(1000))) for _ in range(RESTARTS + 1)]
    health = Health()

    with pytest.raises(EngineError, match="asked for"):
        run(sick, health, Kept())

    assert health.restarts == RESTARTS
    assert all(engine.closed for engine in sick)
