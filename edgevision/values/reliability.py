"""Whether scores mean what they say: of those at 0.8, eight in ten should be right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

BINS: Final = 15  # as in Guo et al. 2017, "On Calibration of Modern Neural Networks"
_DRAWS: Final = 500


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers whose confidence lies in `low` < confidence <= `high`.

    Attributes:
        n: how many there are.
        confidence: their mean confidence, 0..1; 0 if there is none.
        accuracy: the share of them that is right, 0..1; 0 if there is none.
    """

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


def reliability(
    confidences: npt.NDArray[np.floating], right: npt.NDArray[np.bool_], bins: int = BINS
) -> list[Bin]:
    """The bars of a reliability diagram (Guo et al. 2017, section 2): equal steps of confidence.

    Args:
        confidences: (n,) 0..1, the score of each answer.
        right: (n,) whether it was right.
        bins: 1 or more.
    """
    which = np.clip(np.ceil(np.asarray(confidences) * bins).astype(int) - 1, 0, bins - 1)
    return [
        _bin(index, bins, confidences[which == index], right[which == index])
        for index in range(bins)
    ]


def expected_calibration_error(bins: Sequence[Bin]) -> float:
    """Sum over bins of n / all * |accuracy - confidence| (Guo et al. 2017, equation 5), 0..1."""
    every = sum(one.n for one in bins)
    return sum(one.n * abs(one.accuracy - one.confidence) for one in bins) / max(every, 1)


def error_by_chance(confidences: npt.NDArray[np.floating], bins: int = BINS) -> float:
    """The calibration error that scores which mean just what they say show on so few answers.

    The mean over 500 draws, always the same ones, in which each answer is right with its own
    confidence. An error near it is none that could be told from no error.

    Args:
        confidences: (n,) 0..1.
        bins: 1 or more.
    """
    random = np.random.default_rng(0)
    draws = random.random((_DRAWS, len(confidences))) < np.asarray(confidences)
    errors = [expected_calibration_error(reliability(confidences, right, bins)) for right in draws]
    return float(np.mean(errors))


def _bin(
    index: int, bins: int, confidences: npt.NDArray[np.floating], right: npt.NDArray[np.bool_]
) -> Bin:
    count = len(confidences)
    sure = float(confidences.mean()) if count else 0.0
    accuracy = float(right.mean()) if count else 0.0
    return Bin(index / bins, (index + 1) / bins, count, sure, accuracy)
