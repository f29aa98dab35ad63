from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.pipeline.pace import Pace

seconds = st.floats(0, 10)


def pace_of(aims, inferences) -> Pace:
    pace = Pace()
    for aim in aims:
        pace.aimed(aim)
    for inference in inferences:
        pace.inferred(inference)
    return pace


def test_it_waits_as_long_as_the_network_can_spare():
    assert pace_of([0.001] * 8, [0.010] * 8).wait_seconds() == pytest.approx(0.0080)


def test_it_does_not_wait_before_it_knows_enough():
    assert pace_of([0.001] * 7, [0.010] * 8).wait_seconds() == 0
    assert pace_of([0.001] * 8, [0.010] * 7).wait_seconds() == 0


def test_one_frame_that_was_not_looked_at_ends_the_waiting():
    assert pace_of([0.001] * 8, [0.010] * 7 + [0.0]).wait_seconds() == 0


def test_what_was_long_ago_does_not_count():
    assert pace_of([5.0] + [0.001] * 8, [0.0] + [0.010] * 8).wait_seconds() > 0


@given(st.lists(seconds, max_size=20), st.lists(seconds, max_size=20))
def test_a_frame_that_takes_as_long_as_most_of_the_last_ones_is_ready_in_time(aims, inferences):
    wait = pace_of(aims, inferences).wait_seconds()
    assert wait >= 0
    if wait > 0:
        assert wait + sorted(aims[-8:])[-2] <= min(inferences[-8:])
