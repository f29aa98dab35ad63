"""A video file, through FFmpeg."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av

from edgevision.errors import SourceError, UriError
from edgevision.sources.ahead import read_ahead
from edgevision.sources.picture import Converter, reason
from edgevision.sources.reading import Reading
from edgevision.values.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgevision.sources.uri import Address

log = logging.getLogger(__name__)

USUAL_FPS = 25.0  # what FFmpeg assumes of a stream that does not tell
LONGEST_GAP_SECONDS = 60.0
# Pictures that are decoded before they are asked for: some take much longer than others.
_AHEAD = 4


class Video(Reading):
    """Every frame of a video file, upright, in the order in which it is shown; drops nothing.

    `Frame.seconds` is the media time counted from the first frame, plus one duration for each
    time that a looped file began again.

    Options: `loop` 0; `threads` 1 for the decoder, since the interpreter needs the other core.
    """

    def __init__(self, address: Address, name: str) -> None:
        super().__init__(address, name)
        self._path = Path(address.target).expanduser()
        self._container: Any = None
        self._converter = Converter()
        self._number = 0
        self._last_seconds = 0.0
        self._offset = 0.0
        self._broken = ""

    def open(self) -> None:
        """Open the file and find its video stream.

        Raises:
            UriError: if it is missing, empty, a folder or no video.
            SourceError: if it may not be read or has just gone.
        """
        where = self.address.display()
        try:
            size = self._path.stat().st_size
            if self._path.is_dir():
                raise UriError(
                    f"source {where}: is a folder; for its photos write images:{self._path}"
                )
            if size == 0:
                raise UriError(f"source {where}: the file is empty")
            self._container = av.open(
                # An absolute path, because FFmpeg takes the "a:" of "a:b.mp4" for a protocol; and
                # a playlist in disguise must not make it fetch other things.
                str(self._path.absolute()),
                options={"protocol_whitelist": "file"},
            )
        except (FileNotFoundError, NotADirectoryError):
            raise UriError(f"source {where}: there is no such file") from None
        except PermissionError:
            raise SourceError(f"source {where}: no permission to read it") from None
        except (av.FFmpegError, OSError, ValueError) as error:
            raise UriError(
                f"source {where}: is no video, or one whose beginning or index is missing"
                f" ({reason(error)})"
            ) from None
        # FFmpeg reads plain text as an animation of characters.
        if not self._container.streams.video or self._container.format.name == "tty":
            self.close()
            raise UriError(f"source {where}: has no video in it")

    def close(self) -> None:
        """Close the file."""
        container, self._container = self._container, None
        if container is not None:
            container.close()

    def __iter__(self) -> Iterator[Frame]:
        """Frames until the end, or for ever with `loop`.

        Raises:
            UriError: if not one frame can be decoded.
        """
        while self._container is not None and not self.stopping.is_set():
            before = self._number
            yield from self._once()
            if self.stopping.is_set():
                return
            if self._number == before:
                raise UriError(
                    f"source {self.address.display()}: not one picture in it can be decoded"
                    f" ({self._broken or 'it has none'})"
                )
            if not self.address.options.get("loop", False):
                return
            self._wind_back()

    def _wind_back(self) -> None:
        try:
            self._container.seek(0)
        except (av.FFmpegError, OSError):
            # Not every format can be wound back.
            self.close()
            self.open()

    def _once(self) -> Iterator[Frame]:
        stream = self._container.streams.video[0]
        if not stream.codec_context.is_open:
            stream.codec_context.thread_count = self.address.options.get("threads", 1)
        rate = float(stream.average_rate or stream.guessed_rate or 0) or USUAL_FPS
        promised, before = int(stream.frames), self._number
        first: float | None = None
        for decoded in read_ahead(self._decoded(stream), _AHEAD):
            try:
                pixels = self._converter.rgb(decoded)
            except (av.FFmpegError, ValueError) as error:
                self._broken = reason(error)
                continue
            expected = self._last_seconds + (1.0 / rate if self._number else 0.0)
            if decoded.time is None:
                seconds = expected
            else:
                first = decoded.time if first is None else first
                seconds = self._offset + decoded.time - first
                if seconds < self._last_seconds or seconds > expected + LONGEST_GAP_SECONDS:
                    # A jump of the clock inside the file, as in joined recordings.
                    self._offset += expected - seconds
                    seconds = expected
            self._last_seconds = seconds
            yield Frame(pixels, self._number, seconds, self.name)
            self._number += 1
            if self.stopping.is_set():
                return
        self._offset = self._last_seconds + 1.0 / rate
        self._report_damage(promised, self._number - before)

    def _decoded(self, stream: Any) -> Iterator[Any]:
        """Pictures as the decoder gives them; what is damaged is left out and remembered."""
        self._broken = ""
        packets = self._container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
            except (av.FFmpegError, OSError) as error:
                self._broken = reason(error)
                return
            if packet is None:
                return
            try:
                pictures = packet.decode()
            except (av.FFmpegError, ValueError) as error:
                self._broken = reason(error)
                continue
            if any(getattr(decoded, "is_corrupt", False) for decoded in pictures):
                self._broken = "damaged pictures"
            yield from pictures

    def _report_damage(self, promised: int, given: int) -> None:
        if given and (self._broken or given < promised):
            log.warning(
                "source %s: is damaged or cut off: gave %d frames%s%s",
                self.address.display(),
                given,
                f" of {promised}" if promised else "",
                f" ({self._broken})" if self._broken else "",
            )
