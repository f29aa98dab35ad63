"""A clip that is being made: frames wait as JPEGs and are encoded a few at a time."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edgevision.outputs.film import Film
from edgevision.pixels.blur import blurred

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edgevision.outputs.ring import Coded
    from edgevision.values.box import Box
    from edgevision.values.event import Event

LONGEST_SECONDS = 60.0
"""What goes on for longer goes into another clip."""


class Recording:
    """One clip of one source.

    Args:
        before: frames from before the event.
        event: what it is of; `include` adds others.
        seconds: the source's time of the event.
        after: seconds that follow the last event.
        blur: leave nothing recognisable but the boxes of the events that are known so far.

    Attributes:
        events: what it shows.
        until: the source's time at which it ends.
    """

    def __init__(
        self, before: Iterable[Coded], event: Event, seconds: float, after: float, *, blur: bool
    ) -> None:
        self.events = [event]
        self.until = seconds + after
        self._after = after
        self._blur = blur
        self._waiting = deque(before)
        self._begun = self._waiting[0].seconds if self._waiting else seconds
        self._film = Film()

    def include(self, event: Event, seconds: float) -> bool:
        """Go on for `event`, too; False if the clip would get too long."""
        until = max(self.until, seconds + self._after)
        if seconds > self.until or until - self._begun > LONGEST_SECONDS:
            return False
        self.events.append(event)
        self.until = until
        return True

    def add(self, frame: Coded) -> None:
        """Let `frame` wait, if it still belongs to the clip."""
        if frame.seconds <= self.until:
            self._waiting.append(frame)

    def encode(self, most: int | None = None) -> bool:
        """Encode at most `most` frames; False if none is left waiting."""
        while self._waiting and most != 0:
            frame = self._waiting.popleft()
            bgr = cv2.imdecode(np.frombuffer(frame.data, np.uint8), cv2.IMREAD_COLOR)
            if bgr is not None:
                pixels = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
                shown = blurred(pixels, self._boxes()) if self._blur else pixels
                self._film.add(shown, frame.seconds)
            most = None if most is None else most - 1
        return bool(self._waiting)

    def finish(self) -> bytes:
        """Encode what is left; the file's bytes."""
        self.encode()
        return self._film.finish()

    def _boxes(self) -> list[Box]:
        return [event.box for event in self.events]
