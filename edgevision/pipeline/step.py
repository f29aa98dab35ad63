"""One frame to one report: where to look, what the network says, what that means."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from edgevision.values.report import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from edgevision.protocols import Engine, Region, Task
    from edgevision.values.box import Box
    from edgevision.values.event import Event
    from edgevision.values.frame import Frame
    from edgevision.values.result import Decision, Result
    from edgevision.values.tensor import Features

    Prepare = Callable[[npt.NDArray[np.uint8], Box, npt.NDArray[Any]], None]


class Decider(Protocol):
    """Turns the results of frames into decisions and events."""

    def decide(
        self, frame: Frame, results: tuple[Result, ...], millis: Mapping[str, float]
    ) -> tuple[tuple[Decision, ...], tuple[Event, ...]]:
        """Take one frame's results in."""
        ...

    def finish(self, frame: Frame) -> tuple[Event, ...]:
        """End what is pending; `frame` was the last of its source."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Aimed:
    """A frame with the boxes to look at, and each box as an input tensor of `engine`."""

    frame: Frame
    engine: Engine
    boxes: tuple[Box, ...]
    tensors: Sequence[npt.NDArray[Any]]
    millis: float


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """A frame with what the network gave; `looks` has one or two (box, features) for each box."""

    frame: Frame
    engine: Engine
    looks: tuple[tuple[tuple[Box, Features], ...], ...]
    millis: Mapping[str, float]


class Step:
    """The three stages of a frame. Each may run in a thread of its own; `look` runs all in turn.

    Args:
        region: where to look.
        engine: the network; `change_engine` puts another in its place.
        prepare: writes a box of a frame into an input tensor.
        tasks: what is read from the network's features.
        decider: what many frames mean together.
        max_passes: inferences a frame, at most.
    """

    def __init__(
        self,
        *,
        region: Region,
        engine: Engine,
        prepare: Prepare,
        tasks: Sequence[Task],
        decider: Decider,
        max_passes: int = 2,
    ) -> None:
        self._region = region
        # The one that infers, then those that are to take over; more than one only in between.
        self._engines = deque([engine])
        self._prepare = prepare
        self._tasks = tasks
        self._decider = decider
        self._max_passes = max_passes
        self._last_looked: dict[str, Report] = {}

    @property
    def engine(self) -> Engine:
        """The one that the next frame is aimed for."""
        return self._engines[-1]

    def change_engine(self, engine: Engine) -> None:
        """Aim the next frames for `engine`: the same network, with an input of another size.

        The one before is closed once the first of those frames comes to the network. May be called
        from any thread.
        """
        self._engines.append(engine)

    def close(self) -> None:
        """Give back every engine; no frame is looked at any more."""
        while self._engines:
            self._engines.popleft().close()

    def new_tensors(self) -> list[npt.NDArray[Any]]:
        """Room for one frame's boxes as input tensors; reused by the caller."""
        return self._tensors_of(self.engine)

    def look(self, frame: Frame) -> Report:
        """All three stages, in this thread."""
        return self.tell(self.infer(self.aim(frame, self.new_tensors())))

    def aim(self, frame: Frame, tensors: Sequence[npt.NDArray[Any]]) -> Aimed:
        """Choose boxes, and write each into one of `tensors`, or into new ones if those do not fit.

        They do not when the engine was changed since they were made.
        """
        begun = perf_counter()
        engine = self.engine
        if tensors[0].shape != engine.spec.input.shape:
            tensors = self._tensors_of(engine)
        last = self._last_looked.get(frame.source)
        boxes = self._region.select(frame, last)[: self._max_passes]
        for box, tensor in zip(boxes, tensors, strict=False):
            self._prepare(frame.pixels, box, tensor)
        return Aimed(frame, engine, boxes, tensors, (perf_counter() - begun) * 1000)

    def infer(self, aimed: Aimed, free: Callable[[], None] = lambda: None) -> Looked:
        """Run the network on each box, and again closer where the region asks for it.

        Args:
            aimed: what `aim` gave.
            free: called once its tensors are no longer needed.
        """
        frame, engine = aimed.frame, aimed.engine
        self._close_all_before(engine)
        begun = perf_counter()
        left = self._max_passes - len(aimed.boxes)
        looks = []
        last = len(aimed.boxes) - 1
        if last < 0:
            free()
        for index, (box, ready) in enumerate(zip(aimed.boxes, aimed.tensors, strict=False)):
            fill = _Fill(ready, free if index == last else None)
            look = [(box, engine.infer(fill))]
            closer = self._region.refine(look[0][1], box, frame) if left > 0 else None
            if closer is not None:
                left -= 1
                look.append((closer, self._infer_box(engine, frame, closer)))
            looks.append(tuple(look))
        millis = {"aim": aimed.millis, "infer": (perf_counter() - begun) * 1000}
        return Looked(frame, engine, tuple(looks), millis)

    def tell(self, looked: Looked) -> Report:
        """Read the features, and decide."""
        begun = perf_counter()
        frame = looked.frame
        results = tuple(self._read(task, look) for look in looked.looks for task in self._tasks)
        read = perf_counter()
        millis = {
            **looked.millis,
            "read": (read - begun) * 1000,
            "total": (read - frame.ready_at) * 1000,
        }
        decisions, events = self._decider.decide(frame, results, millis)
        done = perf_counter()
        millis["decide"] = (done - read) * 1000
        millis["total"] = (done - frame.ready_at) * 1000
        boxes = tuple(look[-1][0] for look in looked.looks)
        count = sum(map(len, looked.looks))
        report = Report(frame, boxes, results, decisions, events, millis, count)
        if boxes:
            self._last_looked[frame.source] = report
        return report

    def finish(self, frame: Frame) -> Report:
        """What is left to tell after the last frame of a source."""
        self._last_looked.pop(frame.source, None)
        return Report(frame, events=self._decider.finish(frame))

    def _close_all_before(self, engine: Engine) -> None:
        while self._engines[0] is not engine:
            self._engines.popleft().close()

    def _tensors_of(self, engine: Engine) -> list[npt.NDArray[Any]]:
        spec = engine.spec.input
        return [np.empty(spec.shape, spec.dtype) for _ in range(self._max_passes)]

    def _infer_box(self, engine: Engine, frame: Frame, box: Box) -> Features:
        return engine.infer(lambda tensor: self._prepare(frame.pixels, box, tensor))

    @staticmethod
    def _read(task: Task, look: tuple[tuple[Box, Features], ...]) -> Result:
        """The surest of one or two looks at the same thing."""
        results = [task.read(features, box) for box, features in look]
        return max(results, key=lambda result: result.presence * result.guesses[0].score)


class _Fill:
    """Copies a prepared tensor into the interpreter's, then says that it is free again."""

    def __init__(self, ready: npt.NDArray[Any], free: Callable[[], None] | None) -> None:
        self._ready = ready
        self._free = free

    def __call__(self, tensor: npt.NDArray[Any]) -> None:
        np.copyto(tensor, self._ready)
        if self._free is not None:
            self._free()
