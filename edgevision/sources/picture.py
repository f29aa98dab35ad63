"""From FFmpeg's decoded picture to RGB pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import av
import av.logging
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter

from edgevision.pixels.pool import FramePool

if TYPE_CHECKING:
    import numpy.typing as npt

# FFmpeg's own messages name addresses with their passwords, and older PyAV hands them to Python's
# log; newer PyAV keeps silent unless told otherwise (then the level is None).
if av.logging.get_level() is not None:
    av.logging.set_level(av.logging.PANIC)

_TURNS = {
    90: cv2.ROTATE_90_COUNTERCLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_CLOCKWISE,
}


class Converter:
    """Makes RGB of any pixel format, upright.

    One reformatter is kept: making it anew for each frame, as `VideoFrame.to_ndarray` does, costs
    several times the conversion. It knows the colour matrix (BT.601, BT.709, BT.2020), full and
    limited range, depth and chroma layout of the frame.
    """

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()
        self._pool = FramePool()
        # One thread, because the interpreter needs the other core; older PyAV has only one.
        self._threads: dict[str, int] = {"threads": 1}

    def rgb(self, decoded: Any) -> npt.NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB that nothing else writes to, turned by the file's display matrix.

        Raises:
            av.FFmpegError: if FFmpeg has no way from the frame's format to RGB.
        """
        plane = self._reformat(decoded).planes[0]
        rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
        used = rows[: decoded.height, : decoded.width * 3]
        pixels = self._pool.take(decoded.height, decoded.width)
        np.copyto(pixels.reshape(decoded.height, -1), used)
        turn = _TURNS.get(int(getattr(decoded, "rotation", 0) or 0) % 360)
        return pixels if turn is None else np.asarray(cv2.rotate(pixels, turn), np.uint8)

    def _reformat(self, decoded: Any) -> Any:
        try:
            return self._reformatter.reformat(decoded, format="rgb24", **self._threads)
        except TypeError:
            if not self._threads:
                raise
            self._threads = {}
            return self._reformat(decoded)


def reason(error: BaseException) -> str:
    """What FFmpeg says is wrong, without the address (which may hold a password)."""
    if isinstance(error, av.FFmpegError) and error.strerror:
        return str(error.strerror)
    return type(error).__name__
