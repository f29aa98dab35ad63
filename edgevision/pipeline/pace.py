"""When to take the next frame: late, so that it is new, but not so late that the network waits."""

from __future__ import annotations

from collections import deque

# So many of the last frames tell how long the next one will take.
_REMEMBERED = 8
_MARGIN = 1.5
# Seconds that a thread may be late in waking up.
_SLACK_SECONDS = 0.0005


class Pace:
    """Remembers how long frames took to make ready and to infer.

    One thread calls `aimed` and `wait_seconds`, another `inferred`.
    """

    def __init__(self) -> None:
        self._aims: deque[float] = deque(maxlen=_REMEMBERED)
        self._inferences: deque[float] = deque(maxlen=_REMEMBERED)

    def aimed(self, seconds: float) -> None:
        """A frame took so long to be read and made ready."""
        self._aims.append(seconds)

    def inferred(self, seconds: float) -> None:
        """A frame took the network so long; near 0 if it was not looked at."""
        self._inferences.append(seconds)

    def wait_seconds(self) -> float:
        """From the start of one inference to the reading of the next frame.

        The shortest of the last inferences, less one and a half times the second longest of the
        last readings: where either varies, the network's time counts for more than the frame's age.
        """
        if len(self._inferences) < _REMEMBERED or len(self._aims) < _REMEMBERED:
            return 0.0
        return max(0.0, min(self._inferences) - _MARGIN * sorted(self._aims)[-2] - _SLACK_SECONDS)
