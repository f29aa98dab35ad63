"""Small working parts that stand in for a camera and a network."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np

from edgevision.errors import EngineError
from edgevision.values.box import FULL, Box
from edgevision.values.frame import Frame
from edgevision.values.result import Guess, Result
from edgevision.values.tensor import Features, ModelSpec, Tensor, TensorSpec

INPUT = TensorSpec((4, 4, 3), "uint8", 1 / 128, 127)
SPEC = ModelSpec("small", "ab" * 32, INPUT, vector=TensorSpec((3,), "float32"))


def frame(number: int, seconds: float | None = None, shade: int = 0, source: str = "yard") -> Frame:
    pixels = np.full((8, 8, 3), shade, np.uint8)
    return Frame(pixels, number, number / 10 if seconds is None else seconds, source)


class Frames:
    """A source of given frames; `gate` lets a test hold it up."""

    live = False
    name = "yard"

    def __init__(self, frames: list[Frame], error: Exception | None = None) -> None:
        self.frames = frames
        self.error = error
        self.gate = threading.Event()
        self.gate.set()
        self.stopped = threading.Event()

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __iter__(self):
        for one in self.frames:
            self.gate.wait(10)
            if self.stopped.is_set():
                return
            yield one
        if self.error is not None:
            raise self.error

    def stop(self) -> None:
        self.stopped.set()
        self.gate.set()


class Brightness:
    """An engine whose vector is the mean of the input, by channel."""

    spec = SPEC

    def __init__(self, fails: tuple[int, ...] = (), gate: threading.Event | None = None) -> None:
        self.calls = 0
        self.closed = False
        self._fails = fails
        self._gate = gate
        self._tensor = np.zeros(INPUT.shape, np.uint8)

    def infer(self, fill) -> Features:
        self.calls += 1
        if self._gate is not None:
            self._gate.wait(10)
        fill(self._tensor)
        if self.calls - 1 in self._fails:
            raise EngineError("small: inference failed (asked for)")
        vector = self._tensor.mean(axis=(0, 1)).astype(np.float32)
        return Features(vector=Tensor(vector, SPEC.vector))

    def invoke(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


class Shade:
    """A task that names bright, and sees nothing in the dark."""

    name = "shade"
    threshold = 0.5
    release = 0.3
    window_s = 1.0

    def read(self, features: Features, box: Box) -> Result:
        score = float(features.vector.real()[0]) / 255
        guesses = (Guess("bright", "Bright", score), Guess("dim", "Dim", 1 - score))
        return Result(self.name, box, guesses, presence=1.0 if score > 0 else 0.0)

    def activation(self, features: Features):
        return None

    def expected(self, label: str) -> str | None:
        return label


@dataclass
class Everywhere:
    """A region of fixed boxes, and fixed closer looks."""

    boxes: tuple[Box, ...] = (FULL,)
    closer: Box | None = None
    lasts: list = field(default_factory=list)

    def select(self, frame, last):
        self.lasts.append(last)
        return self.boxes

    def refine(self, features, box, frame):
        return self.closer


def whole(pixels, box, tensor) -> None:
    """The mean of the box, in every element."""
    left, top, right, bottom = box.to_pixels(pixels.shape[1], pixels.shape[0])
    tensor[:] = pixels[top:bottom, left:right].mean().astype(np.uint8)


class Kept:
    """An output that keeps what it was given."""

    name = "kept"

    def __init__(self, error: Exception | None = None) -> None:
        self.reports = []
        self.error = error

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, report) -> None:
        self.reports.append(report)
        if self.error is not None:
            raise self.error

    @property
    def events(self):
        return [event for report in self.reports for event in report.events]
