"""A source's newest picture beside the loop, with the last answer painted on it, as a JPEG.

It costs the loop nothing: it looks at what lies there already, in a thread that gives way to
others, and only while somebody watches. Each picture is drawn and encoded once, for all of them.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from threading import Condition
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from edgevision.pipeline.supervise import Supervised
from edgevision.pixels.draw import draw
from edgevision.pixels.encode import jpeg
from edgevision.values.report import Report
from edgevision.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event
    from types import TracebackType

    import numpy as np
    import numpy.typing as npt
    from typing_extensions import Self

    from edgevision.board import Board
    from edgevision.protocols import Source
    from edgevision.values.frame import Frame

log = logging.getLogger(__name__)

# How long it waits for a frame before it looks whether it is to stop, or nobody watches any more.
_LOOK_SECONDS = 0.25
_CLOSING_SECONDS = 1.0


class Frames(Protocol):
    """Where a preview's frames come from."""

    def __call__(self, seen: Frame | None, seconds: float) -> Frame | None:
        """The newest frame once it is another than `seen`; None if none comes in `seconds`."""
        ...


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG of frame `number`; `count` grows by one from each picture to the next."""

    data: bytes
    number: int
    count: int


class Viewer:
    """One who watches. May be used by one thread at a time.

    Attributes:
        gone: it has left, or the preview has closed.
    """

    def __init__(self, preview: Preview, wake: Callable[[], None]) -> None:
        self.gone = False
        self.wake = wake
        self._preview = preview
        self._seen = 0

    def take(self) -> Picture | None:
        """The newest picture, if it was not taken yet: who is slow misses those between."""
        picture = self._preview.newest
        if picture is None or picture.count == self._seen:
            return None
        self._seen = picture.count
        return picture

    def leave(self) -> None:
        """Watch no more; a second call does nothing."""
        self._preview.remove(self)


class Preview:
    """Pictures of one source for whoever watches.

    Args:
        name: of the source.
        frames: gives its newest frame; see `frames_of`.
        board: gives the last report.
        fps: pictures a second, at most.
        most: who may watch at a time.
        quality: of the JPEGs, 1..100.

    Attributes:
        newest: the last picture; None while nobody watches.
        drawn: pictures so far.
    """

    def __init__(
        self,
        name: str,
        frames: Frames,
        board: Board,
        *,
        fps: float = 25.0,
        most: int = 20,
        quality: int = 75,
    ) -> None:
        self.name = name
        self.newest: Picture | None = None
        self.drawn = 0
        self._frames = frames
        self._board = board
        self._apart_seconds = 1 / fps
        self._most = most
        self._quality = quality
        self._viewers: tuple[Viewer, ...] = ()
        self._changed = Condition()
        self._canvas: npt.NDArray[np.uint8] | None = None
        self._worker = Worker(f"preview {name}", self._work, patient=True)

    def __enter__(self) -> Self:
        self._worker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._worker.stopping.set()
        with self._changed:
            self._changed.notify_all()
        self._worker.wait(_CLOSING_SECONDS)
        for viewer in self._viewers:
            viewer.gone = True
            viewer.wake()

    @property
    def viewers(self) -> int:
        """How many watch."""
        return len(self._viewers)

    def join(self, wake: Callable[[], None]) -> Viewer | None:
        """Watch from now on; None if as many as may watch do so.

        Args:
            wake: called in the preview's thread after each picture; it must not wait.
        """
        with self._changed:
            if len(self._viewers) >= self._most or self._worker.stopping.is_set():
                return None
            viewer = Viewer(self, wake)
            self._viewers = (*self._viewers, viewer)
            self._changed.notify_all()
        return viewer

    def remove(self, viewer: Viewer) -> None:
        """Let it go."""
        with self._changed:
            viewer.gone = True
            self._viewers = tuple(one for one in self._viewers if one is not viewer)
            if not self._viewers:
                self.newest = None

    def _work(self, stopping: Event) -> None:
        seen: Frame | None = None
        while not stopping.is_set():
            with self._changed:
                if not self._viewers:
                    # A frame that is held on to is memory that the source cannot use again.
                    seen = self._canvas = None
                    self._changed.wait_for(lambda: self._viewers or stopping.is_set())
            frame = self._frames(seen, _LOOK_SECONDS)
            if frame is None or frame is seen:
                continue
            begun, seen = monotonic(), frame
            try:
                self._show(frame)
            except Exception:
                # One odd picture must not end all the others.
                log.exception("preview %s: frame %d cannot be shown", self.name, frame.number)
            stopping.wait(max(0.0, begun + self._apart_seconds - monotonic()))

    def _show(self, frame: Frame) -> None:
        last = self._board.latest(frame.source)
        report = Report(frame) if last is None else replace(last, frame=frame)
        self._canvas = draw(report, out=self._canvas)
        data = jpeg(self._canvas, self._quality)
        with self._changed:
            if not self._viewers:
                return
            self.drawn += 1
            self.newest = Picture(data, frame.number, self.drawn)
            viewers = self._viewers
        for viewer in viewers:
            viewer.wake()


def frames_of(source: Source, board: Board) -> Frames:
    """Where the pictures of `source` come from.

    A live source has its newest frame lying there, whatever the loop is doing; a file gives its
    frames to the loop alone, and they are seen on the board once they were answered.
    """
    if isinstance(source, Supervised):
        return source.wait_for_other

    def reported(seen: Frame | None, seconds: float) -> Frame | None:
        last = board.latest(source.name)
        if last is None or last.frame is seen:
            last = board.wait_for_change(source.name, last, seconds)
        return None if last is None or last.frame is seen else last.frame

    return reported
