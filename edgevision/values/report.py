"""All that one frame gave."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgevision.values.box import Box
    from edgevision.values.event import Event
    from edgevision.values.frame import Frame
    from edgevision.values.result import Decision, Result


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """A frame with what was looked at, read, decided and told.

    Attributes:
        boxes: where the network looked; empty if it did not look at this frame.
        results: one for each task and box.
        decisions: one for each task.
        events: what is new with this frame.
        stage_millis: milliseconds by stage: "aim", "infer", "read", "decide", and "total" from the
            frame's being ready to here.
        inferences: looks that the network took at it, the closer ones included.
    """

    frame: Frame
    boxes: tuple[Box, ...] = ()
    results: tuple[Result, ...] = ()
    decisions: tuple[Decision, ...] = ()
    events: tuple[Event, ...] = ()
    stage_millis: Mapping[str, float] = field(default_factory=dict)
    inferences: int = 0

    def without_pixels(self) -> Report:
        """The same with a frame of one black pixel, so that many of them may wait."""
        frame = replace(self.frame, pixels=np.zeros((1, 1, 3), np.uint8), small=None)
        return replace(self, frame=frame)
