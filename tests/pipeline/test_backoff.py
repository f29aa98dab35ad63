"""Waits between tries."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgevision.pipeline.backoff import Backoff


@given(
    first=st.floats(0.001, 10),
    longest=st.floats(0.001, 100),
    dice=st.lists(st.floats(0, 1), min_size=1, max_size=30),
)
def test_waits_double_up_to_the_cap_and_are_jittered(first, longest, dice):
    rolls = iter(dice)
    backoff = Backoff(first, longest, lambda: next(rolls))
    for n, _ in enumerate(dice):
        full = min(first * 2**n, longest)
        assert full / 2 * 0.999 <= backoff.seconds() <= full * 1.001


def test_the_jitter_spans_half():
    assert Backoff(4, 100, lambda: 0.0).seconds() == 2
    assert Backoff(4, 100, lambda: 1.0).seconds() == 4


def test_reset_begins_again():
    backoff = Backoff(1, 8, lambda: 1.0)
    assert [backoff.seconds() for _ in range(6)] == [1, 2, 4, 8, 8, 8]
    backoff.reset()
    assert backoff.seconds() == 1
