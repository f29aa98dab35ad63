"""The thread of a supervised source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgevision.errors import SourceError
from edgevision.worker import Worker

if TYPE_CHECKING:
    from threading import Event

    from edgevision.pipeline.supervise import Supervised
    from edgevision.protocols import Source


class Reader:
    """Opens, reads and closes, again and again, in a thread of its own.

    Attributes:
        joins_at: what its owner adds to the numbers and the seconds of this opening's frames.
    """

    def __init__(self, owner: Supervised) -> None:
        self.joins_at: tuple[int, float] | None = None
        self._owner = owner
        self._source: Source | None = None
        self._worker = Worker(f"read {owner.name}", self._run)

    def start(self) -> None:
        """Begin."""
        self._worker.start()

    @property
    def running(self) -> bool:
        """Whether the thread is still there."""
        return self._worker.running

    def ask_to_stop(self) -> None:
        """Make the source end soon; returns at once."""
        self._worker.stopping.set()
        source = self._source
        if source is not None:
            source.stop()

    def end(self, seconds: float) -> bool:
        """Ask it to stop and wait at most `seconds`; True if it has ended, its source closed."""
        self.ask_to_stop()
        return self._worker.wait(seconds)

    def _run(self, stopping: Event) -> None:
        while not stopping.is_set():
            opened_at = self._owner.clock()
            try:
                self._owner.is_opening(self)
                self._read(stopping)
                error: Exception = SourceError("the stream ended")
            except Exception as failure:  # noqa: BLE001 - whatever a driver throws, it goes on
                error = failure
            seconds = self._owner.failed(self, error, self._owner.clock() - opened_at)
            if seconds is None or stopping.wait(seconds):
                return

    def _read(self, stopping: Event) -> None:
        self.joins_at = None
        self._source = self._owner.make()
        try:
            with self._source as source:
                self._owner.has_opened(self)
                for frame in source:
                    if stopping.is_set():
                        return
                    self._owner.gave(self, frame)
        finally:
            self._source = None
