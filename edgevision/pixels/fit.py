"""A picture in a frame of another size, its aspect kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

# Of a camera's 4:3 a screen of 16:9 shows three quarters.
_LEAST_KEPT: Final = 0.7


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


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A picture that fills another size, and where its points have gone.

    Attributes:
        pixels: (height, width, 3) uint8, contiguous.
        scale: pixels of it for one of the picture's.
        left, top: where the picture's corner lies; negative where it is cut off.
    """

    pixels: npt.NDArray[np.uint8]
    scale: float
    left: float
    top: float

    def at(self, x: float, y: float) -> tuple[int, int]:
        """Where the picture's point (x, y) lies, in pixels; it may be outside."""
        return round(self.left + x * self.scale), round(self.top + y * self.scale)


def covered(pixels: npt.NDArray[np.uint8], width: int, height: int) -> Placed:
    """`pixels` so large that they cover `width` x `height`; letterboxed if too much were cut off.

    Args:
        pixels: (H, W, 3) uint8.
        width, height: 1 or more, in pixels.
    """
    rows, columns = pixels.shape[:2]
    scale = max(width / columns, height / rows)
    kept = (width / scale) * (height / scale) / (columns * rows)
    if kept < _LEAST_KEPT:
        scale = min(width / columns, height / rows)
        left, top = (width - columns * scale) / 2, (height - rows * scale) / 2
        return Placed(np.ascontiguousarray(letterboxed(pixels, width, height)), scale, left, top)
    across, down = min(round(width / scale), columns), min(round(height / scale), rows)
    left, top = (columns - across) // 2, (rows - down) // 2
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    cut = pixels[top : top + down, left : left + across]
    filled = np.asarray(cv2.resize(cut, (width, height), interpolation=how), np.uint8)
    return Placed(filled, scale, -left * scale, -top * scale)
