"""A picture in a frame of another size, its aspect kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


def letterboxed(pixels: npt.NDArray[np.uint8], width: int, height: int) -> npt.NDArray[np.uint8]:
    """`pixels` as large as they fit in `width` x `height`, centred on black.

    Args:
        pixels: (H, W, 3) uint8.
        width, height: 1 or more, in pixels.

    Returns:
        (height, width, 3) uint8; `pixels` itself if it has that size already.
    """
    rows, columns = pixels.shape[:2]
    if (columns, rows) == (width, height):
        return pixels
    scale = min(width / columns, height / rows)
    inner_width = min(max(round(columns * scale), 1), width)
    inner_height = min(max(round(rows * scale), 1), height)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    inner = cv2.resize(pixels, (inner_width, inner_height), interpolation=how)
    if (inner_width, inner_height) == (width, height):
        return np.asarray(inner)
    canvas = np.zeros((height, width, 3), np.uint8)
    left, top = (width - inner_width) // 2, (height - inner_height) // 2
    canvas[top : top + inner_height, left : left + inner_width] = inner
    return canvas
