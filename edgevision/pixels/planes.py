"""From a camera's memory, in whatever layout it gives, to RGB."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

# Names of DRM's and libcamera's formats say the order in a word: "RGB888" lies B, G, R in memory.
_PACKED = {
    "BGR888": (3, None),
    "RGB888": (3, cv2.COLOR_BGR2RGB),
    "XBGR8888": (4, cv2.COLOR_RGBA2RGB),
    "ABGR8888": (4, cv2.COLOR_RGBA2RGB),
    "XRGB8888": (4, cv2.COLOR_BGRA2RGB),
    "ARGB8888": (4, cv2.COLOR_BGRA2RGB),
    "YUYV": (2, cv2.COLOR_YUV2RGB_YUYV),
    "UYVY": (2, cv2.COLOR_YUV2RGB_UYVY),
}
# One plane of brightness, then one of both colours, of half the rows.
_HALF_PLANE = {"NV12": cv2.COLOR_YUV2RGB_NV12, "NV21": cv2.COLOR_YUV2RGB_NV21}
# One plane of brightness, then one for each colour, of half the rows and half the row.
_PLANES = {"YUV420": cv2.COLOR_YUV2RGB_I420, "YVU420": cv2.COLOR_YUV2RGB_YV12}

FORMATS = (*_PACKED, *_HALF_PLANE, *_PLANES)
"""What `to_rgb` reads; YUV is taken for BT.601 of limited range (libcamera's Smpte170m)."""


def to_rgb(
    memory: npt.NDArray[np.uint8], layout: str, stride: int, out: npt.NDArray[np.uint8]
) -> None:
    """Write the picture in `memory` into `out`.

    Args:
        memory: flat bytes; only read.
        layout: one of `FORMATS`.
        stride: bytes from one row of the first plane to the next.
        out: (height, width, 3) uint8; its shape says the picture's, even sides for YUV.

    Raises:
        ValueError: for another layout, or too few bytes.
    """
    height, width = out.shape[:2]
    if layout in _PACKED:
        size, code = _PACKED[layout]
        rows = _rows(memory, height, stride, width * size)
        picture = np.ndarray((height, width, size), np.uint8, rows, strides=(stride, size, 1))
        if code is None:
            np.copyto(out, picture)
        else:
            cv2.cvtColor(picture, code, dst=out)
    elif layout in _HALF_PLANE:
        rows = _rows(memory, height * 3 // 2, stride, width)
        cv2.cvtColor(rows[:, :width], _HALF_PLANE[layout], dst=out)
    elif layout in _PLANES:
        cv2.cvtColor(_planes(memory, height, width, stride), _PLANES[layout], dst=out)
    else:
        raise ValueError(f"pixels of format {layout}; known: {', '.join(FORMATS)}")


def _rows(
    memory: npt.NDArray[np.uint8], height: int, stride: int, used: int
) -> npt.NDArray[np.uint8]:
    if stride < used or memory.size < height * stride:
        raise ValueError(f"{memory.size} bytes for {height} rows of {stride}, {used} of them used")
    return memory[: height * stride].reshape(height, stride)


def _planes(
    memory: npt.NDArray[np.uint8], height: int, width: int, stride: int
) -> npt.NDArray[np.uint8]:
    """The three planes without what pads their rows, as OpenCV wants them."""
    if stride == width:
        return _rows(memory, height * 3 // 2, stride, width)
    luma = _rows(memory, height, stride, width)
    colours = _rows(memory[height * stride :], height, stride // 2, width // 2)
    packed = [luma[:, :width].ravel(), colours[:, : width // 2].ravel()]
    return np.concatenate(packed).reshape(height * 3 // 2, width)
