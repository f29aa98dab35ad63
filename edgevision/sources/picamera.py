"""A ribbon-cable camera of the Raspberry Pi, through picamera2 and libcamera."""

from __future__ import annotations

import concurrent.futures
import importlib
import logging
import time
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from edgevision.errors import ExtraError, SourceError, UriError
from edgevision.pixels.planes import FORMATS, to_rgb
from edgevision.pixels.pool import FramePool
from edgevision.sources.options import AWB
from edgevision.sources.reading import Reading
from edgevision.values.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import numpy.typing as npt

    from edgevision.sources.uri import Address

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10.0
_SLICE_SECONDS = 0.2  # how long `stop` may go unnoticed
_SMALL = 256
_BUFFERS = 4
_HALF_TURN = 180
_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
_AUTOFOCUS = ("manual", "auto", "continuous")  # libcamera's AfModeEnum, in its order
_INSTALL = (
    "sudo apt-get install python3-picamera2, and a virtual environment made with"
    " --system-site-packages of the system's Python"
)


def _library() -> tuple[Any, Any]:
    """picamera2 and libcamera: those of the system; a start without a camera must not need them."""
    return importlib.import_module("picamera2"), importlib.import_module("libcamera")


class Picamera(Reading):
    """The newest frame each time, with a small image that the image processor makes beside it.

    `Frame.pixels` is the main stream, `Frame.small` the `lores` one: squeezed to a square of
    `small` pixels as the network sees the full frame, so that the CPU resizes nothing.

    Options: `width` 1280, `height` 720, `fps` 30, `small` 256 (0: none), `rotation` 0, `hflip`,
    `vflip`, `exposure_us`, `gain`, `autofocus` continuous, `lens` (dioptres), `awb`, `tuning`.

    Args:
        address: whose target is the camera's number.
        name: the configured name.
        library: gives picamera2 and libcamera.
        timeout_seconds: how long a picture is waited for.
    """

    live = True

    def __init__(
        self,
        address: Address,
        name: str,
        *,
        library: Callable[[], tuple[Any, Any]] = _library,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        super().__init__(address, name)
        self._library = library
        self._timeout_seconds = timeout_seconds
        self._camera: Any = None
        self._mapped: Any = None
        self._pools = {"main": FramePool(), "lores": FramePool()}
        self._turn = int(address.options.get("rotation", "0"))

    def open(self) -> None:
        """Open, configure and start the camera.

        Raises:
            ExtraError: if picamera2 or libcamera is not installed, or does not fit this Python.
            UriError: if there is no such tuning file.
            SourceError: if there is no such camera, it is in use, or does not start.
        """
        try:
            picamera2, libcamera = self._library()
        except (ImportError, ValueError) as error:
            # ValueError: compiled against another numpy than this environment's.
            raise ExtraError(f"source {self._where}: no picamera2 ({error}); {_INSTALL}") from None
        self._mapped = picamera2.MappedArray
        self._camera = self._found(picamera2)
        try:
            self._start(libcamera)
        except (RuntimeError, ValueError, TypeError, OSError) as error:
            self.close()
            raise SourceError(f"source {self._where}: does not start: {error}") from None

    def close(self) -> None:
        """Give the camera back."""
        camera, self._camera = self._camera, None
        if camera is not None:
            try:
                camera.stop()
            finally:
                camera.close()

    def __iter__(self) -> Iterator[Frame]:
        """Frames until `stop()`.

        Raises:
            SourceError: if none comes for ten seconds, as when the ribbon is pulled.
        """
        number = 0
        while self._camera is not None:
            request = self._request()
            if request is None:
                return
            try:
                # Given back before anything is done with them: the camera has few buffers.
                pixels = self._read(request, "main")
                small = self._read(request, "lores") if "lores" in self._streams else None
            except ValueError as error:
                raise SourceError(f"source {self._where}: {error}") from None
            finally:
                request.release()
            taken_at = datetime.now(timezone.utc)
            yield Frame(
                self._turned(pixels),
                number,
                time.monotonic(),
                self.name,
                taken_at,
                None if small is None else self._turned(small),
            )
            number += 1

    def _found(self, picamera2: Any) -> Any:
        index = int(self.address.target or 0)
        known = picamera2.Picamera2.global_camera_info()
        if index >= len(known):
            models = ", ".join(f"csi:{at} {one.get('Model', '?')}" for at, one in enumerate(known))
            raise SourceError(
                f"source {self._where}: libcamera finds no such camera"
                f" ({models or 'none at all'}); seat the ribbon at both ends with the power off,"
                " then `rpicam-hello --list-cameras`"
            )
        tuning = self.address.options.get("tuning")
        try:
            if tuning is None:
                return picamera2.Picamera2(index)
            if not Path(tuning).is_file():
                raise UriError(f"source {self._where}: there is no tuning file {tuning}")
            return picamera2.Picamera2(index, tuning=picamera2.Picamera2.load_tuning_file(tuning))
        except (RuntimeError, OSError) as error:
            raise SourceError(
                f"source {self._where}: the camera does not open ({error}): another program uses"
                " it (`fuser -v /dev/media*` tells which), or its driver failed (`dmesg`)"
            ) from None

    def _start(self, libcamera: Any) -> None:
        options, camera = self.address.options, self._camera
        size = (options.get("width", 1280), options.get("height", 720))
        side = options.get("small", _SMALL) // 2 * 2
        half = self._turn == _HALF_TURN
        configuration = camera.create_video_configuration(
            main={"size": size, "format": "BGR888"},
            # The image processors before the Pi 5's give YUV only there.
            lores={"size": (side, side), "format": "YUV420"} if side else None,
            transform=libcamera.Transform(
                hflip=options.get("hflip", False) != half,
                vflip=options.get("vflip", False) != half,
            ),
            colour_space=libcamera.ColorSpace.Smpte170m(),
            buffer_count=_BUFFERS,
            controls=self._controls(camera.camera_controls),
        )
        camera.configure(configuration)
        given = camera.camera_configuration()
        self._streams = {name: given[name] for name in ("main", "lores") if given.get(name)}
        for name, stream in self._streams.items():
            if stream["format"] not in FORMATS:
                raise ValueError(f"its {name} stream has pixels of format {stream['format']}")
        if tuple(self._streams["main"]["size"]) != size:
            log.info(
                "source %s: asked for %dx%d, got %dx%d",
                self._where,
                *size,
                *self._streams["main"]["size"],
            )
        camera.start()

    def _controls(self, known: Mapping[str, Any]) -> dict[str, Any]:
        options = self.address.options
        wanted = {
            "FrameRate": float(options.get("fps", 30)),
            "ExposureTime": options.get("exposure_us"),
            "AnalogueGain": options.get("gain"),
            "AfMode": _AUTOFOCUS.index(options.get("autofocus", "continuous")),
            "LensPosition": options.get("lens"),
            "AwbMode": AWB.index(options["awb"]) if "awb" in options else None,
        }
        if options.get("lens") is not None and "autofocus" not in options:
            wanted["AfMode"] = _AUTOFOCUS.index("manual")
        chosen = {name: value for name, value in wanted.items() if value is not None}
        named = {"ExposureTime": "exposure_us", "AnalogueGain": "gain", "LensPosition": "lens"}
        for name in [name for name in chosen if name != "FrameRate" and name not in known]:
            del chosen[name]
            option = named.get(name) or {"AfMode": "autofocus", "AwbMode": "awb"}[name]
            if option in options:
                log.warning("source %s: this camera has no %s; left out", self._where, option)
        return chosen

    def _request(self) -> Any:
        """The next request of the camera; None when told to stop.

        It is waited for in slices: when the ribbon is pulled, libcamera's own wait never ends.
        """
        job = self._camera.capture_request(wait=False)
        until = time.monotonic() + self._timeout_seconds
        while not self.stopping.is_set():
            with suppress(TimeoutError, concurrent.futures.TimeoutError):
                return job.get_result(timeout=_SLICE_SECONDS)
            if time.monotonic() > until:
                raise SourceError(
                    f"source {self._where}: no picture for {self._timeout_seconds:.0f} s; the"
                    " ribbon may be loose, or the power too weak (`edgevision doctor`)"
                )
        return None

    def _read(self, request: Any, name: str) -> npt.NDArray[np.uint8]:
        stream = self._streams[name]
        width, height = stream["size"]
        pixels = self._pools[name].take(height, width)
        with self._mapped(request, name, reshape=False) as mapped:
            memory = np.asarray(mapped.array).reshape(-1).view(np.uint8)
            to_rgb(memory, stream["format"], stream["stride"], pixels)
        return pixels

    def _turned(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """A quarter turn, which the image processor cannot make; half of one it can."""
        turn = _TURNS.get(self._turn)
        return pixels if turn is None else np.asarray(cv2.rotate(pixels, turn), np.uint8)

    @property
    def _where(self) -> str:
        return self.address.display()
