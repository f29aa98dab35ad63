"""One frame to one report: where to look, what the network says, what that means."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from edgevision.pipeline.recogniser import Aimed, Looked, Recogniser
from edgevision.pixels.prepare import plane_for
from edgevision.values.report import Report
from edgevision.values.result import Decision

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from edgevision.pipeline.recogniser import Prepare
    from edgevision.pipeline.sighting import Rules
    from edgevision.pipeline.switches import Pause
    from edgevision.protocols import Engine, Region, Task
    from edgevision.values.box import Box
    from edgevision.values.event import Event
    from edgevision.values.frame import Frame
    from edgevision.values.result import Cause, Result
    from edgevision.values.tensor import Features, ModelSpec


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

    def change(self, rules: Mapping[str, Rules], model: ModelSpec) -> None:
        """Decide by other rules, about what `model` saw, from the next frame on.

        Sightings of tasks that are no longer among the rules end with that frame.
        """
        ...


def _nothing() -> None:
    """There is nothing to do."""


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
        # The one that infers, then those that are to take over; more than one only in between.
        self._line = deque([Recogniser(region, engine, prepare, tasks, max_passes)])
        self._turns: deque[tuple[Recogniser, Callable[[], None]]] = deque()
        self._decider = decider
        self._last_looked: dict[str, Report] = {}

    @property
    def recogniser(self) -> Recogniser:
        """The one that the next frame is aimed for."""
        return self._line[-1]

    @property
    def engine(self) -> Engine:
        """That of the next frame."""
        return self.recogniser.engine

    @property
    def decider(self) -> Decider:
        """What many frames mean together."""
        return self._decider

    def change(self, recogniser: Recogniser, told: Callable[[], None] = _nothing) -> None:
        """Look at the next frames with `recogniser`; in the thread that tells.

        An engine that it does not share with the one before is closed once the first of those
        frames comes to the network. `told` is called before the first of them is told.
        """
        self._turns.append((recogniser, told))
        self._line.append(recogniser)

    def change_engine(self, engine: Engine) -> None:
        """Aim the next frames for `engine`: the same network, with an input of another size."""
        self.change(replace(self.recogniser, engine=engine))

    def close(self) -> None:
        """Give back every engine; no frame is looked at any more."""
        while self._line:
            self._close_unless_used(self._line.popleft().engine)

    def new_tensors(self) -> list[npt.NDArray[Any]]:
        """Room for one frame's boxes as input tensors; reused by the caller."""
        return self.recogniser.new_tensors()

    def look(self, frame: Frame) -> Report:
        """All three stages, in this thread."""
        return self.tell(self.infer(self.aim(frame, self.new_tensors())))

    def aim(self, frame: Frame, tensors: Sequence[npt.NDArray[Any]], pause: Pause = "") -> Aimed:
        """Choose boxes, and write each into one of `tensors`, or into new ones if those do not fit.

        They do not when the engine was changed since they were made. No box is chosen in a pause.
        """
        begun = perf_counter()
        by = self.recogniser
        if not by.takes(tensors):
            tensors = by.new_tensors()
        boxes: tuple[Box, ...] = ()
        if not pause and not frame.fault:
            last = self._last_looked.get(frame.source)
            boxes = by.region.select(frame, last)[: by.max_passes]
        for box, tensor in zip(boxes, tensors, strict=False):
            by.prepare(plane_for(frame, box, tensor), box, tensor)
        return Aimed(frame, by, boxes, tensors, (perf_counter() - begun) * 1000, pause)

    def infer(self, aimed: Aimed, free: Callable[[], None] = lambda: None) -> Looked:
        """Run the network on each box, and again closer where the region asks for it.

        Args:
            aimed: what `aim` gave.
            free: called once its tensors are no longer needed.
        """
        frame, by = aimed.frame, aimed.by
        self._close_all_before(by)
        begun = perf_counter()
        left = by.max_passes - len(aimed.boxes)
        looks = []
        last = len(aimed.boxes) - 1
        if last < 0:
            free()
        for index, (box, ready) in enumerate(zip(aimed.boxes, aimed.tensors, strict=False)):
            fill = _Fill(ready, free if index == last else None)
            look = [(box, by.engine.infer(fill))]
            closer = by.region.refine(look[0][1], box, frame) if left > 0 else None
            if closer is not None:
                left -= 1
                look.append((closer, _infer_box(by, frame, closer)))
            looks.append(tuple(look))
        millis = {"aim": aimed.millis, "infer": (perf_counter() - begun) * 1000}
        return Looked(frame, by, tuple(looks), millis, aimed.pause)

    def tell(self, looked: Looked) -> Report:
        """Read the features, and decide."""
        begun = perf_counter()
        frame = looked.frame
        if self._turns:
            self._take_turns(looked.by)
        if looked.pause == "frozen":
            return self._standing_still(looked)
        tasks = looked.by.tasks
        results = tuple(_read(task, look) for look in looked.looks for task in tasks)
        read = perf_counter()
        millis = {
            **looked.millis,
            "read": (read - begun) * 1000,
            "total": (read - frame.ready_at) * 1000,
        }
        decisions, events = self._decider.decide(frame, results, millis)
        if looked.pause:
            decisions = _without_answer(looked, "off", "switched off")
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

    def _standing_still(self, looked: Looked) -> Report:
        """The last answer once more, on this frame; what is decided waits."""
        frame = looked.frame
        millis = {**looked.millis, "total": (perf_counter() - frame.ready_at) * 1000}
        last = self._last_looked.get(frame.source)
        if last is None:
            decisions = _without_answer(looked, "frozen", "frozen before the first answer")
            return Report(frame, decisions=decisions, stage_millis=millis)
        kept = tuple(
            replace(one, cause="frozen", reason=f"frozen: {one.reason}") for one in last.decisions
        )
        return Report(frame, (), last.results, kept, (), millis)

    def _take_turns(self, recogniser: Recogniser) -> None:
        """Call all that wait for `recogniser` or one before it."""
        passed = next((at for at, turn in enumerate(self._turns) if turn[0] is recogniser), -1)
        for _ in range(passed + 1):
            self._turns.popleft()[1]()

    def _close_all_before(self, recogniser: Recogniser) -> None:
        while self._line[0] is not recogniser:
            self._close_unless_used(self._line.popleft().engine)

    def _close_unless_used(self, engine: Engine) -> None:
        if all(other.engine is not engine for other in tuple(self._line)):
            engine.close()


def _infer_box(by: Recogniser, frame: Frame, box: Box) -> Features:
    return by.engine.infer(lambda tensor: by.prepare(frame.pixels, box, tensor))


def _read(task: Task, look: tuple[tuple[Box, Features], ...]) -> Result:
    """The surest of one or two looks at the same thing."""
    results = [task.read(features, box) for box, features in look]
    return max(results, key=lambda result: result.presence * result.guesses[0].score)


def _without_answer(looked: Looked, cause: Cause, reason: str) -> tuple[Decision, ...]:
    source = looked.frame.source
    return tuple(
        Decision(task.name, source, "unsure", None, 0.0, reason, cause=cause)
        for task in looked.by.tasks
    )


class _Fill:
    """Copies a prepared tensor into the interpreter's, then says that it is free again."""

    def __init__(self, ready: npt.NDArray[Any], free: Callable[[], None] | None) -> None:
        self._ready = ready
        self._free = free

    def __call__(self, tensor: npt.NDArray[Any]) -> None:
        np.copyto(tensor, self._ready)
        if self._free is not None:
            self._free()
