"""How long a stage takes: exact over the last frames, in buckets over the whole run."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

BUCKETS: Final = (1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0)
"""Upper bounds in milliseconds; what is longer than the last counts for the sum and the count."""

# Latency is told over this many of the last frames; enough for a steady 95th percentile.
_REMEMBERED = 2000


class Latency:
    """Times of one stage. One thread adds at a time; `copy` gives what another may read."""

    def __init__(self) -> None:
        self.count = 0
        self.sum_ms = 0.0
        self._counts = [0] * (len(BUCKETS) + 1)
        self._recent: deque[float] = deque(maxlen=_REMEMBERED)

    def add(self, millis: float) -> None:
        """Take one time in."""
        self.count += 1
        self.sum_ms += millis
        self._counts[bisect_left(BUCKETS, millis)] += 1
        self._recent.append(millis)

    def copy(self) -> Latency:
        """The same times so far; later ones change only one of the two."""
        other = Latency()
        other.count, other.sum_ms = self.count, self.sum_ms
        other._counts, other._recent = list(self._counts), self._recent.copy()
        return other

    def percentiles(self, *percents: float) -> Sequence[float] | None:
        """Milliseconds, over the last frames; None before the first."""
        if not self._recent:
            return None
        found: list[float] = np.percentile(np.array(self._recent), percents).tolist()
        return found

    def to_dict(self) -> dict[str, Any]:
        """JSON types; `buckets` holds how many took at most so long, as Prometheus counts them."""
        middle, high = self.percentiles(50, 95) or (None, None)
        below, buckets = 0, {}
        for bound, count in zip(BUCKETS, self._counts, strict=False):
            below += count
            buckets[f"{bound:g}"] = below
        return {
            "p50": None if middle is None else round(middle, 3),
            "p95": None if high is None else round(high, 3),
            "count": self.count,
            "sum_ms": round(self.sum_ms, 3),
            "buckets": buckets,
        }
