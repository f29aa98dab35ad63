"""Does it really advance? What a watchdog may be told, and no more: pure, no clock."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signs:
    """Of life.

    Attributes:
        answered: frames that went all the way so far, with an inference or, where nothing moves,
            without.
        tries: how often sources were opened, stalled or failed so far.
        waiting_s: for how long, at most, a source that is away waits before its next try; 0 if
            none is.
        inferring_s: for how long the inference runs that runs now; None if none does.
    """

    answered: int
    tries: int = 0
    waiting_s: float = 0.0
    inferring_s: float | None = None


class Pulse:
    """There is one while frames are answered, or while somebody tries to get frames again.

    A thread that lives is no sign of life, and neither is a camera whose frames nobody answers; an
    inference that does not come back is a sign of the opposite.

    Args:
        patience_s: how long nothing may happen.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._last: tuple[int, int] | None = None
        self._since = 0.0

    def beats(self, now: float, signs: Signs) -> bool:
        """Whether it advances.

        Args:
            now: seconds, of a clock that never goes back.
            signs: as they are now.
        """
        counts = (signs.answered, signs.tries)
        if counts != self._last:
            self._last, self._since = counts, now
        if signs.inferring_s is not None and signs.inferring_s > self._patience_s:
            return False
        return now - self._since <= self._patience_s + signs.waiting_s
