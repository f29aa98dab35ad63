"""From features of a user's photos to a head, and the truth about how good it is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from edgevision.learning import calibrate
from edgevision.learning.imprint import SCALE, imprint
from edgevision.learning.linear import Linear, space_of
from edgevision.learning.softmax import Problem, solve
from edgevision.learning.split import folds, hold_out
from edgevision.values.reliability import reliability

if TYPE_CHECKING:
    import numpy.typing as npt

    from edgevision.learning.background import Background
    from edgevision.values.reliability import Bin

    Array = npt.NDArray[np.float64]
    Vectors = npt.NDArray[np.float32]
    Indices = npt.NDArray[np.intp]

FEW: Final = 4
"""Photos a class up to which weights are imprinted: beyond, regression is as good or better."""
STRENGTHS: Final = (3e-5, 1e-4, 3e-4, 1e-3)
"""Penalties of the regression that are tried, in the space where vectors have length 1 or so."""

_FOLDS: Final = 4
_DRAWN: Final = 256  # vectors of the background, to learn from and again to calibrate on
_NONE_SHARE: Final = 0.1  # how much the background counts in the regression, beside all classes' 1
_ENOUGH: Final = 8  # answers of photos not learnt from, without which there is no calibrating
_NONE_COSINE: Final = 0.33  # then: from which a photo is like a class, where weights are imprinted
_NONE_PRIOR: Final = 2.0  # of photos that show no class to those that do, before a camera
_DOUBT: Final = 8.0
_TURNS: Final = 12
_WIDEST: Final = 30.0  # of the shift, in logits
_SURE: Final = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """Features of photos whose classes are known.

    Attributes:
        vectors: (n, features) float32.
        classes: (n,) 0 <= class <= `count`; `count` itself stands for "none of them".
        groups: (n,) photos of one group look the same.
        count: of classes, 1 or more, each with a photo.
    """

    vectors: Vectors
    classes: Indices
    groups: Indices
    count: int

    def only(self, which: npt.NDArray[np.bool_]) -> Lesson:
        """The photos where `which` (n,) is true."""
        return Lesson(self.vectors[which], self.classes[which], self.groups[which], self.count)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is chosen before all photos are learnt.

    Attributes:
        strength: of the regression's penalty; None: weights are imprinted.
        temperature: what logits are divided by.
        shift: what is added to the logit of "none" before that.
    """

    strength: float | None
    temperature: float = 1.0
    shift: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What a head, learnt without them, said of the photos that were held out.

    Attributes:
        probabilities: (n, rows) float64; row `count` is "none", where there is one.
        classes: (n,) the right ones; `count` for "none".
        count: of classes.
    """

    probabilities: Array
    classes: Indices
    count: int

    @property
    def of_a_class(self) -> npt.NDArray[np.bool_]:
        """(n,) whether a photo shows one of the classes."""
        return self.classes < self.count

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        """Of those photos, whether the likeliest class is the right one."""
        shown = self.of_a_class
        likeliest = self.probabilities[shown, : self.count].argmax(axis=1)
        return np.asarray(likeliest == self.classes[shown])

    @property
    def seen(self) -> npt.NDArray[np.bool_]:
        """(n,) whether the head finds that a photo shows any class, rather than none."""
        return np.asarray(self.probabilities[:, : self.count].sum(axis=1) >= _SURE)

    def bins(self) -> list[Bin]:
        """Reliability of the likeliest class's score, given that one is shown, as tasks tell it."""
        among = self.probabilities[self.of_a_class, : self.count]
        among = among / among.sum(axis=1, keepdims=True)
        return reliability(among.max(axis=1), self.right)


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """A classifier, and how it came about.

    Attributes:
        linear: a row for each class, and one more, if `has_none`, for "none of them"; logits before
            the plan's temperature, with its shift in it.
        has_none: whether there was anything to tell "none" by.
        plan: what was chosen.
        held: (n,) bool: the photos that were held out to see the truth.
        truth: about them; None if there were none. For it the others were learnt, with the plan
            that they alone led to; after that `linear` has learnt all.
    """

    linear: Linear
    has_none: bool
    plan: Plan
    held: npt.NDArray[np.bool_]
    truth: Truth | None


def teach(lesson: Lesson, background: Background | None = None, seed: int = 0) -> Taught:
    """Learn the photos of `lesson`; the same photos give the same numbers.

    Weights are imprinted where the classes have few photos (their median number is at most `FEW`),
    else found by softmax regression. Penalty, temperature and the logit of "none" are chosen by
    photos that were left out in turn; a fifth takes no part in that, and is asked afterwards.

    Args:
        lesson: what to learn.
        background: what other photos look like; None, and no photo of "none": then there is no
            such row.
        seed: of the split and of the vectors drawn from `background`.
    """
    held = hold_out(lesson.classes, lesson.groups, seed)
    school = _School(background, seed)
    plan = school.plan(lesson.only(~held))
    truth = None
    if held.any():
        asked = lesson.only(held)
        logits = school.learn(lesson.only(~held), plan).logits(asked.vectors) / plan.temperature
        truth = Truth(_softmax(logits), asked.classes, lesson.count)
        if plan.strength is None:
            # It costs next to nothing, and of few photos a fifth is much.
            plan = school.plan(lesson)
    linear = school.learn(lesson, plan)
    return Taught(linear, len(linear.bias) > lesson.count, plan, held, truth)


class _School:
    """Learns lessons against one background, drawn twice: to learn from, and to be asked about."""

    def __init__(self, background: Background | None, seed: int) -> None:
        self._centre = None if background is None else background.mean
        self._shown, self._asked = (
            None if background is None else background.sample(_DRAWN, 2 * seed + turn)
            for turn in range(2)
        )

    def learn(self, lesson: Lesson, plan: Plan) -> Linear:
        """The classifier of `lesson`, with the plan's shift."""
        shown = lesson.classes < lesson.count
        has_none = self._shown is not None or not shown.all()
        space = space_of(lesson.vectors[shown], self._centre)
        if plan.strength is None:
            found = imprint(lesson.vectors[shown], lesson.classes[shown], lesson.count, space)
            if has_none:
                found = _with_row(found)
        else:
            vectors, classes, shares = self._with_background(lesson, _NONE_SHARE)
            problem = Problem(
                space.of(vectors), classes, lesson.count + has_none, plan.strength, shares
            )
            solution = solve(problem)
            found = space.folded(solution.weights, solution.bias)
        return found.shifted(lesson.count, plan.shift) if has_none else found

    def plan(self, lesson: Lesson) -> Plan:
        """What the photos of `lesson` say, each asked of a classifier that had not seen it."""
        sizes = np.bincount(lesson.classes, minlength=lesson.count)[: lesson.count]
        strengths = (None,) if np.median(sizes) <= FEW else STRENGTHS
        fold = folds(lesson.classes, lesson.groups, _FOLDS)
        judged = [self._judge(lesson, fold, strength) for strength in strengths]
        return min(judged, key=lambda one: one[0])[1]

    def _judge(self, lesson: Lesson, fold: Indices, strength: float | None) -> tuple[float, Plan]:
        """The negative log likelihood of a plan with that strength, and the plan."""
        logits: list[Array] = []
        classes: list[Indices] = []
        for turn in range(_FOLDS):
            asked = lesson.only(fold == turn)
            if not (asked.classes < lesson.count).any():
                continue
            taught = self.learn(lesson.only(fold != turn), Plan(strength))
            logits.append(taught.logits(asked.vectors))
            classes.append(asked.classes)
            if self._asked is not None:
                drawn = self._asked[turn::_FOLDS]
                logits.append(taught.logits(drawn))
                classes.append(np.full(len(drawn), lesson.count, np.intp))
        if sum(int((one < lesson.count).sum()) for one in classes) < _ENOUGH:
            return 0.0, self._unjudged(strength)
        return _calibrated(np.concatenate(logits), np.concatenate(classes), lesson.count, strength)

    def _unjudged(self, strength: float | None) -> Plan:
        """Where hardly any photo can be left out."""
        if strength is None:
            return Plan(None, shift=_NONE_COSINE * SCALE)
        return Plan(STRENGTHS[len(STRENGTHS) // 2])

    def _with_background(self, lesson: Lesson, share: float) -> tuple[Vectors, Indices, Array]:
        """All vectors with their classes and shares: 1 for all classes alike, `share` for none."""
        vectors, classes = lesson.vectors, lesson.classes
        sizes = np.bincount(classes, minlength=lesson.count + 1).astype(np.float64)
        by_class = np.full(lesson.count + 1, 1 / lesson.count)
        by_class[lesson.count] = share if self._shown is None else share / 2
        shares = by_class[classes] / sizes[classes]
        if self._shown is not None:
            drawn = len(self._shown)
            left = share if sizes[lesson.count] == 0 else share / 2
            vectors = np.concatenate((vectors, self._shown))
            classes = np.concatenate((classes, np.full(drawn, lesson.count, np.intp)))
            shares = np.concatenate((shares, np.full(drawn, left / drawn)))
        return vectors, classes, shares


def _calibrated(
    logits: Array, classes: Indices, count: int, strength: float | None
) -> tuple[float, Plan]:
    """Temperature and shift that make the right classes likeliest, "none" as likely as a class.

    They are found in turns, each with the other one held.
    """
    is_none = classes == count
    shares = np.where(is_none, _NONE_PRIOR / max(int(is_none.sum()), 1), 1 / int((~is_none).sum()))
    doubt = _DOUBT / len(classes)

    def loss(heat: float, shift: float) -> float:
        raised = _raised(logits, count, shift)
        return calibrate.negative_log_likelihood(raised, classes, heat, shares)

    heat, shift = 1.0, 0.0
    for _ in range(_TURNS if is_none.any() else 1):
        if is_none.any():
            shift = calibrate.minimum(partial(loss, heat), -_WIDEST, _WIDEST)
        heat = calibrate.temperature(_raised(logits, count, shift), classes, shares, doubt)
    return loss(heat, shift), Plan(strength, heat, shift)


def _raised(logits: Array, row: int, by: float) -> Array:
    if row == logits.shape[1]:
        return logits
    raised = logits.copy()
    raised[:, row] += by
    return raised


def _with_row(found: Linear) -> Linear:
    """With one more row, whose logit is 0 whatever is asked."""
    weights = np.vstack((found.weights, np.zeros(found.weights.shape[1])))
    return Linear(weights, np.append(found.bias, 0.0))


def _softmax(logits: Array) -> Array:
    return np.asarray(np.exp(logits - calibrate.log_sum_exp(logits)[:, None]))
