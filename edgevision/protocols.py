"""The interfaces between the floors, on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import Any

    import numpy as np
    import numpy.typing as npt
    from typing_extensions import Self

    from edgevision.values.box import Box
    from edgevision.values.frame import Frame
    from edgevision.values.report import Report
    from edgevision.values.result import Result
    from edgevision.values.tensor import Features, ModelSpec


class Source(Protocol):
    """Gives frames: `with source: for frame in source: ...`.

    Opening and every read have a time limit, so that stopping works; a device that is absent or
    silent raises `SourceError`, the end of a file ends the iteration.
    """

    name: str
    live: bool

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
    def __iter__(self) -> Iterator[Frame]: ...
    def stop(self) -> None:
        """End the iteration soon; may be called from any thread, and twice."""
        ...


class Region(Protocol):
    """Chooses where to look."""

    def select(self, frame: Frame, last: Report | None) -> tuple[Box, ...]:
        """Boxes to look at; empty: no inference on this frame. `last` is the newest report."""
        ...

    def refine(self, features: Features, box: Box, frame: Frame) -> Box | None:
        """A closer box in the same frame, after `features` of `box`; None: `box` will do."""
        ...


class Engine(Protocol):
    """Runs a network; knows no labels and no frames."""

    spec: ModelSpec

    def infer(self, fill: Callable[[npt.NDArray[Any]], None]) -> Features:
        """One inference. `fill` writes into the input tensor, (height, width, 3) of `spec.input`.

        Raises:
            EngineError: if the runtime fails.
        """
        ...

    def invoke(self) -> None:
        """The bare inference on whatever the input tensor holds, for measuring.

        Raises:
            EngineError: if the runtime fails.
        """
        ...

    def close(self) -> None:
        """Give back the interpreter; the engine is not used afterwards."""
        ...


class Task(Protocol):
    """Reads features; pure, knows no engine.

    `threshold` and `release` (0..1) are the scores at which a sighting begins and is given up, and
    `window_s` the seconds over which scores are smoothed, where the settings say nothing else.
    """

    name: str
    threshold: float
    release: float
    window_s: float

    def read(self, features: Features, box: Box) -> Result:
        """What `features`, seen in `box`, mean."""
        ...

    def activation(self, features: Features) -> npt.NDArray[np.float32] | None:
        """Where in the box the best guess is seen, (h, w), higher is more; None if not known."""
        ...

    def expected(self, label: str) -> str | None:
        """The label of a guess that is right for a photo labelled so; None: none of this task's.

        Raises:
            ModelError: if the label means nothing to the task.
        """
        ...


class Output(Protocol):
    """Takes from a report what it wants: `with output: output.write(report)`."""

    name: str

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
    def write(self, report: Report) -> None:
        """Show, send or store it.

        Raises:
            OutputError: if that fails now; the next report is tried again.
        """
        ...
