"""When a live source that stands still is worth opening again."""

from __future__ import annotations

import random as dice
from typing import TYPE_CHECKING, Final

from edgevision.pipeline.backoff import Backoff

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgevision.values.frame import Fault

# Half to all of it: ten times as long, at least, as it takes to call a source frozen.
_FIRST_SECONDS: Final = 200.0
# A picture that truly never changes costs a gap of a second in half an hour to an hour.
_LONGEST_SECONDS: Final = 3600.0
# A slide show is still between its pictures; a camera that works moves all the time.
_STEADY_SECONDS: Final = 60.0


class Standstill:
    """Waits longer each time, until the source has moved for a minute without a break.

    A source that is black stays open: it may be night, or a lid, which no opening changes.

    Args:
        random: gives 0..1, for the jitter.
    """

    def __init__(self, random: Callable[[], float] = dice.random) -> None:
        self._waits = Backoff(_FIRST_SECONDS, _LONGEST_SECONDS, random)
        self._wait = self._waits.seconds()
        self._has_waited = False
        self._still_since: float | None = None
        self._moves_since: float | None = None

    def opened(self) -> None:
        """The source is open, and has given nothing yet."""
        self._still_since = self._moves_since = None

    def is_over(self, fault: Fault, seconds: float) -> bool:
        """Whether to open the source again, whose frame of `seconds` has `fault`."""
        if fault == "frozen":
            self._moves_since = None
            if self._still_since is None:
                self._still_since = seconds
            if seconds - self._still_since < self._wait:
                return False
            self._wait, self._has_waited = self._waits.seconds(), True
            return True
        self._still_since = None
        if fault:
            self._moves_since = None
        elif self._moves_since is None:
            self._moves_since = seconds
        elif self._has_waited and seconds - self._moves_since >= _STEADY_SECONDS:
            self._waits.reset()
            self._wait, self._has_waited = self._waits.seconds(), False
        return False
