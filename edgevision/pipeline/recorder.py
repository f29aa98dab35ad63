"""An event exists once the store has committed it: the store first, then those who tell of it."""

from __future__ import annotations

import logging
from collections import deque
from contextlib import ExitStack
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from edgevision.errors import EdgevisionError
from edgevision.pipeline.outlet import Outlet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import TracebackType

    from typing_extensions import Self

    from edgevision.protocols import Output
    from edgevision.values.event import Event
    from edgevision.values.report import Report

log = logging.getLogger(__name__)

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0
_BATCH = 500


class Store(Protocol):
    """What keeps events: `with store: store.add(events)`."""

    def __enter__(self) -> Any: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
    def add(self, events: Sequence[Event]) -> int:
        """Commit `events`, all or none; how many were new."""
        ...


class Recorder:
    """Writes a report's events to `store` and then hands the report to `outputs`.

    While the store fails its events wait here and are tried again, and the outputs are told all
    the same: better told than lost. A store or an output that does not open is said and left out,
    the store until it does open.

    Args:
        store: opened and closed here, in the thread that uses this output; None keeps nothing.
        outputs: each gets an `Outlet` of its own, so that none waits for another.
        spill: events that may wait for the store; the oldest beyond are lost, and counted.

    Attributes:
        saved: events that the store has committed.
        unsaved: events that it never could.
        errors: failures of the store.
        last_error: its last failure, in words; None while it works.
    """

    name = "recorder"
    lossless: ClassVar[bool] = True
    wants_pixels: ClassVar[bool] = False

    def __init__(
        self, store: Store | None, outputs: Iterable[Output] = (), *, spill: int = 10_000
    ) -> None:
        self.saved = self.unsaved = self.errors = 0
        self.last_error: str | None = None
        self.outlets = [one if isinstance(one, Outlet) else Outlet(one) for one in outputs]
        self._store = store
        self._spill = spill
        self._waiting: deque[Event] = deque()
        self._stack = ExitStack()
        self._is_open = False
        self._pause = _FIRST_PAUSE
        self._next_try = 0.0

    @property
    def lost_events(self) -> int:
        """Events that the store or an output lost; one that two lost counts twice."""
        return self.unsaved + sum(outlet.lost_events for outlet in self.outlets)

    @property
    def waiting(self) -> int:
        """Events that the store has not taken yet."""
        return len(self._waiting)

    def __enter__(self) -> Self:
        self.outlets = [outlet for outlet in self.outlets if self._opens(outlet)]
        self._save()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for outlet in self.outlets:
            outlet.finish()
        self._next_try = 0.0
        self._save()
        if self._waiting:
            self.unsaved += len(self._waiting)
            log.error("store: %d events could not be kept", len(self._waiting))
            self._waiting.clear()
        self._stack.close()

    def write(self, report: Report) -> None:
        """Commit the events of `report`, then tell the outputs."""
        if self._store is not None:
            self._waiting.extend(report.events)
            self._save()
            while len(self._waiting) > self._spill:
                self._waiting.popleft()
                self.unsaved += 1
        for outlet in self.outlets:
            outlet.write(report)

    def tend(self) -> None:
        """Try again what the store would not take, when its pause is over."""
        if self._waiting or not self._is_open:
            self._save()

    def _opens(self, outlet: Outlet) -> bool:
        try:
            self._stack.enter_context(outlet)
        except EdgevisionError as error:
            log.warning("output %s is left out: %s", outlet.name, error)
            return False
        return True

    def _save(self) -> None:
        if self._store is None or monotonic() < self._next_try:
            return
        try:
            if not self._is_open:
                self._stack.enter_context(self._store)
                self._is_open = True
            while self._waiting:
                batch = list(islice(self._waiting, _BATCH))
                self._store.add(batch)
                self.saved += len(batch)
                for _ in batch:
                    self._waiting.popleft()
        except EdgevisionError as error:
            self._failed(error)
        else:
            self._works()

    def _failed(self, error: EdgevisionError) -> None:
        self.errors += 1
        if str(error) != self.last_error:
            log.warning("store: %s; its events are told, and wait in memory", error)
        self.last_error = str(error)
        self._next_try = monotonic() + self._pause
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    def _works(self) -> None:
        if self.last_error is not None:
            log.warning("store: works again")
        self.last_error = None
        self._next_try = 0.0
        self._pause = _FIRST_PAUSE
