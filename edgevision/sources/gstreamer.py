"""Any GStreamer pipeline, and the ribbon-cable cameras of a Jetson."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgevision.errors import ExtraError, SourceError, UriError
from edgevision.pixels.pool import FramePool
from edgevision.sources import gstreamer_child as child
from edgevision.sources.reading import Reading
from edgevision.sources.uri import without_passwords
from edgevision.values.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgevision.sources.uri import Address

SYSTEM_PYTHON = Path("/usr/bin/python3")
TIMEOUT_SECONDS = 10.0
_SLICE_MILLIS = 200  # how long `stop` may go unnoticed
_CLOSING_SECONDS = 1.0
_LONGEST_WORDS = 100_000
_LARGEST_SIDE = 16384
_INSTALL = "sudo apt-get install python3-gi gir1.2-gst-plugins-base-1.0 gstreamer1.0-plugins-good"


class Gstreamer(Reading):
    """The pictures of a pipeline that ends in what `videoconvert` takes, the newest one each time.

    The pipeline runs in a child process under the system's Python. No options: what comes after
    `gst:` is the pipeline, `?` and `#` included.
    """

    live = True

    def __init__(self, address: Address, name: str, *, python: Path = SYSTEM_PYTHON) -> None:
        super().__init__(address, name)
        self._python = python if python.exists() else Path(sys.executable)
        self._process: subprocess.Popen[bytes] | None = None
        self._pool = FramePool()

    @property
    def pipeline(self) -> str:
        """What the child is told to play."""
        return self.address.target

    def open(self) -> None:
        """Start the pipeline.

        Raises:
            ExtraError: if the system has no GStreamer for Python.
            UriError: if the pipeline cannot be right.
            SourceError: if it does not start.
        """
        self._process = subprocess.Popen(
            [str(self._python), "-I", child.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        try:
            self._tell(self._process)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the child."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(OSError):
            if process.stdin is not None:
                process.stdin.close()
        if process.stdout is not None:
            process.stdout.close()
        try:
            process.wait(_CLOSING_SECONDS / 2)
        except subprocess.TimeoutExpired:
            process.kill()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_CLOSING_SECONDS)

    def __iter__(self) -> Iterator[Frame]:
        """Frames until the pipeline ends or `stop()`.

        Raises:
            SourceError: if it fails, or gives nothing for ten seconds.
        """
        number = 0
        while (head := self._head()) is not None and head[0] != b"ENDS":
            pixels = self._pixels(*head[1:])
            if pixels is None:
                return
            taken_at = datetime.now(timezone.utc)
            yield Frame(pixels, number, time.monotonic(), self.name, taken_at)
            number += 1

    def _tell(self, process: subprocess.Popen[bytes]) -> None:
        """Give the child its pipeline, and hear whether it plays."""
        if process.stdin is None or process.stdout is None:
            raise SourceError(f"source {self._where}: no pipe to the pipeline's process")
        os.set_blocking(process.stdout.fileno(), False)
        with suppress(BrokenPipeError):  # then the child has something to say
            process.stdin.write(self.pipeline.encode() + b"\n")
        head = self._head()
        if head is None or head[0] == b"ENDS":
            raise SourceError(f"source {self._where}: ends before its first picture")

    def _head(self) -> tuple[Any, ...] | None:
        """The next head; None when told to stop.

        Raises: what the child says is wrong.
        """
        raw = bytearray(child.HEAD.size)
        if not self._fill(memoryview(raw)):
            return None
        kind, width, height, row, size = child.HEAD.unpack(raw)
        if kind in (b"OPEN", b"ENDS"):
            return kind, width, height, row
        fits = 0 < width <= _LARGEST_SIDE and 0 < height <= _LARGEST_SIDE
        if kind == b"FRAM" and fits and 3 * width <= row and size == row * height:
            return kind, width, height, row
        if size > _LONGEST_WORDS:
            raise SourceError(f"source {self._where}: its process says what nobody understands")
        words = bytearray(size)
        self._fill(memoryview(words))
        raise self._refusal(kind, without_passwords(words.decode("utf-8", "replace")))

    def _refusal(self, kind: bytes, words: str) -> Exception:
        if kind == b"LACK":
            return ExtraError(
                f"source {self._where}: {self._python} has no GStreamer ({words}); {_INSTALL}"
            )
        if kind == b"FAIL":
            return UriError(f"source {self._where}: {words}")
        return SourceError(f"source {self._where}: {words}")

    def _pixels(self, width: int, height: int, row: int) -> Any:
        pixels = self._pool.take(height, width)
        if row == 3 * width:
            return pixels if self._fill(memoryview(pixels.data).cast("B")) else None
        padded = np.empty((height, row), np.uint8)
        if not self._fill(memoryview(padded.data).cast("B")):
            return None
        np.copyto(pixels.reshape(height, -1), padded[:, : 3 * width])
        return pixels

    def _fill(self, view: memoryview) -> bool:
        """Read until `view` is full; False when told to stop."""
        process = self._process
        if process is None or process.stdout is None:
            return False
        pipe = process.stdout.fileno()
        ready = select.poll()
        ready.register(pipe, select.POLLIN)
        until = time.monotonic() + TIMEOUT_SECONDS
        while view:
            if self.stopping.is_set():
                return False
            if not ready.poll(_SLICE_MILLIS):
                if time.monotonic() > until:
                    raise SourceError(
                        f"source {self._where}: no picture for {TIMEOUT_SECONDS:.0f} s"
                    )
                continue
            given = os.readv(pipe, [view])
            if given == 0:
                raise SourceError(
                    f"source {self._where}: its process ended"
                    f" ({_how(process)}); a plugin may have crashed"
                )
            view = view[given:]
        return True

    @property
    def _where(self) -> str:
        return self.address.display()


class Jetson(Gstreamer):
    """A ribbon-cable camera of a Jetson, through its image processor (nvarguscamerasrc).

    Options: `sensor` 0, `width` 1280, `height` 720, `fps` 30, `flip` 0 (nvvidconv's flip-method:
    1 a quarter turn to the left, 2 half a turn, 3 a quarter to the right, 4 to 7 mirrored).

    Never run on a Jetson: the text is what NVIDIA's documentation of these elements says.
    """

    @property
    def pipeline(self) -> str:
        """Sensor, size and rate chosen; turned and converted outside the CPU as far as RGB goes."""
        options = self.address.options
        width, height = options.get("width", 1280), options.get("height", 720)
        return (
            f"nvarguscamerasrc sensor-id={options.get('sensor', 0)}"
            f" ! video/x-raw(memory:NVMM),width={width},height={height}"
            f",framerate={_rate(options.get('fps', 30))}"
            f" ! nvvidconv flip-method={options.get('flip', 0)}"
            " ! video/x-raw,format=BGRx"
            f" ! videoconvert ! {child.CAPS}"
            f" ! appsink name={child.SINK} max-buffers=1 drop=true sync=false"
        )

    def _refusal(self, kind: bytes, words: str) -> Exception:
        if kind == b"FAIL" and "no element" in words:
            return SourceError(
                f"source {self._where}: {words}; jetson: works on NVIDIA's Jetson boards with"
                " JetPack's GStreamer plugins only"
            )
        return super()._refusal(kind, words)


def _rate(fps: float) -> str:
    """Frames a second as GStreamer writes it."""
    return f"{round(fps)}/1" if fps == round(fps) else f"{round(fps * 1000)}/1000"


def _how(process: subprocess.Popen[bytes]) -> str:
    with suppress(subprocess.TimeoutExpired):
        code = process.wait(_CLOSING_SECONDS)
        return f"signal {-code}" if code < 0 else f"exit code {code}"
    return "its pipe is closed"
