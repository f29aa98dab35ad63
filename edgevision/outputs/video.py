"""A video file with the overlay, playable up to the moment at which the program was killed."""

from __future__ import annotations

import contextlib
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import av
import cv2
import numpy as np

from edgevision.errors import ConfigError, OutputError
from edgevision.pixels.blur import blurred_report
from edgevision.pixels.draw import draw
from edgevision.pixels.fit import letterboxed
from edgevision.pixels.rate import Rate

if TYPE_CHECKING:
    from types import TracebackType

    import numpy.typing as npt
    from typing_extensions import Self

    from edgevision.values.box import Box
    from edgevision.values.report import Report

# Fragments of one group of pictures each, with the header first: what is written can be played.
_FRAGMENTS = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "flush_packets": "1"}
_FORMATS = {
    ".mp4": ("mp4", _FRAGMENTS),
    ".m4v": ("mp4", _FRAGMENTS),
    ".mov": ("mov", _FRAGMENTS),
    ".mkv": ("matroska", {"cluster_time_limit": "1000", "flush_packets": "1"}),
}
# The usual clock of video: every common frame rate is a whole number of ticks.
_TICKS = 90_000
_GROUP = 30
# What a frame lasts whose source gave it no later time than the one before.
_SHORTEST_SECONDS = 1 / 60
# The larger side; H.264's common levels end there, and photos may be larger.
_LARGEST = 3840


class VideoFile:
    """Encodes every report's overlay: H.264 where this FFmpeg has libx264, else MPEG-4.

    The first frame's size is the video's (made even, at most 3840 a side); others are letterboxed
    into it. A file that exists is replaced.

    Args:
        path: ends in .mp4, .m4v, .mov or .mkv.
        fps: frames a second of the file; None takes each frame's own time, so that it plays as
            fast as it was seen.
        blur: leave nothing recognisable but the boxes in which something is seen.

    Raises:
        ConfigError: if the ending is another, or `fps` is not over 0.
    """

    name = "video"
    lossless: ClassVar[bool] = True
    wants_pixels: ClassVar[bool] = True
    codecs: ClassVar[tuple[str, ...]] = ("libx264", "mpeg4")

    def __init__(self, path: str | Path, *, fps: float | None = None, blur: bool = False) -> None:
        self.path = Path(path)
        self._blur = blur
        if self.path.suffix.lower() not in _FORMATS:
            raise ConfigError(f"video: {str(path)!r} must end in one of {', '.join(_FORMATS)}")
        if fps is not None and not fps > 0:
            raise ConfigError(f"video: fps is {fps}, it must be over 0")
        self._fps = fps
        self._sink: _Sink | None = None
        self._file: Any = None
        self._stream: Any = None
        self._frame: Any = None
        self._canvas: npt.NDArray[np.uint8] | None = None
        self._yuv: Any = None
        self._rate = Rate()
        self._part = 1
        self._first_seconds = 0.0
        self._last: tuple[str, int] | None = None
        self._ticks = -1

    def __enter__(self) -> Self:
        self._part = 1
        self._open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._sink is None:
            return
        try:
            if self._stream is not None:
                self._mux(None)
                self._file.close()
                self._sink.keep()
                self._sink.close()
        except (OSError, ValueError) as failure:
            raise self._refusal(failure) from failure
        finally:
            self._abandon()

    def write(self, report: Report) -> None:
        """Encode the overlay of `report`; a frame that comes twice is encoded once.

        Raises:
            OutputError: if the disk is full or the encoder fails; what follows goes into a new
                file beside it, NAME.part2.mp4 and so on.
        """
        frame = report.frame
        if (frame.source, frame.number) == self._last:
            return
        if self._blur:
            report = blurred_report(report, _seen(report))
        picture = draw(report, fps=self._rate.tick(frame.ready_at), out=self._canvas)
        self._canvas = picture
        try:
            if self._sink is None:
                self._open()
            if self._stream is None:
                self._begin(picture, frame.seconds)
            self._fill(picture)
            self._frame.pts = self._next_ticks(frame.seconds)
            self._frame.time_base = Fraction(1, _TICKS)
            self._mux(self._frame)
            self._last = (frame.source, frame.number)
        except (OSError, ValueError, cv2.error) as error:
            self._abandon()
            raise self._refusal(error) from error

    def _open(self) -> None:
        try:
            self._sink = _Sink(self._place())
        except OSError as error:
            raise self._refusal(error) from error

    def _begin(self, picture: npt.NDArray[np.uint8], seconds: float) -> None:
        height, width = picture.shape[:2]
        scale = min(1.0, _LARGEST / max(height, width))
        kind, options = _FORMATS[self.path.suffix.lower()]
        self._file = av.open(self._sink, "w", format=kind, options=dict(options))
        rate = Fraction(self._fps or 30).limit_denominator(1001)
        codec = next(name for name in self.codecs if name in av.codecs_available)
        stream = self._file.add_stream(codec, rate=rate)
        stream.width = max(int(width * scale) // 2 * 2, 16)
        stream.height = max(int(height * scale) // 2 * 2, 16)
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        # MPEG-4 cannot count finer than this, H.264 could.
        context.time_base = Fraction(1, _TICKS if codec == "libx264" else 60_000)
        context.thread_count = 1
        context.gop_size = _GROUP
        if codec == "libx264":
            stream.options = {"preset": "ultrafast", "tune": "zerolatency", "crf": "23"}
        else:
            context.bit_rate = width * height * 4
            context.max_b_frames = 0
        self._stream = stream
        # The encoders copy what they are given, so that one frame will do for all.
        self._frame = av.VideoFrame(stream.width, stream.height, "yuv420p")
        self._yuv = None
        self._first_seconds = seconds
        self._ticks = -1

    def _fill(self, picture: npt.NDArray[np.uint8]) -> None:
        """Put `picture` into the one frame that is encoded again and again."""
        width, height = self._stream.width, self._stream.height
        fitted = letterboxed(picture, width, height)
        self._yuv = cv2.cvtColor(fitted, cv2.COLOR_RGB2YUV_I420, self._yuv)
        flat, start = self._yuv.reshape(-1), 0
        for plane, scale in zip(self._frame.planes, (1, 2, 2), strict=True):
            rows, columns = height // scale, width // scale
            end = start + rows * columns
            place = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
            place[:rows, :columns] = flat[start:end].reshape(rows, columns)
            start = end

    def _next_ticks(self, seconds: float) -> int:
        if self._fps is not None:
            number = 0 if self._ticks < 0 else round(self._ticks * self._fps / _TICKS) + 1
            self._ticks = round(number * _TICKS / self._fps)
            return self._ticks
        ticks = round((seconds - self._first_seconds) * _TICKS)
        if ticks <= self._ticks:
            ticks = self._ticks + round(_SHORTEST_SECONDS * _TICKS)
        self._ticks = max(ticks, 0)
        return self._ticks

    def _mux(self, frame: Any) -> None:
        self._file.mux(self._stream.encode(frame))
        if self._sink is not None:
            self._sink.keep()

    def _abandon(self) -> None:
        """Close what there is, with no word; what was not kept of a failed write is cut off."""
        if self._sink is not None:
            self._sink.cut()
            if self._file is not None:
                with contextlib.suppress(OSError, ValueError):
                    self._file.close()
            self._sink.close()
            if self._sink.has_pictures:
                self._part += 1
            else:
                with contextlib.suppress(OSError):
                    self._place().unlink()
        self._sink = self._file = self._stream = None

    def _place(self) -> Path:
        if self._part == 1:
            return self.path
        return self.path.with_name(f"{self.path.stem}.part{self._part}{self.path.suffix}")

    def _refusal(self, error: Exception) -> OutputError:
        reason = getattr(error, "strerror", None) or str(error)
        return OutputError(f"{self._place()}: cannot write the video: {reason}")


def _seen(report: Report) -> list[Box]:
    """Where the tasks looked that see something now."""
    tasks = {decision.task for decision in report.decisions if decision.verdict == "seen"}
    return [result.box for result in report.results if result.task in tasks]


class _Sink:
    """The file that FFmpeg writes into; after a failure it can be cut to its last whole fragment.

    Raises:
        OSError: if the file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb", buffering=0)
        self._kept = self._header = 0
        self._is_cut = False

    def write(self, data: bytes) -> int:
        """All of `data`, or OSError."""
        if self._is_cut:
            return len(data)
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) or 0 :]
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """As a file's."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """As a file's."""
        return self._file.tell()

    @property
    def has_pictures(self) -> bool:
        """True if more than the file's header was kept."""
        return self._kept > self._header

    def keep(self) -> None:
        """What is written up to here is whole; the first time, that is the header."""
        self._kept = self._file.tell()
        self._header = self._header or self._kept

    def cut(self) -> None:
        """Take back what was written since `keep`, and swallow what follows."""
        if not self._file.closed:
            with contextlib.suppress(OSError):
                self._file.truncate(self._kept)
        self._is_cut = True

    def close(self) -> None:
        """Closing twice does no harm."""
        self._file.close()
