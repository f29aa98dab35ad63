"""How long to wait before trying again."""

from __future__ import annotations

import random as dice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Backoff:
    """Waits that double, are capped, and are jittered.

    The n-th wait is a random part, between half and all, of first * 2^n seconds, or of `longest`
    if that is less; so that many devices that lost the same server do not come back together.

    Args:
        first: seconds, more than 0.
        longest: seconds.
        random: gives 0..1.
    """

    def __init__(
        self, first: float, longest: float, random: Callable[[], float] = dice.random
    ) -> None:
        self._first = first
        self._longest = longest
        self._random = random
        self._full = min(first, longest)

    def seconds(self) -> float:
        """The next wait."""
        full = self._full
        self._full = min(full * 2, self._longest)
        return full * (0.5 + 0.5 * self._random())

    def reset(self) -> None:
        """Begin again with the shortest."""
        self._full = min(self._first, self._longest)
