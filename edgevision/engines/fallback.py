"""Accelerators that may go at any time, and the CPU that takes a frame over when one does."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from edgevision.errors import EdgevisionError, EngineError, ModelError
from edgevision.protocols import Engine
from edgevision.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from threading import Event

    import numpy.typing as npt

    from edgevision.values.tensor import Features

log = logging.getLogger(__name__)

State = Literal["serving", "away", "resting", "refused"]

# After so many answers in a row, what was before counts no more.
_STEADY = 100
# Opening takes longer; whoever closes does not wait for that.
_CLOSING_SECONDS = 1.0


class Accelerator(Engine, Protocol):
    """An engine whose input can be filled and read before it runs."""

    input: npt.NDArray[Any]

    def run(self) -> Features:
        """The inference on what lies in `input`.

        Raises:
            EngineError: if it fails; whoever runs it closes it then.
        """
        ...


class Waits(Protocol):
    """How long to wait before each next try."""

    def seconds(self) -> float:
        """The next wait."""
        ...

    def reset(self) -> None:
        """Begin again with the shortest."""
        ...


@dataclass(frozen=True, slots=True)
class Patience:
    """When an accelerator that failed is tried again.

    Attributes:
        max_failures: after so many in a row it rests, and is tried rarely.
        soon: makes the waits before that.
        later: makes those after it.
    """

    max_failures: int
    soon: Callable[[], Waits]
    later: Callable[[], Waits]


class Fallback:
    """An engine that runs on accelerators in turn, and on the CPU while none of them serves.

    A frame whose inference fails there is looked at by the CPU at once. Meanwhile the accelerator
    is opened again in a thread of its own: soon, and after `max_failures` failures in a row rarely.

    Args:
        openers: by the name of the accelerator, what opens it. An `EngineError` says that it is not
            there now, a `ModelError` that it is not to be used.
        cpu: the same network on the CPU; closed with this one.
        patience: when to try again.
        name, sha256: of the network that is told of in events; those of `cpu` if not given.

    Raises:
        ModelError: if the first try says that one is not to be used.
    """

    def __init__(
        self,
        openers: Mapping[str, Callable[[], Accelerator]],
        cpu: Engine,
        patience: Patience,
        name: str = "",
        sha256: str = "",
    ) -> None:
        spec = cpu.spec
        self.spec = replace(spec, name=name or spec.name, sha256=sha256 or spec.sha256)
        self.on_cpu = 0
        self._cpu = cpu
        self._turn = 0
        self._seats = [_Seat(name, opener, patience) for name, opener in openers.items()]
        try:
            for seat in self._seats:
                seat.open_first()
        except BaseException:
            self.close()
            raise

    def infer(self, fill: Callable[[npt.NDArray[Any]], None]) -> Features:
        """One inference, wherever there is one to be had; `fill` is called once.

        Raises:
            EngineError: if the CPU fails, too.
        """
        seat, engine = self._next()
        if seat is None or engine is None:
            self.on_cpu += 1
            return self._cpu.infer(fill)
        picture = engine.input
        fill(picture)
        try:
            features = engine.run()
        except EngineError as error:
            seat.failed(engine, error)
            self.on_cpu += 1
            return self._cpu.infer(lambda tensor: np.copyto(tensor, picture))
        seat.served += 1
        seat.steady()
        return features

    def invoke(self) -> None:
        """The bare inference, for measuring: of the next accelerator, or of the CPU.

        Raises:
            EngineError: if it fails.
        """
        (self._next()[1] or self._cpu).invoke()

    def close(self) -> None:
        """Give back the accelerators and the CPU's interpreter."""
        for seat in self._seats:
            seat.close()
        self._cpu.close()

    def numbers(self) -> dict[str, Any]:
        """What it did so far, and where frames go now and why, with JSON types."""
        serving = [seat.name for seat in self._seats if seat.state == "serving"]
        return {
            "on": serving or ["cpu"],
            "device": "edgetpu" if serving else "cpu",
            "reason": self.trouble(),
            "inferences_on_cpu": self.on_cpu,
            "accelerators": {seat.name: seat.numbers() for seat in self._seats},
        }

    def trouble(self) -> str | None:
        """Which accelerators do not serve, and why; None if all do."""
        return "; ".join(seat.trouble for seat in self._seats if seat.state != "serving") or None

    def _next(self) -> tuple[_Seat | None, Accelerator | None]:
        for _ in self._seats:
            seat = self._seats[self._turn % len(self._seats)]
            self._turn += 1
            # Taken once: another thread may put it there meanwhile.
            engine = seat.engine
            if engine is not None:
                return seat, engine
        return None, None


class _Seat:
    """The place of one accelerator, whether it is there or not."""

    def __init__(self, name: str, opener: Callable[[], Accelerator], patience: Patience) -> None:
        self.name = name
        self.engine: Accelerator | None = None
        self.state: State = "away"
        self.served = self.opened = self.failures = 0
        self._opener = opener
        self._most = patience.max_failures
        self._soon, self._later = patience.soon(), patience.later()
        self._in_a_row = 0
        self._since_failure = 0
        self._last_error = ""
        self._opening: Worker | None = None
        self._said = False

    @property
    def trouble(self) -> str:
        return f"{self._last_error} ({self._meanwhile()})"

    def open_first(self) -> None:
        """Once, here; then in a thread of its own, if that failed.

        Raises:
            ModelError: if it is not to be used.
        """
        try:
            self._serve(self._opener())
        except EngineError as error:
            self._count(error)
            self._open_again(None)

    def failed(self, engine: Accelerator, error: EngineError) -> None:
        """It is away from now on, and opened again when it is time."""
        self.engine = None
        self._count(error)
        self._open_again(engine)

    def steady(self) -> None:
        """It answered."""
        self._since_failure += 1
        if self._since_failure == _STEADY:
            self._in_a_row, self._said = 0, False
            self._soon.reset()
            self._later.reset()

    def close(self) -> None:
        ended = self._opening is None or self._opening.stop(_CLOSING_SECONDS)
        engine, self.engine = self.engine, None
        if engine is not None and ended:
            engine.close()

    def numbers(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "inferences": self.served,
            "failures": self.failures,
            "restarts": max(self.opened - 1, 0),
            "last_error": self._last_error or None,
        }

    def _serve(self, engine: Accelerator) -> None:
        self.opened += 1
        self._since_failure = 0
        if self._last_error:
            log.info("Edge TPU %s serves", self.name)
        self.state, self.engine = "serving", engine

    def _count(self, error: EdgevisionError) -> None:
        self.failures += 1
        self._in_a_row += 1
        self._last_error = str(error)
        self.state = "resting" if self._in_a_row >= self._most else "away"
        if not self._said:
            # Its words only: a kept log record would keep the error's frames, and the memory there.
            log.warning("%s; %s", self._last_error, self._meanwhile())
        self._said = self.state == "resting"

    def _meanwhile(self) -> str:
        if self.state == "refused":
            return "it is not used; frames go to the CPU"
        if self.state == "resting":
            return f"{self._in_a_row} failures: frames stay on the CPU; it is tried now and then"
        return "frames go to the CPU until it is back"

    def _open_again(self, old: Accelerator | None) -> None:
        # Ending a process that hangs may take time, which no frame is to wait for.
        def work(stopping: Event) -> None:
            if old is not None:
                old.close()
            self._keep_trying(stopping)

        self._opening = Worker("edgetpu", work).start()

    def _keep_trying(self, stopping: Event) -> None:
        while True:
            waits = self._later if self.state == "resting" else self._soon
            if stopping.wait(waits.seconds()):
                return
            try:
                engine = self._opener()
            except ModelError as error:
                self._last_error, self.state = str(error), "refused"
                log.error("%s; %s", self._last_error, self._meanwhile())  # noqa: TRY400 - one line, no traceback
                return
            except EngineError as error:
                self._count(error)
                continue
            if stopping.is_set():
                engine.close()
                return
            self._serve(engine)
            return
