"""Whether frames are inferred just now: read for every frame, changed by commands."""

from __future__ import annotations

import threading
from typing import Literal

Pause = Literal["", "off", "frozen"]


class Switches:
    """Two switches that any thread may read.

    Args:
        live: of the source; frames of a file wait while the answer stands still, since nobody
            would see them.

    Attributes:
        pause: why frames are not inferred now; "" if they are.
        moving: cleared while the source is not to be read.
    """

    def __init__(self, *, live: bool) -> None:
        self.pause: Pause = ""
        self.moving = threading.Event()
        self.moving.set()
        self._live = live
        self._enabled, self._frozen = True, False

    @property
    def enabled(self) -> bool:
        """Frames are inferred, unless it is frozen."""
        return self._enabled

    @property
    def frozen(self) -> bool:
        """The answer stands still."""
        return self._frozen

    def enable(self, *, on: bool) -> None:
        """Infer, or only read."""
        self._enabled = on
        self._set()

    def freeze(self, *, on: bool) -> None:
        """Keep the answer as it is, or go on."""
        self._frozen = on
        self._set()

    def _set(self) -> None:
        self.pause = "frozen" if self._frozen else "" if self._enabled else "off"
        if self._frozen and not self._live:
            self.moving.clear()
        else:
            self.moving.set()
