"""L2-regularised softmax regression, by Newton's method with conjugate gradients.

Few photos with many features: all fits in memory, the loss is strictly convex in the weights, and
second derivatives times a vector cost as much as a gradient (Nocedal & Wright 2006, "Numerical
Optimization", algorithm 7.1). Numpy alone does it, on any processor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Array = npt.NDArray[np.float64]
    Classes = npt.NDArray[np.intp]

_SUFFICIENT: Final = 1e-4  # share of the promised decrease that a step has to give (Armijo)
_SHORTEST: Final = 2.0**-30
_MOST_STEPS: Final = 100
_MOST_INNER: Final = 250


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Where the solver ended.

    Attributes:
        weights: (classes, features) float64.
        bias: (classes,) float64, of sum 0.
        losses: at the start and after each step; never rises.
        gradient: length of the loss's gradient at the end.
    """

    weights: Array
    bias: Array
    losses: tuple[float, ...]
    gradient: float


class Problem:
    """The loss: sum_i share_i * -log p(class_i | x_i) + strength / 2 * |weights|^2.

    p is the softmax of weights x + bias (Bishop 2006, "Pattern Recognition and Machine Learning",
    equations 4.104 to 4.110). The bias is not penalised.

    Args:
        features: (n, features), finite; n is 1 or more.
        classes: (n,) the class of each row, 0 <= class < `count`.
        count: of classes, 2 or more.
        strength: of the penalty, above 0.
        shares: (n,) how much each row counts, 0 or more; they are scaled to sum 1. None: all alike.

    Attributes:
        features: (n, columns) float64: those given, or in the basis.
        basis: (features, n) float64, orthonormal; None if there are not fewer rows than features.
        shares: (n,) of sum 1.
        target: (n, count), 1 at each row's class.
    """

    def __init__(
        self,
        features: npt.NDArray[np.floating],
        classes: Classes,
        count: int,
        strength: float,
        shares: npt.NDArray[np.floating] | None = None,
    ) -> None:
        every = np.asarray(features, np.float64)
        rows = len(every)
        # Where there are fewer rows than features, the penalty keeps the weights in the space that
        # the rows span; there, all is shorter and just as far from each other.
        self.basis = np.linalg.qr(every.T)[0] if rows < every.shape[1] else None
        self.features = every if self.basis is None else every @ self.basis
        self.strength = strength
        wanted = np.ones(rows) if shares is None else np.asarray(shares, np.float64)
        self.shares = wanted / wanted.sum()
        self.target = np.zeros((rows, count))
        self.target[np.arange(rows), classes] = 1.0

    def loss(self, point: Array) -> tuple[float, Array]:
        """The loss at `point` (classes, columns of `features` + 1; the bias last), and p."""
        logits = self.features @ point[:, :-1].T + point[:, -1]
        logits -= logits.max(axis=1, keepdims=True)
        powers = np.exp(logits)
        sums = powers.sum(axis=1, keepdims=True)
        told = ((logits - np.log(sums)) * self.target).sum(axis=1)
        penalty = self.strength / 2 * float(np.square(point[:, :-1]).sum())
        return float(-(self.shares @ told)) + penalty, powers / sums

    def gradient(self, point: Array, probabilities: Array) -> Array:
        """First derivatives, (classes, features + 1)."""
        return self._spread((probabilities - self.target) * self.shares[:, None], point)

    def curvature(self, probabilities: Array) -> Callable[[Array], Array]:
        """Gives second derivatives times a direction (classes, features + 1)."""
        held = probabilities * self.shares[:, None]

        def along(direction: Array) -> Array:
            change = self.features @ direction[:, :-1].T + direction[:, -1]
            change -= (probabilities * change).sum(axis=1, keepdims=True)
            return self._spread(held * change, direction)

        return along

    def _spread(self, by_row: Array, penalised: Array) -> Array:
        out = np.empty_like(penalised)
        np.matmul(by_row.T, self.features, out=out[:, :-1])
        out[:, :-1] += self.strength * penalised[:, :-1]
        out[:, -1] = by_row.sum(axis=0)
        return out


def solve(problem: Problem, tolerance: float = 1e-4) -> Solution:
    """The minimum of `problem`.

    Args:
        problem: what to minimise; it begins with all weights 0.
        tolerance: length of the gradient at which it ends, in units of the loss; it ends before
            that where float64 has no lower loss in the direction of the step.
    """
    classes, wide = problem.target.shape[1], problem.features.shape[1] + 1
    point = np.zeros((classes, wide))
    value, probabilities = problem.loss(point)
    losses = [value]
    gradient = problem.gradient(point, probabilities)
    for _ in range(_MOST_STEPS):
        length = float(np.linalg.norm(gradient))
        if length <= tolerance:
            break
        step = _newton_step(problem.curvature(probabilities), gradient, length)
        found = _descend(problem, point, step, value, float((gradient * step).sum()))
        if found is None:
            break
        point, value, probabilities = found
        losses.append(value)
        gradient = problem.gradient(point, probabilities)
    weights, bias = point[:, :-1], point[:, -1]
    return Solution(
        weights if problem.basis is None else weights @ problem.basis.T,
        bias - bias.mean(),
        tuple(losses),
        float(np.linalg.norm(gradient)),
    )


def _newton_step(curvature: Callable[[Array], Array], gradient: Array, length: float) -> Array:
    """Roughly the solution of curvature(step) = -gradient, the nearer the closer to the minimum."""
    enough = min(0.5, float(np.sqrt(length))) * length
    step = np.zeros_like(gradient)
    rest = -gradient
    direction, square = rest.copy(), length**2
    for _ in range(_MOST_INNER):
        bent = curvature(direction)
        bend = float((direction * bent).sum())
        if bend <= 0:  # rounding, where the loss is flat
            break
        ahead = square / bend
        step += ahead * direction
        rest -= ahead * bent
        before, square = square, float(np.square(rest).sum())
        if np.sqrt(square) <= enough:
            break
        direction = rest + square / before * direction
    return step if step.any() else -gradient


def _descend(
    problem: Problem, point: Array, step: Array, value: float, slope: float
) -> tuple[Array, float, Array] | None:
    """The longest of step, step / 2, ... that lowers the loss enough; None if none does."""
    length = 1.0
    while length >= _SHORTEST:
        there = point + length * step
        lower, probabilities = problem.loss(there)
        if lower <= value + _SUFFICIENT * length * slope and lower <= value:
            return there, lower, probabilities
        length /= 2
    return None
