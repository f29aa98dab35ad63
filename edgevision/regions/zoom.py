"""A first look at the whole frame, a second one where its class-activation map lights up."""

from __future__ import annotations

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

# Of the map's range: what is brighter belongs to the thing.
_LIT = 0.5
# A crop above this share of the side shows hardly more than the first look did.
_WORTH_A_LOOK = 0.8
# Each cell of the map sees far beyond its own square; this much of the box is added around.
_MARGIN = 0.08
_SMALLEST_SIDE = 0.2


class Zoom:
    """Chooses the whole frame (or the zone), then the part of it that lit up."""

    def __init__(self, options: RegionOptions) -> None:
        self._start = options.zone or FULL
        self._activation = options.activation

    def select(self, frame: Frame, last: Report | None) -> tuple[Box, ...]:
        """The whole frame, or the zone."""
        del frame, last
        return (self._start,)

    def refine(self, features: Features, box: Box, frame: Frame) -> Box | None:
        """A square around what lit up; None if that is nearly the whole box, or no map is there."""
        lit = self._activation(features) if self._activation else None
        if lit is None:
            return None
        part = lit_part(lit)
        if part is None or max(part.width, part.height) > _WORTH_A_LOOK:
            return None
        return part.within(box).squared(frame.width, frame.height)


def lit_part(activation: npt.NDArray[np.float32]) -> Box | None:
    """The connected part around the brightest cell that is over half as bright, with a margin.

    Args:
        activation: (h, w), any range.

    Returns:
        A box in fractions of the map, no side under a fifth; None for a flat map.
    """
    # Of a flat map the interpolation makes one with differences in the last digit.
    if not np.ptp(activation) > 0:
        return None
    smooth = cv2.resize(activation, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    low, high = float(np.median(smooth)), float(smooth.max())
    mask = (smooth > low + _LIT * (high - low)).astype(np.uint8)
    _, marks, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    row, column = np.unravel_index(int(smooth.argmax()), smooth.shape)
    left, top, width, height, _ = stats[marks[row, column]].tolist()
    rows, columns = smooth.shape
    return _widened(left / columns, top / rows, width / columns, height / rows)


def _widened(x: float, y: float, width: float, height: float) -> Box:
    wide = min(max(width + 2 * _MARGIN, _SMALLEST_SIDE), 1.0)
    high = min(max(height + 2 * _MARGIN, _SMALLEST_SIDE), 1.0)
    left = min(max(x + width / 2 - wide / 2, 0.0), 1 - wide)
    top = min(max(y + height / 2 - high / 2, 0.0), 1 - high)
    return Box(left, top, wide, high)
