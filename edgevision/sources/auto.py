"""The first camera that works."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgevision.errors import ExtraError, SourceError
from edgevision.sources.options import OPTIONS
from edgevision.sources.picamera import Picamera
from edgevision.sources.reading import Reading
from edgevision.sources.usb import JETSON_DRIVER, discover
from edgevision.sources.v4l2 import V4l2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edgevision.sources.uri import Address
    from edgevision.sources.usb import Camera
    from edgevision.values.frame import Frame

log = logging.getLogger(__name__)

ADVICE = (
    "connect a camera, or name a source: --source file:VIDEO, --source images:FOLDER,"
    " --source rtsp://HOST/PATH or --source synthetic:"
)


class Auto(Reading):
    """Looks for a camera each time it is opened, so one that is plugged in later is found.

    USB cameras are tried in the order of their numbers, then the Raspberry Pi's first ribbon-cable
    camera. That of a Jetson is not opened, but named where there is no other.

    Options: those of v4l2:, for the camera that is found; `format` is for USB cameras.

    Args:
        address: kind and options.
        name: the configured name.
        root: the folder whose dev/ and sys/ are looked at.
        camera: makes the source of a device.
        ribbon: makes the source of a ribbon-cable camera.
    """

    live = True

    def __init__(
        self,
        address: Address,
        name: str,
        *,
        root: Path = Path("/"),
        camera: Callable[[Address, str], Reading] = V4l2,
        ribbon: Callable[[Address, str], Reading] = Picamera,
    ) -> None:
        super().__init__(address, name)
        self._root = root
        self._camera = camera
        self._ribbon = ribbon
        self._chosen: Reading | None = None

    def open(self) -> None:
        """Open the first camera that opens.

        Raises:
            SourceError: if none does: what was tried, and what to do.
        """
        found = discover(self._root)
        failures: list[str] = []
        for device in (one.device for one in found if not one.csi):
            if self._opened(self._camera, "v4l2", device, failures):
                return
        jetson = [one.device for one in found if one.driver == JETSON_DRIVER]
        failures += [f"{device} is a Jetson's camera: --source jetson:" for device in jetson]
        if not jetson and self._opens_ribbon(found, failures):
            return
        what = "; ".join(failures) if failures else "no camera is connected"
        raise SourceError(f"source auto: {what}; {ADVICE}")

    def _opens_ribbon(self, found: tuple[Camera, ...], failures: list[str]) -> bool:
        try:
            return self._opened(self._ribbon, "csi", "", failures)
        except ExtraError as error:
            # A computer without such a camera does without the library, and says nothing of it.
            failures += [str(error)] if any(one.csi for one in found) else []
            return False

    def _opened(
        self,
        make: Callable[[Address, str], Reading],
        kind: str,
        target: str,
        failures: list[str],
    ) -> bool:
        known = OPTIONS[kind]
        options = {name: one for name, one in self.address.options.items() if name in known}
        source = make(replace(self.address, kind=kind, target=target, options=options), self.name)
        try:
            source.open()
        except SourceError as error:
            failures.append(str(error))
            return False
        self._chosen = source
        log.info("source %s: %s", self.name, source.address.display())
        if self.stopping.is_set():
            source.stop()
        return True

    def close(self) -> None:
        """Close the camera."""
        chosen, self._chosen = self._chosen, None
        if chosen is not None:
            chosen.close()

    def stop(self) -> None:
        """End the iteration."""
        super().stop()
        chosen = self._chosen
        if chosen is not None:
            chosen.stop()

    def __iter__(self) -> Iterator[Frame]:
        """The camera's frames."""
        if self._chosen is not None:
            yield from self._chosen
