"""Scores that mean what they say: of those at 0.8, eight in ten are right."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Array = npt.NDArray[np.floating]
    Classes = npt.NDArray[np.intp]

_GOLDEN: Final = (math.sqrt(5) - 1) / 2
_CLOSE: Final = 1e-5
_LOWEST, _HIGHEST = 0.05, 20.0


def negative_log_likelihood(
    logits: Array, classes: Classes, temperature: float = 1.0, shares: Array | None = None
) -> float:
    """The mean of -log softmax(logits / temperature)[class] (Guo et al. 2017, equation 3).

    Args:
        logits: (n, classes).
        classes: (n,) the right ones.
        temperature: above 0.
        shares: (n,) how much each row counts; None: all alike.
    """
    scaled = np.asarray(logits, np.float64) / temperature
    of_right = scaled[np.arange(len(scaled)), classes]
    return float(np.average(log_sum_exp(scaled) - of_right, weights=shares))


def log_sum_exp(logits: Array) -> npt.NDArray[np.float64]:
    """log(sum(exp(x))) over the last axis, with no overflow."""
    highest = logits.max(axis=-1)
    return np.asarray(highest + np.log(np.exp(logits - highest[..., None]).sum(axis=-1)))


def temperature(
    logits: Array, classes: Classes, shares: Array | None = None, doubt: float = 0.0
) -> float:
    """What to divide logits by (Guo et al. 2017, "On Calibration of Modern Neural Networks", 4.2).

    It minimises the negative log likelihood on answers that the classifier did not learn from. That
    has one minimum, being convex in 1 / temperature.

    Args:
        logits: (n, classes).
        classes: (n,) the right ones.
        shares: (n,) how much each row counts; None: all alike.
        doubt: in rows: how much is asked for before 1 is given up. The logarithm of the temperature
            is taken for normal with a deviation of log 2, and that for as sure as 1 / `doubt` rows
            are. Without it, a few answers that are all right would make every score 1.

    Returns:
        0.05 to 20.
    """

    def cost(log_of_it: float) -> float:
        prior = doubt * (log_of_it / math.log(2)) ** 2 / 2
        return negative_log_likelihood(logits, classes, math.exp(log_of_it), shares) + prior

    return math.exp(minimum(cost, math.log(_LOWEST), math.log(_HIGHEST)))


def minimum(function: Callable[[float], float], low: float, high: float) -> float:
    """Where `function`, which falls and then rises, is least between `low` and `high`.

    By golden sections (Kiefer 1953, "Sequential minimax search for a maximum"), to 1e-5.
    """
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = function(left), function(right)
    while high - low > _CLOSE:
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = function(right)
    return (low + high) / 2
