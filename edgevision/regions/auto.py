"""What moves, closer where it lit up, and what came and stays: the way that needs no settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgevision.regions.motion import Motion
from edgevision.regions.zoom import Zoom
from edgevision.values.box import FULL, Box

if TYPE_CHECKING:
    from edgevision.regions.options import RegionOptions
    from edgevision.values.frame import Frame
    from edgevision.values.report import Report
    from edgevision.values.tensor import Features

# A moving box larger than this share of the frame is worth a second, closer look.
_LARGE = 0.35


class Auto:
    """Moving things first; where they are large, or nothing moves, a second closer look.

    What was seen and then stands still is looked at again where it was, `idle_fps` times a second.
    """

    def __init__(self, options: RegionOptions) -> None:
        self._motion = Motion(options)
        self._zoom = Zoom(options)
        self._start = options.zone or FULL

    def select(self, frame: Frame, last: Report | None) -> tuple[Box, ...]:
        """Moving things, largest first; else now and then what was seen last, or everything."""
        moving = self._motion.moving(frame)
        if moving:
            return moving
        if not self._motion.idle_look_due(frame.seconds):
            return ()
        stays = _seen_boxes(last)
        return stays or (self._start,)

    def refine(self, features: Features, box: Box, frame: Frame) -> Box | None:
        """A closer box, if this one is large."""
        if box.width * box.height < _LARGE:
            return None
        return self._zoom.refine(features, box, frame)


def _seen_boxes(last: Report | None) -> tuple[Box, ...]:
    if last is None or not any(decision.verdict == "seen" for decision in last.decisions):
        return ()
    return tuple(dict.fromkeys(result.box for result in last.results))
