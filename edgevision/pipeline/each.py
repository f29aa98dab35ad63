"""A region for each source, since what moves in front of one camera says nothing of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgevision.protocols import Region
    from edgevision.values.box import Box
    from edgevision.values.frame import Frame
    from edgevision.values.report import Report
    from edgevision.values.tensor import Features


class RegionOfEach:
    """A region that keeps one region for each source.

    Args:
        make: makes the region of a source when its first frame comes.
    """

    def __init__(self, make: Callable[[], Region]) -> None:
        self._make = make
        self._regions: dict[str, Region] = {}

    def select(self, frame: Frame, last: Report | None) -> tuple[Box, ...]:
        """Where the region of the frame's source wants to look."""
        region = self._regions.get(frame.source)
        if region is None:
            region = self._regions[frame.source] = self._make()
        return region.select(frame, last)

    def refine(self, features: Features, box: Box, frame: Frame) -> Box | None:
        """A closer box by the region of the frame's source."""
        return self._regions[frame.source].refine(features, box, frame)
