"""The last seconds of a source as JPEGs: what a clip shows of the time before its event."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Coded:
    """A frame as a JPEG, and the source's own time of it."""

    seconds: float
    data: bytes


class Ring:
    """Keeps what is not older than `seconds`, and never more than `most_bytes`.

    Attributes:
        bytes: of all frames in it.
        last: the time of the newest frame; None before the first.
    """

    def __init__(self, seconds: float, most_bytes: int) -> None:
        self.bytes = 0
        self.last: float | None = None
        self._seconds = seconds
        self._most_bytes = most_bytes
        self._frames: deque[Coded] = deque()

    def add(self, frame: Coded) -> None:
        """Put `frame` behind the others; the oldest leave."""
        self._frames.append(frame)
        self.bytes += len(frame.data)
        self.last = frame.seconds
        while self._frames and (
            frame.seconds - self._frames[0].seconds > self._seconds or self.bytes > self._most_bytes
        ):
            self.bytes -= len(self._frames.popleft().data)

    def __iter__(self) -> Iterator[Coded]:
        """The frames, the oldest first."""
        return iter(self._frames)
