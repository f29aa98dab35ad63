"""When to take the next frame: late, so that it is new, but not so late that the network waits."""

from __future__ import annotations

from collections import deque
from time import perf_counter

# So many of the last frames tell how long the next one will take.
_REMEMBERED = 8
_MARGIN = 1.5
# Seconds that a thread may be late in waking up.
_SLACK_SECONDS = 0.0005


class Pace:
    """Remembers how long frames took to make ready and to infer.

    One thread calls `aimed` and `wait_seconds`, another `inferred`.

    Attributes:
        most_fps: frames a second that are taken at most; None: as many as come. Any thread sets it.
    """

    def __init__(self) -> None:
        self.most_fps: float | None = None
        self._taken_at = float("-inf")
        self._aims: deque[float] = deque(maxlen=_REMEMBERED)
        self._inferences: deque[float] = deque(maxlen=_REMEMBERED)

    def aimed(self, seconds: float) -> None:
        """A frame took so long to be read and made ready."""
        self._aims.append(seconds)
        self._taken_at = perf_counter() - seconds

    def inferred(self, seconds: float) -> None:
        """A frame took the network so long; near 0 if it was not looked at."""
        self._inferences.append(seconds)

    def wait_seconds(self) -> float:
        """From the start of one inference to the reading of the next frame.

        The shortest of the last inferences, less one and a half times the second longest of the
        last readings: where either varies, the network's time counts for more than the frame's age.
        With `most_fps`, at least until the last reading is as long ago as that says.
        """
        most_fps = self.most_fps
        if most_fps is not None:
            return max(self._until_free(), self._taken_at + 1 / most_fps - perf_counter())
        return self._until_free()

    def _until_free(self) -> float:
        if len(self._inferences) < _REMEMBERED or len(self._aims) < _REMEMBERED:
            return 0.0
        return max(0.0, min(self._inferences) - _MARGIN * sorted(self._aims)[-2] - _SLACK_SECONDS)
