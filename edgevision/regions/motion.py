"""What moves in front of a camera that stands still."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edgevision.values.box import FULL, Box

if TYPE_CHECKING:
    import numpy.typing as npt

    from edgevision.regions.options import RegionOptions
    from edgevision.values.frame import Frame
    from edgevision.values.report import Report
    from edgevision.values.tensor import Features

_SMALL_WIDTH = 160
# Seconds in which the background follows a change of the scene.
_MEMORY_SECONDS = 8.0
# Squared distance in standard deviations at which a pixel is foreground (MOG2's varThreshold).
_VARIANCE_THRESHOLD = 25
# Shares of the frame's area: smaller is noise, larger is the light or the camera itself.
_SMALLEST_AREA = 0.002
_LARGEST_AREA = 0.6
# Two boxes closer than this share of the frame are one thing.
_JOIN = 0.04


class Motion:
    """Boxes around moving things, by a mixture of Gaussians for each pixel of a small image.

    The background model is OpenCV's MOG2 (Zivkovic 2004). While nothing moves it looks at the
    whole frame `idle_fps` times a second, so that what came and stays is still found.
    """

    def __init__(self, options: RegionOptions) -> None:
        self._options = options
        self._start = options.zone or FULL
        self._background = cv2.createBackgroundSubtractorMOG2(
            varThreshold=_VARIANCE_THRESHOLD, detectShadows=False
        )
        self._fitted = False
        self._seconds: float | None = None
        self._idle_since_look = -math.inf

    def select(self, frame: Frame, last: Report | None) -> tuple[Box, ...]:
        """Moving things, largest first; now and then the whole frame; or nothing."""
        del last
        boxes = self.moving(frame)
        if boxes:
            return boxes
        return (self._start,) if self.idle_look_due(frame.seconds) else ()

    def refine(self, features: Features, box: Box, frame: Frame) -> None:
        """Never looks again: the box is close already."""
        del features, box, frame

    def idle_look_due(self, seconds: float) -> bool:
        """True `idle_fps` times a second."""
        if self._options.idle_fps <= 0:
            return False
        due = seconds - self._idle_since_look >= 1 / self._options.idle_fps
        if due:
            self._idle_since_look = seconds
        return due

    def moving(self, frame: Frame) -> tuple[Box, ...]:
        """Squares around what moves now; also takes the frame into the background model."""
        mask = self._foreground(frame)
        covered = float(np.count_nonzero(mask)) / mask.size
        if covered < _SMALLEST_AREA:
            return ()
        if covered > _LARGEST_AREA:
            return (self._start,)
        rows, columns = mask.shape
        found = [
            Box(left / columns, top / rows, width / columns, height / rows)
            for left, top, width, height, area in _components(mask)
            if area >= _SMALLEST_AREA * mask.size
        ]
        return tuple(
            box.within(self._start).squared(frame.width, frame.height, self._options.padding)
            for box in _joined(found)[: self._options.most]
        )

    def _foreground(self, frame: Frame) -> npt.NDArray[np.uint8]:
        left, top, right, bottom = self._start.to_pixels(frame.width, frame.height)
        area = frame.pixels[top:bottom, left:right]
        height = max(1, round(_SMALL_WIDTH * area.shape[0] / area.shape[1]))
        small = cv2.resize(area, (_SMALL_WIDTH, height), interpolation=cv2.INTER_LINEAR)
        grey = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), (3, 3), 0)
        passed = 0.0 if self._seconds is None else max(0.0, frame.seconds - self._seconds)
        self._seconds = frame.seconds
        rate = 1 - math.exp(-passed / _MEMORY_SECONDS) if self._fitted else 1.0
        mask = self._background.apply(grey, learningRate=rate)
        if not self._fitted:
            self._fitted = True
            return np.zeros(mask.shape, np.uint8)
        opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
        return np.asarray(cv2.dilate(opened, np.ones((5, 5), np.uint8)), dtype=np.uint8)


def _components(mask: npt.NDArray[np.uint8]) -> list[list[int]]:
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    parts: list[list[int]] = stats[1:].tolist()
    return parts


def _joined(boxes: list[Box]) -> list[Box]:
    """Boxes that touch (or nearly do) made one; largest first."""
    waiting = sorted(boxes, key=lambda box: box.width * box.height, reverse=True)
    done: list[Box] = []
    while waiting:
        box = waiting.pop(0)
        near = [other for other in waiting if _gap(box, other) < _JOIN]
        if not near:
            done.append(box)
            continue
        for other in near:
            waiting.remove(other)
            box = _around(box, other)
        waiting.insert(0, box)
    return sorted(done, key=lambda box: box.width * box.height, reverse=True)


def _gap(one: Box, other: Box) -> float:
    across = max(one.x, other.x) - min(one.x + one.width, other.x + other.width)
    down = max(one.y, other.y) - min(one.y + one.height, other.y + other.height)
    return max(across, down)


def _around(one: Box, other: Box) -> Box:
    left, top = min(one.x, other.x), min(one.y, other.y)
    right = max(one.x + one.width, other.x + other.width)
    bottom = max(one.y + one.height, other.y + other.height)
    return Box(left, top, right - left, bottom - top)
