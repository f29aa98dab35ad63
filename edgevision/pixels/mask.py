"""Polygons painted black, in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

# Corners are given to OpenCV in sixteenths of a pixel.
_FRACTION_BITS = 4
_RIM = 2


class MaskPainter:
    """Blacks out polygons in pictures of any size.

    Every pixel whose middle lies in a polygon is black afterwards, and about one around it: the
    rim keeps what interpolation would carry over the edge.

    Args:
        polygons: corners (x, y) in 0..1 of the picture.
    """

    def __init__(self, polygons: Sequence[Sequence[tuple[float, float]]]) -> None:
        self._polygons = [np.array(corners, np.float64) for corners in polygons]
        self._scaled: dict[tuple[int, int], list[npt.NDArray[np.int32]]] = {}

    def paint(self, pixels: npt.NDArray[np.uint8]) -> None:
        """Black out the polygons in `pixels` (H, W, 3), which is written to."""
        size = (pixels.shape[1], pixels.shape[0])
        corners = self._scaled.get(size)
        if corners is None:
            # In OpenCV whole numbers are the middles of pixels.
            unit = 1 << _FRACTION_BITS
            corners = [
                np.rint((one * size - 0.5) * unit).astype(np.int32) for one in self._polygons
            ]
            self._scaled[size] = corners
        # One at a time: where two overlap, fillPoly of both would take it for a hole.
        for one in corners:
            cv2.fillPoly(pixels, [one], (0, 0, 0), cv2.LINE_8, _FRACTION_BITS)
            cv2.polylines(pixels, [one], True, (0, 0, 0), _RIM, cv2.LINE_8, _FRACTION_BITS)  # noqa: FBT003 - closed; OpenCV takes it by place only in older versions
