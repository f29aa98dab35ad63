"""The first camera that works."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgevision.errors import SourceError
from edgevision.sources.reading import Reading
from edgevision.sources.v4l2 import V4l2, discover

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edgevision.sources.uri import Address
    from edgevision.values.frame import Frame

ADVICE = (
    "connect a USB camera, or name a source: --source file:VIDEO, --source images:FOLDER,"
    " --source rtsp://HOST/PATH or --source synthetic:"
)


class Auto(Reading):
    """Looks for a camera each time it is opened, so one that is plugged in later is found.

    USB cameras are tried in the order of their numbers. A ribbon-cable camera is not opened, but
    named where there is no other.

    Options: those of v4l2:, for the camera that is found.

    Args:
        address: kind and options.
        name: the configured name.
        root: the folder whose dev/ and sys/ are looked at.
        camera: makes the source of a device.
    """

    live = True

    def __init__(
        self,
        address: Address,
        name: str,
        *,
        root: Path = Path("/"),
        camera: Callable[[Address, str], Reading] = V4l2,
    ) -> None:
        super().__init__(address, name)
        self._root = root
        self._camera = camera
        self._chosen: Reading | None = None

    def open(self) -> None:
        """Open the first camera that opens.

        Raises:
            SourceError: if none does: what was tried, and what to do.
        """
        failures = []
        for found in discover(self._root):
            if found.csi:
                failures.append(f"{found.device} is of a ribbon-cable camera: --source csi:0")
                continue
            source = self._camera(
                replace(self.address, kind="v4l2", target=found.device), self.name
            )
            try:
                source.open()
            except SourceError as error:
                failures.append(str(error))
                continue
            self._chosen = source
            if self.stopping.is_set():
                source.stop()
            return
        what = "; ".join(failures) if failures else "no camera is connected"
        raise SourceError(f"source auto: {what}; {ADVICE}")

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
