"""Several sources as one: a frame of each in turn, the newest where frames may be left out."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from threading import Condition
from typing import TYPE_CHECKING, Any

from edgevision.errors import EdgevisionError, SourceError
from edgevision.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from threading import Event
    from types import TracebackType

    from typing_extensions import Self

    from edgevision.protocols import Source
    from edgevision.values.frame import Frame

log = logging.getLogger(__name__)

_CLOSING_SECONDS = 2.0


class Merged:
    """Gives the frames of several sources, so that none waits longer than the others.

    Each source is read by a thread of its own into a slot: a live one puts its newest frame there,
    a file waits until its frame was taken. Whoever iterates takes the slots in turn and leaves out
    those that are empty. A source that is absent or ends does not stop the others.

    Args:
        sources: not opened; of different names.

    Attributes:
        sources: as given.
        live: whether all of them are.
    """

    name = "merged"

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = tuple(sources)
        self.live = all(source.live for source in sources)
        self._changed = Condition()
        self._lanes = [_Lane(source, self._changed) for source in sources]
        self._stopped = False
        self._turn = 0

    def __enter__(self) -> Self:
        for lane in self._lanes:
            lane.worker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        with ExitStack() as closing:
            for lane in self._lanes:
                closing.callback(lane.worker.wait, _CLOSING_SECONDS)

    def __iter__(self) -> Iterator[Frame]:
        """A frame of each source in turn, until all have ended or `stop()`.

        Raises:
            EdgevisionError: the first source's, if not one of them ever gave a frame.
        """
        while (frame := self._next()) is not None:
            yield frame
        first = next((lane.error for lane in self._lanes if lane.error is not None), None)
        if first is not None and not self._stopped and not any(lane.given for lane in self._lanes):
            raise first

    def stop(self) -> None:
        """End the iteration; may be called from any thread, and returns at once."""
        with self._changed:
            self._stopped = True
            for lane in self._lanes:
                lane.worker.stopping.set()
            self._changed.notify_all()
        for source in self.sources:
            source.stop()

    def numbers(self, source: Source) -> dict[str, Any]:
        """What is known here of one of the sources: its state, and the frames left out."""
        lane = next(lane for lane in self._lanes if lane.source is source)
        return {"state": lane.state, "dropped": lane.dropped}

    def trouble(self, source: Source) -> str | None:
        """Why one of the sources gives no frames any more; None while it does or has ended."""
        lane = next(lane for lane in self._lanes if lane.source is source)
        return None if lane.error is None else str(lane.error)

    def _next(self) -> Frame | None:
        with self._changed:
            while not self._stopped:
                for step in range(len(self._lanes)):
                    lane = self._lanes[(self._turn + step) % len(self._lanes)]
                    if lane.slot is not None:
                        self._turn = (self._turn + step + 1) % len(self._lanes)
                        frame, lane.slot = lane.slot, None
                        lane.given += 1
                        self._changed.notify_all()
                        return frame
                if all(lane.state == "ended" for lane in self._lanes):
                    return None
                self._changed.wait()
        return None


class _Lane:
    """One source, its thread and its slot; all but `worker` is read and written under `changed`."""

    def __init__(self, source: Source, changed: Condition) -> None:
        self.source = source
        self.worker = Worker(f"lane {source.name}", self._run)
        self.slot: Frame | None = None
        self.state = "opening"
        self.error: EdgevisionError | None = None
        self.dropped = self.given = 0
        self._changed = changed

    def _run(self, stopping: Event) -> None:
        error: EdgevisionError | None = None
        try:
            with self.source:
                for frame in self.source:
                    if not self._put(frame, stopping):
                        break
        except EdgevisionError as failure:
            error = failure
        except Exception as failure:  # noqa: BLE001 - one source's fault is not the others'
            error = SourceError(f"source {self.source.name}: {failure!r}")
        if error is not None and not stopping.is_set():
            log.warning("%s; going on without it", error)
        with self._changed:
            self.state, self.error = "ended", error
            self._changed.notify_all()

    def _put(self, frame: Frame, stopping: Event) -> bool:
        with self._changed:
            self.state = "running"
            if self.source.live:
                self.dropped += self.slot is not None
            else:
                self._changed.wait_for(lambda: self.slot is None or stopping.is_set())
            if stopping.is_set():
                return False
            self.slot = frame
            self._changed.notify_all()
            return True
