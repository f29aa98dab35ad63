"""When to give up speed so that the board stays cool, and when to take it back: pure, no clock.

There is a ladder of caps, the first of which caps nothing. A board warms and cools within minutes,
so what counts is where its temperature is heading: the trend of the last readings, carried on for
half a minute. Where that leads over the limit, one step down; and again once the last step had
time to work, or soon where the limit itself is passed. Up, one step at a time, after a long while
well under the limit; a step up that had to be taken back soon doubles the wait before the next, as
in `governor`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgevision.pipeline.governor import Rung

if TYPE_CHECKING:
    from collections.abc import Sequence

# The trend is that of so many readings, carried on for so long.
_READINGS, _AHEAD_SECONDS = 4, 30.0
# What a step down is given to work, unless the limit is passed.
_WORKING_SECONDS, _URGENT_SECONDS = 30.0, 10.0
# Up only from so far under the limit, after so long at first and at most.
_MARGIN_C = 5.0
_CALM_SECONDS, _LONGEST_SECONDS = 60.0, 1800.0
# A step up lasts if it does so for so many times the calm that it was given on.
_PROVEN_AFTER = 6.0


@dataclass(frozen=True, slots=True)
class Cap:
    """What may be done at most.

    Attributes:
        share: of the frames a second that the board did before it got warm, over 0 to 1.
        rung: how the network runs; None: as without heat.
    """

    share: float = 1.0
    rung: Rung | None = None


def caps(own: Rung, resolutions: Sequence[int]) -> tuple[Cap, ...]:
    """Rates first, which cost no accuracy; then threads; then resolutions; then rates again.

    Args:
        own: how the network runs without heat.
        resolutions: that may be used; those from the own one on are not.
    """
    found = [Cap(), Cap(0.75), Cap(0.5)]
    threads = own.threads
    while threads > 1:
        threads //= 2
        found.append(Cap(0.5, Rung(own.resolution, threads)))
    lower = sorted((one for one in resolutions if one < own.resolution), reverse=True)
    found += [Cap(0.5, Rung(one, threads)) for one in lower]
    last = found[-1].rung
    return (*found, Cap(0.25, last), Cap(0.1, last))


class Cooler:
    """Chooses a cap from the board's temperature.

    Args:
        ladder: the first caps nothing; one or more.
        limit_c: degrees Celsius that are not to be passed.
    """

    def __init__(self, ladder: Sequence[Cap], limit_c: float) -> None:
        self._ladder = ladder
        self._limit_c = limit_c
        self._at = 0
        self._readings: deque[tuple[float, float]] = deque(maxlen=_READINGS)
        self._changed_at = float("-inf")
        self._cool_since: float | None = None
        self._calm_wanted = _CALM_SECONDS
        self._raised_at: float | None = None

    @property
    def level(self) -> int:
        """Steps down from the full speed."""
        return self._at

    @property
    def cap(self) -> Cap:
        """What holds."""
        return self._ladder[self._at]

    def look(self, now: float, temperature_c: float, *, throttled: bool = False) -> Cap | None:
        """Take a reading in.

        Args:
            now: seconds, of a clock that never goes back.
            temperature_c: of the hottest sensor.
            throttled: the firmware slows the board down already.

        Returns:
            the cap that holds from now on, if it is another one.
        """
        self._readings.append((now, temperature_c))
        over = throttled or temperature_c >= self._limit_c
        if over or self._heading() > self._limit_c:
            self._cool_since = None
            waited = now - self._changed_at
            if waited < (_URGENT_SECONDS if over else _WORKING_SECONDS):
                return None
            return self._lower(now)
        if temperature_c > self._limit_c - _MARGIN_C or self._at == 0:
            self._cool_since = None
            return None
        if self._cool_since is None:
            self._cool_since = now
        return self._raise(now) if now - self._cool_since >= self._calm_wanted else None

    def _heading(self) -> float:
        """Degrees in half a minute, if it goes on as it did."""
        (then, before), (now, here) = self._readings[0], self._readings[-1]
        if now <= then:
            return here
        return here + (here - before) / (now - then) * _AHEAD_SECONDS

    def _lower(self, now: float) -> Cap | None:
        if self._at == len(self._ladder) - 1:
            return None
        if self._raised_at is not None:
            soon = now - self._raised_at < _PROVEN_AFTER * self._calm_wanted
            longer = min(2 * self._calm_wanted, _LONGEST_SECONDS)
            self._calm_wanted = longer if soon else _CALM_SECONDS
            self._raised_at = None
        return self._move(now, self._at + 1)

    def _raise(self, now: float) -> Cap:
        self._raised_at = now
        return self._move(now, self._at - 1)

    def _move(self, now: float, to: int) -> Cap:
        self._at, self._changed_at = to, now
        self._cool_since = None
        return self.cap
