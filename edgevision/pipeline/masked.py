"""A source of which nobody sees certain parts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from edgevision.pipeline.filtered import Filtered
from edgevision.pixels.mask import MaskPainter

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from edgevision.protocols import Source
    from edgevision.values.frame import Frame


class Masked(Filtered):
    """Blacks out polygons on every plane of a frame before anything else sees it.

    It paints into the frame's own memory, which is nobody's before it is given out; only a source
    whose pixels cannot be written to costs a copy.

    Args:
        source: whose frames they are.
        polygons: corners (x, y) in 0..1 of the frame.
    """

    def __init__(self, source: Source, polygons: Sequence[Sequence[tuple[float, float]]]) -> None:
        super().__init__(source)
        self._painter = MaskPainter(polygons)

    def changed(self, frame: Frame) -> Frame:
        """`frame` with those parts black."""
        pixels = self._painted(frame.pixels)
        small = None if frame.small is None else self._painted(frame.small)
        if pixels is frame.pixels and small is frame.small:
            return frame
        return replace(frame, pixels=pixels, small=small)

    def _painted(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        canvas = pixels
        try:
            canvas.flags.writeable = True
        except ValueError:
            canvas = pixels.copy()
        if not canvas.flags.c_contiguous:  # OpenCV paints on nothing else
            canvas = canvas.copy()
        self._painter.paint(canvas)
        canvas.flags.writeable = False
        return canvas
