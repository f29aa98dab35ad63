from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.learning.calibrate import (
    log_sum_exp,
    minimum,
    negative_log_likelihood,
    temperature,
)
from edgevision.values.reliability import expected_calibration_error, reliability


def answers(random, heat, rows=20000, classes=4):
    """Logits whose softmax tells the truth, times `heat`; and classes drawn accordingly."""
    logits = random.standard_normal((rows, classes)) * 2
    odds = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    drawn = (odds.cumsum(axis=1) < random.random((rows, 1))).sum(axis=1)
    return logits * heat, np.minimum(drawn, classes - 1)


def error(logits, classes, heat=1.0):
    scaled = logits / heat
    odds = np.exp(scaled - log_sum_exp(scaled)[:, None])
    return expected_calibration_error(reliability(odds.max(axis=1), odds.argmax(axis=1) == classes))


@pytest.mark.parametrize("heat", [0.5, 1.0, 3.0])
def test_the_temperature_that_was_put_on_is_found_and_taken_off(random, heat):
    logits, classes = answers(random, heat)
    found = temperature(logits, classes)
    assert found == pytest.approx(heat, rel=0.06)
    assert error(logits, classes, found) < 0.015
    if heat != 1.0:
        assert error(logits, classes) > 0.08


def test_doubt_keeps_few_right_answers_from_becoming_certain():
    logits, classes = np.array([[3.0, 0.0], [0.0, 3.0]]), np.array([0, 1])
    assert temperature(logits, classes) < 0.1
    assert 0.3 < temperature(logits, classes, doubt=4.0) < 1.0


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_bins_hold_every_answer_once_and_the_error_is_a_share(pairs):
    confidences = np.array([pair[0] for pair in pairs])
    right = np.array([pair[1] for pair in pairs])
    bins = reliability(confidences, right)
    assert len(bins) == 15
    assert sum(one.n for one in bins) == len(pairs)
    for one in bins:
        assert one.n == 0 or one.low - 1e-9 <= one.confidence <= one.high + 1e-9
    assert 0 <= expected_calibration_error(bins) <= 1


def test_the_error_of_a_worked_example():
    # Ten answers at 0.95 of which nine are right, ten at 0.5 of which two are: (0.05 + 0.3) / 2.
    confidences = np.repeat([0.95, 0.5], 10)
    right = np.array([*([True] * 9), False, True, True, *([False] * 8)])
    assert expected_calibration_error(reliability(confidences, right)) == pytest.approx(0.175)


def test_likelihood_does_not_overflow_and_weighs_rows():
    logits = np.array([[1000.0, 0.0], [0.0, 1000.0]])
    assert negative_log_likelihood(logits, np.array([0, 0])) == pytest.approx(500)
    assert negative_log_likelihood(logits, np.array([0, 0]), shares=np.array([1, 0])) == 0


@given(st.floats(-5, 5))
def test_the_lowest_point_is_found(place):
    assert minimum(lambda x: math.cosh(x - place), -10, 10) == pytest.approx(place, abs=1e-3)
