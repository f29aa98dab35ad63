"""Keeps a live source going, and keeps only its newest frame."""

from __future__ import annotations

import logging
import random as dice
import time
from dataclasses import replace
from threading import Condition
from typing import TYPE_CHECKING

from edgevision.errors import SourceError, WrittenError
from edgevision.pipeline.backoff import Backoff
from edgevision.pipeline.counts import Counts
from edgevision.pipeline.reader import Reader
from edgevision.pipeline.standstill import Standstill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from typing_extensions import Self

    from edgevision.protocols import Source
    from edgevision.values.frame import Frame

log = logging.getLogger(__name__)

MOST_HUNG = 3  # readers that never returned; no further one is begun


class Supervised:
    """A live source that is opened again whenever it stalls, fails, ends or stands still.

    One thread reads the source and puts each frame into one slot, where the newest wins: this is
    the latest-frame slot of the loop, and of previews by `peek()`. Whoever iterates watches the
    clock: a reader that gives nothing for `stall_seconds` is asked to stop; if it hangs, it is
    left behind (a daemon thread, which closes its source should it ever return) and a new one
    begins. At most `MOST_HUNG` are left behind; then one of them has to return first.

    Args:
        make: makes the source, not yet opened; called for every opening.
        name: the name that its frames carry.
        stall_seconds: no frame for so long is a stall.
        open_seconds: the same for opening, and for the first frame, which take longer.
        closing_seconds: how long a source that should close is waited for.
        patient: whether a source that is absent at first is waited for; otherwise its first
            failure to open is raised.
        first_backoff: seconds before the second try.
        longest_backoff: the most seconds between tries.
        random: gives 0..1, for the jitter.
        clock: gives seconds.

    Attributes:
        counts: what happened so far.
        state: "opening", "running", "waiting" (for the next try) or "stopped".
    """

    live = True

    def __init__(
        self,
        make: Callable[[], Source],
        name: str,
        *,
        stall_seconds: float = 5.0,
        open_seconds: float = 15.0,
        closing_seconds: float = 1.0,
        patient: bool = True,
        first_backoff: float = 0.5,
        longest_backoff: float = 30.0,
        random: Callable[[], float] = dice.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.counts = Counts()
        self.state = "stopped"
        self.make = make
        self.clock = clock
        self._stall_seconds = stall_seconds
        self._open_seconds = max(open_seconds, stall_seconds)
        self._closing_seconds = closing_seconds
        self._patient = patient
        self._backoff = Backoff(first_backoff, longest_backoff, random)
        self._standstill = Standstill(random)
        self._changed = Condition()
        self._stopped = False
        self._fatal: Exception | None = None
        self._reader: Reader | None = None
        self._hung: list[Reader] = []
        self._newest: Frame | None = None
        self._fresh = False
        self._since = 0.0  # when something last happened, by the clock
        self._last_seconds = float("-inf")
        self._next_number = 0

    def __enter__(self) -> Self:
        with self._changed:
            self._stopped, self._fatal = False, None
            self._begin()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        reader, self._reader = self._reader, None
        if reader is not None and not reader.end(self._closing_seconds):
            log.warning("source %s: does not close; left behind", self.name)

    def __iter__(self) -> Iterator[Frame]:
        """The newest frame each time, until `stop()`.

        Raises:
            WrittenError: if what was written about the source is wrong.
            SourceError: if it is absent at first, and the supervisor is not patient.
        """
        while not self._stopped:
            frame = self.next(self._stall_seconds)
            if frame is not None:
                yield frame

    def next(self, seconds: float) -> Frame | None:
        """The newest frame that was not given yet; None if none comes within `seconds`.

        Raises: as the iteration does.
        """
        until = self.clock() + seconds
        while True:
            with self._changed:
                if self._stopped:
                    return None
                if self._fatal is not None:
                    raise self._fatal
                if self._fresh:
                    self._fresh = False
                    frame = self._newest
                    self._age()
                    return frame
                now, stalled_at = self.clock(), self._stalled_at()
                if now >= until:
                    return None
                if now < stalled_at:
                    self._changed.wait(min(until, stalled_at) - now)
                    continue
            self._replace_reader()

    def peek(self) -> Frame | None:
        """The newest frame, given already or not; None before the first."""
        return self._newest

    def wait_for_other(self, seen: Frame | None, seconds: float) -> Frame | None:
        """The newest frame once it is another than `seen`; None if none comes in `seconds`."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._newest is not seen, seconds)
            return None if self._newest is seen else self._newest

    def stop(self) -> None:
        """End the iteration; may be called from any thread, and returns at once."""
        with self._changed:
            self._stopped = True
            self.state = "stopped"
            reader = self._reader
            self._changed.notify_all()
        if reader is not None:
            reader.ask_to_stop()

    def change(self, make: Callable[[], Source], stall_seconds: float) -> None:
        """Close the source and open what `make` makes in its place, waiting for it if need be.

        Waits until the source is closed, at most as long as that may take.
        """
        with self._changed:
            self.make, self._stall_seconds, self._patient = make, stall_seconds, True
            before, self._reader = self._reader, None
            # Nobody takes the silence until then for a stall.
            self.state, self._since = "opening", self.clock()
        if before is not None and not before.end(self._closing_seconds):
            self._hung.append(before)
        with self._changed:
            if not self._stopped:
                self._begin()

    def _age(self) -> None:
        """The last picture stays up for who looks at the source, and says that it is old."""
        if self._newest is not None and not self._fresh and self.state != "running":
            self._newest = replace(self._newest, fault="stale")

    def _stalled_at(self) -> float:
        if self.state == "waiting" and self._reader is not None:
            return float("inf")  # its reader is waiting, and will say when it goes on
        running = self.state == "running"
        return self._since + (self._stall_seconds if running else self._open_seconds)

    def _begin(self) -> None:
        self._hung = [reader for reader in self._hung if reader.running]
        self._since = self.clock()
        if len(self._hung) >= MOST_HUNG:
            self.state = "waiting"
            return
        self.state = "opening"
        self._age()
        self._reader = Reader(self)
        self._reader.start()

    def _replace_reader(self) -> None:
        with self._changed:
            stalled, self._reader = self._reader, None
            if stalled is not None:
                what = "no frame" if self.state == "running" else "does not open: no answer"
                self.counts.stalls += 1
                problem = f"{what} for {self.clock() - self._since:.1f} s"
                if not self._patient:
                    self._fatal = SourceError(f"source {self.name}: {problem}")
                    return
                self._tell(problem)
        # Outside the lock, so that stop() and the previews are not held up.
        if stalled is not None and not stalled.end(self._closing_seconds):
            self._hung.append(stalled)
        with self._changed:
            if not self._stopped:
                self._begin()

    def _tell(self, problem: str) -> None:
        # A camera that stays away for a week fills no log.
        level = logging.DEBUG if problem == self.counts.last_error else logging.WARNING
        log.log(level, "source %s: %s; trying again", self.name, problem)
        self.counts.last_error = problem

    # What a reader says; one that was left behind is not listened to.

    def is_opening(self, reader: Reader) -> None:
        """A try begins."""
        with self._changed:
            if reader is self._reader and not self._stopped:
                self.state = "opening"
                self._since = self.clock()
                self._changed.notify_all()

    def has_opened(self, reader: Reader) -> None:
        """The source is open; its first frame is awaited."""
        with self._changed:
            if reader is self._reader:
                self.counts.opened += 1
                self._standstill.opened()
                self._patient = True
                self._since = self.clock()

    def gave(self, reader: Reader, frame: Frame) -> None:
        """Put `frame` into the slot, its number and seconds joined to those before.

        Raises:
            SourceError: if it has been frozen for so long that opening it again may help.
        """
        with self._changed:
            if reader is not self._reader or self._stopped:
                return
            if reader.joins_at is None:
                gap = max(0.0, self._last_seconds - frame.seconds)
                reader.joins_at = (self._next_number - frame.number, gap)
                self.state = "running"
            number = max(self._next_number, frame.number + reader.joins_at[0])
            seconds = max(self._last_seconds, frame.seconds + reader.joins_at[1])
            self.counts.dropped += self._fresh
            if frame.fault != self.counts.fault:
                self.counts.black += frame.fault == "black"
                self.counts.frozen += frame.fault == "frozen"
                self.counts.fault = frame.fault
            self._newest = replace(frame, number=number, seconds=seconds, source=self.name)
            self._next_number, self._last_seconds = number + 1, seconds
            self._fresh = True
            self._since = self.clock()
            self._changed.notify_all()
            if self._standstill.is_over(frame.fault, seconds):
                raise SourceError("the same picture for too long")

    def failed(self, reader: Reader, error: Exception, ran_seconds: float) -> float | None:
        """Note `error`; the seconds to wait before the next try, None if there is none."""
        with self._changed:
            if reader is not self._reader or self._stopped:
                return None
            self._changed.notify_all()
            if isinstance(error, WrittenError) or not self._patient:
                self._fatal = error
                self.counts.errors += 1
                return None
            self.state = "waiting"
            self._age()
            self._tell(str(error) or type(error).__name__)
            # Whoever sees the count, without the lock, also sees that the source is away.
            self.counts.errors += 1
            if ran_seconds >= self._stall_seconds:
                self._backoff.reset()
            self.counts.wait_seconds = self._backoff.seconds()
            return self.counts.wait_seconds
