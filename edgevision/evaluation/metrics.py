"""How right, and how sure of it."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `n`, with an interval in which the true share lies."""

    hits: int
    n: int

    @property
    def value(self) -> float | None:
        """0..1; None if n is 0."""
        return self.hits / self.n if self.n else None

    def interval(self, deviations: float = 1.96) -> tuple[float, float]:
        """Wilson score interval (Wilson 1927); 1.96 standard deviations give 95 %.

        centre +- half = (p + z^2/2n +- z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n)
        """
        if self.n == 0:
            return 0.0, 1.0
        share, square = self.hits / self.n, deviations**2
        scale = 1 + square / self.n
        centre = (share + square / (2 * self.n)) / scale
        root = math.sqrt(share * (1 - share) / self.n + square / (4 * self.n**2))
        half = deviations * root / scale
        return max(0.0, centre - half), min(1.0, centre + half)

    def __str__(self) -> str:
        if self.n == 0:
            return "none to count"
        low, high = self.interval()
        return f"{self.hits / self.n:6.1%} of {self.n}  (95 %: {low:.1%} to {high:.1%})"


def mcnemar(only_one: int, only_other: int) -> float:
    """How likely two classifiers differ so, or more, on the same photos if they are equally good.

    McNemar's test (McNemar 1947) in its exact, two-sided form: of the photos that just one of them
    has right, each is as likely to have been the other's, so that their number is binomial.

    Args:
        only_one, only_other: photos that just this one has right.

    Returns:
        0..1; 1 if they differ on none.
    """
    n, fewer = only_one + only_other, min(only_one, only_other)
    tail = sum(math.comb(n, hits) for hits in range(fewer + 1)) / (1 << n)
    return min(1.0, 2 * tail)
