"""A wrapper that gives an output a thread and a bounded queue of its own."""

from __future__ import annotations

import logging
import threading
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Any

from edgevision.errors import EdgevisionError, OutputError
from edgevision.pipeline.failures import Failures
from edgevision.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from typing_extensions import Self

    from edgevision.protocols import Output
    from edgevision.values.report import Report

log = logging.getLogger(__name__)

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0
# Beyond draining: for a file's trailer, a window.
_CLOSING_SECONDS = 0.4
_TEND_SECONDS = 0.1
_STALL_SECONDS = 5.0
_SPILL = 10_000
# Reports that still need their pixels are some megabytes each.
_SPILL_WITH_PIXELS = 16


class Outlet:
    """Opens, writes and closes `output` in a thread; `write` never waits for a disk or a screen.

    When the queue is full the oldest report without events is dropped and counted. Reports with
    events are kept, in order, while the output fails, and tried again with growing pauses.

    Args:
        output: if it has `wants_pixels = False`, it is given only reports with events, with the
            pixels taken out; if it has `lossless = False`, any report may be dropped; if it has
            `tend()`, that is called every `tend_seconds` (0.1 without) while nothing comes.
        depth: reports that may wait, 1 or more.
        keep_events: False lets reports with events be dropped like the others.
        wait: for files: a writer waits for room while the output works, and nothing is dropped.
        stop: ends that waiting; a single write that hangs for 5 s ends it too.
        spill: events that may wait beyond `depth`; None is 10,000, or 16 where pixels are kept.
        open_seconds, drain_seconds: how long entering and leaving wait at most.

    Attributes:
        written, dropped: reports since the beginning.
        failures: what it failed with.
    """

    def __init__(
        self,
        output: Output,
        *,
        depth: int = 4,
        keep_events: bool = True,
        wait: bool = False,
        stop: threading.Event | None = None,
        spill: int | None = None,
        open_seconds: float = 5.0,
        drain_seconds: float = 1.5,
    ) -> None:
        self.name = output.name
        self.lossless: bool = getattr(output, "lossless", True)
        self.wants_pixels: bool = getattr(output, "wants_pixels", True)
        self.written = self.dropped = 0
        self._output = output
        self._lost = 0
        self._when_closed: Callable[[], object] | None = None
        self._tend = getattr(output, "tend", None)
        self._tend_seconds = getattr(output, "tend_seconds", _TEND_SECONDS)
        self._depth = depth
        self._keep_events = keep_events and self.lossless
        self._wait = wait
        self._stop = stop or threading.Event()
        self._spill = spill or (_SPILL_WITH_PIXELS if self.wants_pixels else _SPILL)
        self._open_seconds, self._drain_seconds = open_seconds, drain_seconds
        self._queue: deque[Report] = deque()
        self._events_waiting = 0
        self._changed = threading.Condition()
        self._opened = threading.Event()
        self._opening_error: Exception | None = None
        self._ended = False
        self._deadline: float | None = None
        self._pause = _FIRST_PAUSE
        self.failures = Failures(output.name)
        self._worker = Worker(f"output-{self.name}", self._serve, patient=True)

    def __enter__(self) -> Self:
        self._worker.start()
        if not self._opened.wait(self._open_seconds):
            self._drain_seconds = 0.0
            self.finish()
            raise OutputError(f"{self.name}: did not open within {self._open_seconds:g} s")
        if self._opening_error is not None:
            raise self._opening_error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.finish()
        left_seconds = max((self._deadline or 0.0) - monotonic(), 0.0)
        if not self._worker.stop(left_seconds + _CLOSING_SECONDS):
            log.warning("%s: did not end in time and is left behind", self.name)
        with self._changed:
            self._ended = True
            left = len(self._queue)
            self._discard_all()
        if left:
            log.warning("%s: gave up with %d reports not written", self.name, left)

    def write(self, report: Report) -> None:
        """Put `report` into the queue; see the class for what happens when it is full."""
        if not self.wants_pixels:
            if not report.events:
                return
            report = report.without_pixels()
        with self._changed:
            patience = monotonic() + _STALL_SECONDS
            while self._wait and self._is_full() and monotonic() < patience:
                if self._stop.is_set():
                    break
                self._changed.wait(_TEND_SECONDS)
            self._queue.append(report)
            self._events_waiting += len(report.events)
            self._make_room()
            self._changed.notify_all()

    @property
    def waiting(self) -> int:
        """Reports in the queue now."""
        return len(self._queue)

    @property
    def lost_events(self) -> int:
        """Events that could not be written, here or by an output that counts its own."""
        return self._lost + int(getattr(self._output, "lost_events", 0))

    def ask_picture(self, source: str | None) -> bool:
        """Have a picture of the next frame of `source` (None: of any) kept, if it keeps such."""
        ask = getattr(self._output, "ask", None)
        if ask is None or self._ended:
            return False
        ask(source)
        return True

    def attach(self, **parts: Any) -> None:
        """Hand an output that listens to the run, or tells of it, what it needs for that."""
        attach = getattr(self._output, "attach", None)
        if attach is not None:
            attach(**parts)

    @property
    def trouble(self) -> str | None:
        """What keeps it from its work now, in words; None if nothing does."""
        return self.failures.last or getattr(self._output, "trouble", None)

    @property
    def state(self) -> Mapping[str, Any]:
        """What the output itself says of how it is."""
        return getattr(self._output, "state", {})

    def when_closed(self, then: Callable[[], object]) -> None:
        """Call `then` once, in the outlet's thread, when the person closes the output's window."""
        self._when_closed = then

    def finish(self) -> None:
        """Ask it to write what waits and then to end; does not wait, leaving `with` does.

        Asked of all outlets before the first is left, they end side by side.
        """
        with self._changed:
            if self._deadline is None:
                self._deadline = monotonic() + self._drain_seconds
            self._changed.notify_all()

    def _is_full(self) -> bool:
        # A failing output holds nobody up: its events spill instead.
        working = self.failures.last is None and not self._ended
        return working and len(self._queue) >= self._depth

    def _make_room(self) -> None:
        if self._ended:
            self._discard_all()
        while len(self._queue) > self._depth:
            plain = None
            if self.wants_pixels:
                plain = next((report for report in self._queue if not report.events), None)
            if plain is not None or not self._keep_events:
                self._discard(plain or self._queue[0])
            elif self._events_waiting > self._spill and len(self._queue) > 1:
                self._discard(self._queue[0])
            else:
                return

    def _discard(self, report: Report) -> None:
        self._queue.remove(report)
        self._events_waiting -= len(report.events)
        self._count_out(report)

    def _discard_all(self) -> None:
        while self._queue:
            self._discard(self._queue[0])

    def _count_out(self, report: Report) -> None:
        if report.events and self._keep_events:
            self._lost += len(report.events)
        else:
            self.dropped += 1

    def _serve(self, stopping: threading.Event) -> None:
        try:
            with self._output:
                self._opened.set()
                while self._turn(stopping):
                    pass
        except Exception as error:  # noqa: BLE001 - told by whoever waits for the opening, or here
            if self._opened.is_set():
                self.failures.note(error)
            else:
                self._opening_error = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()
            self._opened.set()

    def _turn(self, stopping: threading.Event) -> bool:
        """Write one report or tend the output; False when all is written or time is up."""
        with self._changed:
            if not self._queue and self._deadline is None:
                self._changed.wait(self._tend_seconds if self._tend else 1.0)
            if self._is_out_of_time():
                return False
            report = self._queue.popleft() if self._queue else None
            if report is not None:
                self._events_waiting -= len(report.events)
                self._changed.notify_all()
        if report is not None:
            self._deliver(report)
        elif self._tend is not None:
            try:
                self._tend()
            except Exception as error:  # noqa: BLE001 - as when writing
                self.failures.note(error)
        self._tell_if_closed()
        if report is not None:
            return True
        return self._deadline is None and not stopping.is_set()

    def _tell_if_closed(self) -> None:
        closed = getattr(self._output, "closed", None)
        if self._when_closed is not None and closed is not None and closed.is_set():
            self._when_closed()
            self._when_closed = None

    def _deliver(self, report: Report) -> None:
        """Write `report`; one with events is tried until it works or time is up."""
        while True:
            try:
                self._output.write(report)
            except Exception as error:  # noqa: BLE001 - an output's fault must not end the others
                self.failures.note(error)
                again = isinstance(error, EdgevisionError) and self._keep_events and report.events
            else:
                self.written += 1
                self._pause = _FIRST_PAUSE
                self.failures.end()
                return
            with self._changed:
                self._wait_before_trying_again()
                if not again or self._is_out_of_time():
                    self._count_out(report)
                    return

    def _wait_before_trying_again(self) -> None:
        self._changed.wait_for(lambda: self._deadline is not None, self._pause)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        if self._deadline is not None:
            self._changed.wait(min(_FIRST_PAUSE, max(self._deadline - monotonic(), 0.0)))

    def _is_out_of_time(self) -> bool:
        return self._deadline is not None and monotonic() >= self._deadline
