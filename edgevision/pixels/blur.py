"""Pictures on which nothing but some boxes can be made out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from edgevision.values.box import Box
    from edgevision.values.report import Report

_CELLS = 12
"""Along the longer side. The rest of the picture is that many mean colours and no more: a face that
fills the frame is then some ten cells, and no filter brings back what was averaged away."""


def blurred_report(report: Report, keep: Iterable[Box]) -> Report:
    """`report` with a frame on which nothing but the boxes of `keep` can be made out."""
    pixels = blurred(report.frame.pixels, keep)
    return replace(report, frame=replace(report.frame, pixels=pixels, small=None))


def blurred(pixels: npt.NDArray[np.uint8], keep: Iterable[Box] = ()) -> npt.NDArray[np.uint8]:
    """A copy that is a blur of some cells of mean colour, except in the boxes of `keep`.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        keep: what stays as it is; a box that is the whole frame leaves nothing to blur.
    """
    height, width = pixels.shape[:2]
    cell = max(height, width) / _CELLS
    coarse = (max(round(width / cell), 1), max(round(height / cell), 1))
    means = cv2.resize(pixels, coarse, interpolation=cv2.INTER_AREA)
    soft = cv2.resize(means, (width, height), interpolation=cv2.INTER_LINEAR)
    hidden = np.asarray(soft, np.uint8)
    for box in keep:
        left, top, right, bottom = box.to_pixels(width, height)
        hidden[top:bottom, left:right] = pixels[top:bottom, left:right]
    return hidden
