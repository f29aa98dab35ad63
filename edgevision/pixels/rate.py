"""Frames a second, smoothed for reading."""

from __future__ import annotations

# Share of the newest interval: at 30 frames a second the figure settles in about a second.
_NEWEST = 0.1


class Rate:
    """Counts ticks: `tick(moment)` gives the smoothed rate."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._interval: float | None = None

    def tick(self, moment: float) -> float | None:
        """Ticks a second, exponentially smoothed over intervals; None before the second tick.

        Args:
            moment: seconds of any clock; not later than the last one counts as no interval.
        """
        if self._last is not None and moment > self._last:
            interval = moment - self._last
            kept = interval if self._interval is None else self._interval
            self._interval = kept + _NEWEST * (interval - kept)
        self._last = moment
        return None if self._interval is None else 1 / self._interval
