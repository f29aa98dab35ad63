from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.learning.softmax import Problem, solve

WITH_TIME = settings(max_examples=40)


@st.composite
def lessons(draw):
    """Features, classes, number of classes and strength of a small problem."""
    random = np.random.default_rng(draw(st.integers(0, 2**31)))
    count, wide = draw(st.integers(2, 5)), draw(st.integers(1, 12))
    rows = draw(st.integers(count, 40))
    features = random.standard_normal((rows, wide)) * draw(st.sampled_from([0.01, 1.0, 30.0]))
    classes = np.concatenate((np.arange(count), random.integers(0, count, rows - count)))
    return features, classes, count, draw(st.sampled_from([1e-4, 1e-2, 1.0]))


@WITH_TIME
@given(lessons())
def test_the_loss_never_rises_and_the_gradient_ends_near_zero(lesson):
    features, classes, count, strength = lesson
    found = solve(Problem(features, classes, count, strength))
    assert np.all(np.diff(found.losses) <= 0)
    assert found.losses[0] == pytest.approx(np.log(count))
    assert found.gradient <= 1e-4


@WITH_TIME
@given(lessons(), st.integers(0, 100))
def test_the_order_of_classes_and_of_rows_makes_no_difference(lesson, seed):
    features, classes, count, strength = lesson
    random = np.random.default_rng(seed)
    order, rows = random.permutation(count), random.permutation(len(classes))
    one = solve(Problem(features, classes, count, strength), tolerance=1e-7)
    other = solve(Problem(features[rows], order[classes[rows]], count, strength), tolerance=1e-7)
    spread = 1 + np.abs(one.weights).max()
    np.testing.assert_allclose(other.weights[order], one.weights, atol=1e-3 * spread)
    assert other.losses[-1] == pytest.approx(one.losses[-1], abs=1e-6)


@WITH_TIME
@given(lessons())
def test_derivatives_are_those_of_the_loss(lesson):
    features, classes, count, strength = lesson
    problem = Problem(features / max(1.0, np.abs(features).max()), classes, count, strength)
    random = np.random.default_rng(3)
    point, way = random.standard_normal((2, count, problem.features.shape[1] + 1))
    step = 1e-5
    gradients = []
    for sign in (1, -1):
        there = point + sign * step * way
        gradients.append(problem.gradient(there, problem.loss(there)[1]))
    losses = [problem.loss(point + sign * step * way)[0] for sign in (1, -1)]
    value, probabilities = problem.loss(point)
    assert value > 0
    slope = (problem.gradient(point, probabilities) * way).sum()
    assert (losses[0] - losses[1]) / (2 * step) == pytest.approx(slope, rel=1e-4, abs=1e-6)
    bend = problem.curvature(probabilities)(way)
    np.testing.assert_allclose((gradients[0] - gradients[1]) / (2 * step), bend, atol=1e-4)


def test_a_known_optimum_is_found():
    # Two classes at -1 and 1, strength s: by symmetry weights are (-w, w), with
    # w s = sigmoid(-2 w) (the derivative by w set to 0); the bias is 0.
    strength = 0.1
    found = solve(Problem(np.array([[-1.0], [1.0]]), np.array([0, 1]), 2, strength), tolerance=1e-9)
    low, high = 0.0, 10.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (
            (middle, high) if middle * strength < 1 / (1 + np.exp(2 * middle)) else (low, middle)
        )
    np.testing.assert_allclose(found.weights, [[-low], [low]], atol=1e-7)
    np.testing.assert_allclose(found.bias, 0, atol=1e-7)


def test_with_features_that_say_nothing_the_shares_are_learnt():
    classes = np.array([0, 0, 0, 1])
    found = solve(Problem(np.zeros((4, 3)), classes, 2, 0.1), tolerance=1e-8)
    odds = found.bias[0] - found.bias[1]
    assert odds == pytest.approx(np.log(3), abs=1e-5)
    weighed = solve(Problem(np.zeros((4, 3)), classes, 2, 0.1, np.array([1, 1, 1, 3])))
    assert weighed.bias[0] == pytest.approx(weighed.bias[1], abs=1e-4)


def test_with_more_features_than_rows_it_is_the_same_problem(random):
    # Columns of zeros change nothing but the number of features.
    narrow, classes = random.standard_normal((12, 5)), np.arange(12) % 3
    wide = np.hstack((narrow, np.zeros((12, 20))))
    one = solve(Problem(narrow, classes, 3, 0.01), tolerance=1e-8)
    other = solve(Problem(wide, classes, 3, 0.01), tolerance=1e-8)
    assert Problem(wide, classes, 3, 0.01).basis.shape == (25, 12)
    np.testing.assert_allclose(other.weights[:, :5], one.weights, atol=1e-5)
    np.testing.assert_allclose(other.weights[:, 5:], 0, atol=1e-9)
    assert other.losses[-1] == pytest.approx(one.losses[-1], abs=1e-9)
