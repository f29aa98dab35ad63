"""A USB camera, through Video4Linux and OpenCV."""

from __future__ import annotations

import logging
import os
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from edgevision.errors import SourceError, UriError
from edgevision.sources.reading import Reading
from edgevision.sources.usb import Camera, discover
from edgevision.values.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edgevision.sources.uri import Address

__all__ = ["Camera", "V4l2", "device_of", "discover"]

log = logging.getLogger(__name__)

FOURCC = {"mjpg": "MJPG", "yuyv": "YUYV"}
FAILED_READS = 5


class V4l2(Reading):
    """The frames of a USB camera, the newest that its driver has.

    Options: `width` 1280, `height` 720, `fps` 30, `format` mjpg (uncompressed pictures of that
    size do not fit through USB 2 at that rate) or yuyv. The camera chooses the nearest that it
    has; what it chose is logged when it differs.

    Args:
        address: whose target is an index, a /dev path, or a name in /dev/v4l/by-id.
        name: the configured name.
        root: the folder whose dev/ is looked at.
        capture: opens a device; OpenCV's, unless a test brings its own.
    """

    live = True

    def __init__(
        self,
        address: Address,
        name: str,
        *,
        root: Path = Path("/"),
        capture: Callable[[str, int], Any] = cv2.VideoCapture,
    ) -> None:
        super().__init__(address, name)
        self._root = root
        self._make = capture
        self._capture: Any = None

    def open(self) -> None:
        """Open the device and choose the mode.

        Raises:
            UriError: if the target cannot be the name of a camera.
            SourceError: if it is missing, may not be used, or is in use.
        """
        where = self.address.display()
        device = device_of(self.address.target, self._root)
        if not device.exists():
            raise SourceError(
                f"source {where}: there is no {device}; `edgevision cameras` lists what is there"
            )
        if not os.access(device, os.R_OK | os.W_OK):
            raise SourceError(
                f"source {where}: no permission to use {device}; join its group with"
                " `sudo usermod -aG video $USER` and log in again"
            )
        capture = self._make(str(device), cv2.CAP_V4L2)
        if not capture.isOpened():
            capture.release()
            raise SourceError(
                f"source {where}: {device} does not open: it is no camera, or another program"
                f" uses it (`fuser -v {device}` tells which)"
            )
        self._capture = capture
        self._choose_mode(where)

    def close(self) -> None:
        """Give the camera back."""
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.release()

    def __iter__(self) -> Iterator[Frame]:
        """Frames until `stop()`.

        Raises:
            SourceError: if the camera gives none several times in a row, as when it is unplugged.
        """
        number = failed = 0
        while self._capture is not None and not self.stopping.is_set():
            given, image = self._capture.read()
            if not given or image is None:
                # A single damaged JPEG from a long cable is no reason to open it again.
                failed += 1
                if failed >= FAILED_READS:
                    raise SourceError(
                        f"source {self.address.display()}: the camera gives no more pictures;"
                        " it may have been unplugged"
                    )
                continue
            failed = 0
            taken_at = datetime.now(timezone.utc)
            pixels = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
            yield Frame(pixels, number, time.monotonic(), self.name, taken_at)
            number += 1

    def _choose_mode(self, where: str) -> None:
        options = self.address.options
        asked = (options.get("width", 1280), options.get("height", 720), options.get("fps", 30))
        fourcc = FOURCC[options.get("format", "mjpg")]
        # The format first: the sizes that can be chosen depend on it.
        self._capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*fourcc))
        for key, value in zip(_MODE, asked, strict=True):
            self._capture.set(key, value)
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # an old frame is of no use
        got = tuple(round(self._capture.get(key)) for key in _MODE)
        if got[:2] != asked[:2]:
            log.info("source %s: asked for %dx%d, got %dx%d", where, *asked[:2], *got[:2])


_MODE = (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FPS)


def device_of(target: str, root: Path = Path("/")) -> Path:
    """The device node of `target`: "0", "/dev/video0", or a name in /dev/v4l/by-id.

    A part of a by-id name will do if only one link has it.

    Raises:
        UriError: if several links have it.
        SourceError: if none has.
    """
    if target.isdecimal():
        return root / "dev" / f"video{int(target)}"
    if target.startswith("/"):
        return root / target.lstrip("/")
    folder = root / "dev/v4l/by-id"
    if (folder / target).exists():
        return folder / target
    near = [link for link in sorted(folder.glob("*")) if target.lower() in link.name.lower()]
    # Each camera has a second link for its metadata.
    near = [link for link in near if link.name.endswith("index0")] or near
    if len(near) > 1:
        names = ", ".join(link.name for link in near)
        raise UriError(f"source v4l2:{target}: is the name of several cameras: {names}")
    if not near:
        raise SourceError(
            f"source v4l2:{target}: no camera of that name in {folder};"
            " `edgevision cameras` lists what is there"
        )
    return near[0]
