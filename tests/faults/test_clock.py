"""A clock that is set back an hour, or leaps, splits no sighting and doubles none."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

from edgevision.pipeline.decide import Sightings
from edgevision.pipeline.sighting import Rules
from edgevision.store.events import EventStore
from edgevision.values.box import FULL
from edgevision.values.frame import Frame
from edgevision.values.result import Guess, Result
from edgevision.values.tensor import ModelSpec, TensorSpec

NOON = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)
RULES = Rules(threshold=0.5, release=0.2, window_s=1.0, min_hits=3, hold_s=1.0, cooldown_s=3.0)
SPEC = ModelSpec("any", "0" * 64, TensorSpec((8, 8, 3), "uint8"))
BEAGLE = Result("dogs", FULL, (Guess("beagle", "Beagle", 0.9),))
NOTHING = replace(BEAGLE, presence=0.1)


def play(leap, at):
    """A dog, nothing, a dog; ten frames a second; the wall clock leaps at the frame `at`."""
    decider, events = Sightings({"dogs": RULES}, SPEC, NOON), []
    shown = [BEAGLE] * 60 + [NOTHING] * 60 + [BEAGLE] * 60
    for number, result in enumerate(shown):
        wall = NOON + timedelta(seconds=number / 10) + (leap if number >= at else timedelta())
        frame = Frame(np.zeros((8, 8, 3), np.uint8), number, number / 10, "yard", taken_at=wall)
        _, new = decider.decide(frame, (result,), {})
        events += new
    return events + list(decider.finish(replace(frame, number=number + 1)))


@pytest.mark.parametrize("leap", [timedelta(hours=-1), timedelta(hours=1), timedelta(days=-400)])
@pytest.mark.parametrize("at", [1, 30, 61, 90, 121, 150])
def test_the_sightings_are_the_same_whatever_the_clock_does(leap, at, tmp_path):
    events, usual = play(leap, at), play(timedelta(), at)
    assert [(one.phase, one.label, one.hits) for one in events] == [
        (one.phase, one.label, one.hits) for one in usual
    ]
    ids = [(one.id, one.phase) for one in events]
    assert len(set(ids)) == len(ids) == 4
    assert all(one.first_seen <= one.last_seen for one in events)
    with EventStore(tmp_path / "events.sqlite") as store:
        assert store.add(events) == 4
