"""What a task said of photos whose labels are known, and what that amounts to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgevision.evaluation.metrics import Share
from edgevision.values.reliability import (
    error_by_chance,
    expected_calibration_error,
    reliability,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from edgevision.values.reliability import Bin
    from edgevision.values.result import Result

_AMONG: Final = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said of one photo.

    Attributes:
        label: the right one; None if the photo shows none of the task's classes.
        result: what the task read.
    """

    label: str | None
    result: Result

    @property
    def guess(self) -> str:
        """The first guess."""
        return self.result.guesses[0].label

    @property
    def right(self) -> bool:
        """True if the first guess is."""
        return self.guess == self.label


@dataclass(frozen=True)
class Evaluation:
    """All answers.

    Attributes:
        answers: one for each photo, in their order.
        presence: 0..1, from which a photo counts as showing one of the task's classes.
        infer_millis: of each inference.
        skipped: why files are no readable photos.
    """

    answers: Sequence[Answer]
    presence: float
    infer_millis: Sequence[float]
    skipped: Sequence[str]

    @cached_property
    def shown(self) -> list[Answer]:
        """Those of photos that show one of the task's classes."""
        return [one for one in self.answers if one.label is not None]

    @cached_property
    def top1(self) -> Share:
        """How many first guesses were right, among photos that show one of the classes."""
        return Share(sum(one.right for one in self.shown), len(self.shown))

    @cached_property
    def top5(self) -> Share:
        """In how many of them the right label was among the first five guesses."""
        among = [[guess.label for guess in one.result.guesses[:_AMONG]] for one in self.shown]
        hits = sum(one.label in five for one, five in zip(self.shown, among, strict=True))
        return Share(hits, len(self.shown))

    @cached_property
    def accepted(self) -> Share:
        """In how many of them the task saw that there is one."""
        return Share(sum(self._sees(one) for one in self.shown), len(self.shown))

    @cached_property
    def absent(self) -> Share:
        """Photos that show none of the classes, and in how many the task wrongly saw one."""
        without = [one for one in self.answers if one.label is None]
        return Share(sum(self._sees(one) for one in without), len(without))

    @cached_property
    def mistakes(self) -> Counter[tuple[str, str]]:
        """(right label, first guess) and how often, where these differ."""
        return Counter((str(one.label), one.guess) for one in self.shown if not one.right)

    @cached_property
    def by_label(self) -> list[tuple[str, Share]]:
        """The first guesses by right label, the worst first; of equals the one with more photos."""
        right: Counter[str] = Counter()
        every: Counter[str] = Counter()
        for one in self.shown:
            every[str(one.label)] += 1
            right[str(one.label)] += one.right
        shares = [(label, Share(right[label], n)) for label, n in every.items()]
        return sorted(shares, key=lambda pair: (pair[1].hits / pair[1].n, -pair[1].n, pair[0]))

    @property
    def confidences(self) -> npt.NDArray[np.float64]:
        """(n,) the scores of the first guesses of photos that show one of the classes."""
        return np.array([one.result.guesses[0].score for one in self.shown], np.float64)

    @cached_property
    def bins(self) -> list[Bin]:
        """Those guesses by their confidence."""
        return reliability(self.confidences, np.array([one.right for one in self.shown], bool))

    def to_dict(self) -> dict[str, Any]:
        """JSON types; shares 0..1, milliseconds."""
        millis = np.array(self.infer_millis or [0.0])
        return {
            "n": self.top1.n,
            "top1": self.top1.value,
            "top5": self.top5.value,
            "top1_interval": list(self.top1.interval()),
            "accepted": self.accepted.value,
            "absent": {"n": self.absent.n, "false_accepts": self.absent.hits},
            "calibration": self._calibration(),
            "labels": [
                {"label": label, "n": share.n, "right": share.hits}
                for label, share in self.by_label
            ],
            "confusions": [
                {"label": label, "guess": guess, "n": count}
                for (label, guess), count in self.mistakes.most_common()
            ],
            "infer_ms": {
                "p50": round(float(np.percentile(millis, 50)), 3),
                "p95": round(float(np.percentile(millis, 95)), 3),
            },
            "skipped": list(self.skipped),
        }

    def _calibration(self) -> dict[str, Any]:
        if not self.shown:
            return {"n": 0, "ece": None, "ece_by_chance": None, "bins": []}
        filled = [one for one in self.bins if one.n]
        return {
            "n": len(self.shown),
            "ece": round(expected_calibration_error(self.bins), 4),
            "ece_by_chance": round(error_by_chance(self.confidences), 4),
            "bins": [
                {
                    "from": round(one.low, 4),
                    "to": round(one.high, 4),
                    "n": one.n,
                    "confidence": round(one.confidence, 4),
                    "accuracy": round(one.accuracy, 4),
                }
                for one in filled
            ],
        }

    def _sees(self, answer: Answer) -> bool:
        return answer.result.presence >= self.presence
