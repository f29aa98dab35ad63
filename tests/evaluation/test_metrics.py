from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.evaluation.metrics import Share, mcnemar


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_the_interval_holds_the_share_and_stays_in_0_to_1(one, other):
    share = Share(min(one, other), max(one, other))
    low, high = share.interval()
    assert 0 <= low <= high <= 1
    if share.value is not None:
        assert low - 1e-9 <= share.value <= high + 1e-9


def test_known_interval():
    # Brown, Cai and DasGupta 2001 give 10 of 20 as 0.299 to 0.701.
    assert Share(10, 20).interval() == pytest.approx((0.299, 0.701), abs=0.001)


def test_words():
    assert str(Share(86, 109)) == " 78.9% of 109  (95 %: 70.3% to 85.5%)"
    assert str(Share(0, 0)) == "none to count"
    assert Share(0, 0).value is None


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    # Sums of binomial probabilities, by hand: 2 * (1 + 10) / 2^10, and so on.
    [(1, 9, 22 / 1024), (9, 1, 22 / 1024), (0, 5, 2 / 32), (5, 5, 1.0), (0, 0, 1.0)],
)
def test_mcnemar_counts_the_photos_that_just_one_has_right(one, other, expected):
    assert mcnemar(one, other) == pytest.approx(expected)
