"""Lets old events and pictures go beside a run, or when it is asked to."""

from __future__ import annotations

import logging
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from edgevision.errors import EdgevisionError
from edgevision.store.plan import Limits
from edgevision.store.retention import Pruned, prune
from edgevision.worker import Worker

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from typing_extensions import Self

    from edgevision.config.schema import Settings

log = logging.getLogger(__name__)

# A start has better things to do.
_FIRST_SECONDS = 10.0
_EVERY_SECONDS = 60.0


def limits_of(settings: Settings) -> Limits:
    """What `store.retention` says."""
    return Limits(**dict(settings.store.retention))


def folders_of(settings: Settings) -> frozenset[Path]:
    """Where outputs are set to store pictures; nothing is deleted anywhere else."""
    outputs = (settings.outputs.snapshots, settings.outputs.clips)
    return frozenset(one.folder.resolve() for one in outputs if one is not None)


class Keeper:
    """A worker that looks once a minute for what may go, and gives way to everybody else.

    Args:
        settings: gives those that hold now; they name the limits and the folders.
        store: the database.
        first_seconds, every_seconds: until it first looks, and from then on.

    Attributes:
        last_error: why nothing could be let go, in words; None if that worked.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        store: Path,
        first_seconds: float = _FIRST_SECONDS,
        every_seconds: float = _EVERY_SECONDS,
    ) -> None:
        self._settings = settings
        self._store = store
        self._first_seconds, self._every_seconds = first_seconds, every_seconds
        self._gone = Pruned()
        self.last_error: str | None = None
        self._worker = Worker("keeper", self._work, patient=True)

    def __enter__(self) -> Self:
        self._worker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End; what it is deleting just now is deleted whole."""
        self._worker.stop()

    def _work(self, stopping: threading.Event) -> None:
        pause = self._first_seconds
        while not stopping.wait(pause):
            pause = self._every_seconds
            self._look(stopping)

    def to_dict(self) -> dict[str, Any]:
        """What was let go since the beginning, with JSON types."""
        gone = self._gone
        return {
            "events": gone.events,
            "files": gone.files,
            "mb": round(gone.bytes / 1e6, 1),
            "last_error": self.last_error,
        }

    def _look(self, stopping: threading.Event) -> None:
        now, settings = datetime.now(timezone.utc), self._settings()
        limits, folders = limits_of(settings), folders_of(settings)
        try:
            done = prune(self._store, folders, limits, now, stopping.is_set)
        except EdgevisionError as error:
            # Said once, as long as it stays the same.
            if str(error) != self.last_error:
                log.warning("nothing old is let go: %s", error)
            self.last_error = str(error)
            return
        self.last_error = None
        self._gone = self._gone.with_more(done)
        for path in done.changed:
            log.warning("%s: was changed by somebody, and is left alone from now on", path)
        if done.events or done.files:
            log.info(
                "let go: %d events, %d files of %.1f MB", done.events, done.files, done.bytes / 1e6
            )
