"""An MP4 that is made in memory, frame by frame, and is whole when it is written."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av

from edgevision.pixels.fit import letterboxed

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

CODECS = ("libx264", "mpeg4")
"""The first that this FFmpeg has is taken."""

# A clock that both codecs can count by, and that common frame rates divide.
_TICKS = 60_000
_GROUP_FRAMES = 30
_OPTIONS = {"libx264": {"preset": "ultrafast", "crf": "26"}, "mpeg4": {"qscale": "6"}}


class Film:
    """Takes frames with their times; `finish` gives the file's bytes.

    The first frame's size, made even, is the film's; others are letterboxed into it.
    """

    def __init__(self) -> None:
        self._bytes = io.BytesIO()
        self._file: Any = av.open(self._bytes, "w", format="mp4")
        self._stream: Any = None
        self._first_seconds = 0.0
        self._ticks = -1

    def add(self, pixels: npt.NDArray[np.uint8], seconds: float) -> None:
        """Encode a frame.

        Args:
            pixels: (H, W, 3) uint8 RGB.
            seconds: later than the frame before; one that is not is shown one tick later.
        """
        if self._stream is None:
            self._begin(pixels.shape[0], pixels.shape[1], seconds)
        fitted = letterboxed(pixels, self._stream.width, self._stream.height)
        frame = av.VideoFrame.from_ndarray(fitted, format="rgb24").reformat(format="yuv420p")
        self._ticks = max(round((seconds - self._first_seconds) * _TICKS), self._ticks + 1)
        frame.pts, frame.time_base = self._ticks, Fraction(1, _TICKS)
        self._file.mux(self._stream.encode(frame))

    def finish(self) -> bytes:
        """The file; no frame is added afterwards."""
        if self._stream is not None:
            self._file.mux(self._stream.encode(None))
        self._file.close()
        return self._bytes.getvalue()

    def _begin(self, height: int, width: int, seconds: float) -> None:
        codec = next(name for name in CODECS if name in av.codecs_available)
        stream = self._file.add_stream(codec, rate=30, options=dict(_OPTIONS[codec]))
        stream.width, stream.height = max(width // 2 * 2, 16), max(height // 2 * 2, 16)
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, _TICKS)
        stream.codec_context.thread_count = 1
        stream.codec_context.gop_size = _GROUP_FRAMES
        stream.codec_context.max_b_frames = 0
        self._stream = stream
        self._first_seconds = seconds
