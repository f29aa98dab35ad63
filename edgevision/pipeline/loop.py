"""The loop: three threads hand frames on, so that the interpreter never waits for anything else.

    aim     the source's next frame, where to look, the input tensor
    infer   the network
    tell    what it means; the outputs, each of which has a thread of its own

One frame at most waits before the network, and the next one is read shortly before the network is
free: it is as new as it can be, and the network does not wait for it.
"""

from __future__ import annotations

import logging
import os
import threading
from contextlib import suppress
from queue import SimpleQueue
from time import perf_counter
from typing import TYPE_CHECKING, Any

from edgevision.errors import EngineError, OutputError
from edgevision.pipeline.pace import Pace
from edgevision.pipeline.recovery import Recovery
from edgevision.pipeline.switches import Switches
from edgevision.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from edgevision.board import Board
    from edgevision.pipeline.commands import Commands
    from edgevision.pipeline.gears import Gears
    from edgevision.pipeline.health import Health
    from edgevision.pipeline.recogniser import Aimed, Looked
    from edgevision.pipeline.step import Step
    from edgevision.protocols import Engine, Output, Source
    from edgevision.values.frame import Frame
    from edgevision.values.report import Report

    Tensors = Sequence[npt.NDArray[Any]]

log = logging.getLogger(__name__)


# Inferences that may be untold: enough to ride out a slow moment of the hand-over; each is a frame
_UNTOLD = 1


class _Wake:
    """Stands in the queue where a frame would: there are commands."""


_WAKE = _Wake()


class Loop:
    """Runs a step over a source's frames and gives the reports to the outputs.

    Args:
        step: what is done with a frame.
        source: opened; its frames are read here.
        outputs: opened; none may block in `write`.
        board: gets every report.
        health: counts every report.
        max_frames: end after this many frames; None: do not.
        seconds: end after this long; None: do not.
        stopped: set when the loop is told to stop; others may watch it too.
        network_core: the core that the network's thread has for itself; None: any.
        gears: change the network's resolution and threads by what each frame took; None: nothing
            does.
        switches: whether frames are inferred; None: always.
        commands: applied between frames; None: nobody commands.
        remake: builds the interpreter anew after failures; None: it cannot be.
        pace: when frames are taken; None: one of its own.
    """

    def __init__(
        self,
        step: Step,
        source: Source,
        outputs: Sequence[Output],
        *,
        board: Board,
        health: Health,
        max_frames: int | None = None,
        seconds: float | None = None,
        stopped: threading.Event | None = None,
        network_core: frozenset[int] | None = None,
        gears: Gears | None = None,
        switches: Switches | None = None,
        commands: Commands | None = None,
        remake: Callable[[], Engine] | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._step = step
        self._source = source
        self._outputs = outputs
        self._board = board
        self._health = health
        self._max_frames = max_frames
        self._seconds = seconds
        self._pace = pace or Pace()
        self._network_core = network_core
        self._gears = gears
        self._switches = switches or Switches(live=source.live)
        self._commands = commands
        self._remake = remake
        self._recovery = Recovery()
        self._stopped = stopped or threading.Event()
        self._ended = threading.Event()
        self._free: SimpleQueue[Tensors | None] = SimpleQueue()
        self._aimed: SimpleQueue[Aimed | None] = SimpleQueue()
        self._looked: SimpleQueue[Looked | _Wake | None] = SimpleQueue()
        self._room: SimpleQueue[bool] = SimpleQueue()

    def stop(self) -> None:
        """End soon, with everything told; may be called from a signal handler or any thread."""
        self._stopped.set()
        self._switches.moving.set()
        self._free.put(None)
        # The network's thread ends even where a read of the source never returns.
        self._aimed.put(None)
        self._source.stop()

    def run(self) -> None:
        """Until the source ends, a limit is reached or `stop` is called.

        Raises:
            EdgevisionError: that of the source or the engine, when they cannot go on.
        """
        self._free.put(self._step.new_tensors())
        for _ in range(_UNTOLD):
            self._room.put(item=True)
        stages = [
            Worker("aim", lambda _: self._aim()),
            Worker("infer", lambda _: self._infer()),
            Worker("tell", lambda _: self._tell()),
        ]
        for stage in stages:
            stage.start()
        if not self._ended.wait(self._seconds):
            self.stop()
            self._ended.wait()
        # A stage that failed leaves the others waiting.
        self.stop()
        for stage in stages:
            stage.wait(1.0)
            if stage.error is not None:
                raise stage.error

    def _aim(self) -> None:
        try:
            frames = iter(self._source)
            number = 0
            while self._max_frames is None or number < self._max_frames:
                tensors = self._free.get()
                self._switches.moving.wait()
                if tensors is None or self._stopped.wait(self._pace.wait_seconds()):
                    break
                begun = perf_counter()
                frame = next(frames, None)
                if frame is None:
                    break
                aimed = self._step.aim(frame, tensors, self._switches.pause)
                self._pace.aimed(perf_counter() - begun)
                self._aimed.put(aimed)
                number += 1
        finally:
            self._aimed.put(None)

    def _infer(self) -> None:
        try:
            if self._network_core is not None:
                # A core may have been taken out since; then any will do.
                with suppress(OSError):
                    os.sched_setaffinity(0, self._network_core)
            while (aimed := self._aimed.get()) is not None:
                loan = _Loan(self._free, aimed.tensors)
                self._health.inferring_since = perf_counter()
                try:
                    looked = self._step.infer(aimed, loan.give_back)
                except EngineError as error:
                    self._health.failed += 1
                    log.warning("frame %d: %s", aimed.frame.number, error)
                    self._recover(error)
                    loan.give_back()
                    continue
                finally:
                    self._health.inferring_since = None
                self._recovery.succeeded()
                self._pace.inferred(looked.millis["infer"] / 1000)
                # Only now: what the one before means is told while this one is in the network.
                self._room.get()
                self._looked.put(looked)
        finally:
            self._looked.put(None)
            # The source's thread may be waiting for tensors that nobody gives back any more.
            self._free.put(None)

    def _recover(self, error: EngineError) -> None:
        """After a failed inference, whose error is raised when nothing helps any more."""
        remedy = self._recovery.failed()
        if remedy == "leave out":
            return
        if remedy == "give up" or self._remake is None:
            raise error
        log.warning("the interpreter is built anew")
        self._step.change_engine(self._remake())
        self._health.restarts += 1

    def _tell(self) -> None:
        last: dict[str, Frame] = {}
        try:
            if self._commands is not None:
                self._commands.begin(lambda: self._looked.put(_WAKE), self.stop)
            while (looked := self._looked.get()) is not None:
                if isinstance(looked, _Wake):
                    self._obey()
                    continue
                report = self._step.tell(looked)
                self._room.put(item=True)
                last[report.frame.source] = report.frame
                self._health.count(report)
                if self._gears is not None:
                    self._gears.told(looked, report)
                self._board.post(report)
                self._give(report)
            for frame in last.values():
                final = self._step.finish(frame)
                self._health.finished(final)
                self._give(final)
        finally:
            if self._commands is not None:
                self._commands.end()
            self._ended.set()
            self._room.put(item=True)

    def _obey(self) -> None:
        if self._commands is not None:
            self._commands.turn()

    def _give(self, report: Report) -> None:
        for output in self._outputs:
            _write(output, report)


def _write(output: Output, report: Report) -> None:
    try:
        output.write(report)
    except OutputError as error:
        log.warning("output %s: %s", output.name, error)


class _Loan:
    """Tensors that are given back once, whether the inference succeeds or fails half-way."""

    def __init__(self, free: SimpleQueue[Tensors | None], tensors: Tensors) -> None:
        self._free = free
        self._tensors: Tensors | None = tensors

    def give_back(self) -> None:
        """Put them back; a second call does nothing."""
        if self._tensors is not None:
            self._free.put(self._tensors)
            self._tensors = None
