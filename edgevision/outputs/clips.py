"""Short films of sightings, with the seconds before them."""

from __future__ import annotations

import logging
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import cv2
import numpy as np

from edgevision.errors import ConfigError, OutputError
from edgevision.outputs.recording import Recording
from edgevision.outputs.ring import Coded, Ring
from edgevision.outputs.snapshots import file_name, opened_folder
from edgevision.pixels.encode import jpeg, write_atomically
from edgevision.store.files import StoredFile, digest_of

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from edgevision.store.files import Ledger
    from edgevision.values.event import Event
    from edgevision.values.report import Report

    Done = tuple[list[Event], bytes]

log = logging.getLogger(__name__)

# More than one comes in, so that what waits gets less; few enough not to keep the next one waiting.
_FRAMES_A_TURN = 4
_QUALITY = 85
# Finished ones that the disk would not take are some megabytes each.
_MOST_WAITING = 2


class Clips:
    """Keeps the last seconds of every source in memory, and writes a film of each sighting.

    Sightings that come while a film is being made go into the same one, up to a minute. The
    encoder works between frames, a few at a time.

    Args:
        folder: made if absent.
        seconds_before, seconds_after: around the event, in the source's time.
        fps: frames a second at most.
        width: pixels of the longer side, at most.
        memory_mb: of JPEGs kept for one source, at most; with less than `seconds_before` of them
            the clip begins later.
        blur: leave nothing recognisable but the events' boxes.
        ledger: where each file is put down before it is written; None: nowhere, and nothing will
            ever delete it.

    Raises:
        ConfigError: if an option is out of its range.
    """

    name = "clips"
    lossless: ClassVar[bool] = True
    wants_pixels: ClassVar[bool] = True

    def __init__(
        self,
        folder: str | Path,
        *,
        seconds_before: float = 5.0,
        seconds_after: float = 5.0,
        fps: float = 10.0,
        width: int = 640,
        memory_mb: float = 32.0,
        blur: bool = False,
        ledger: Ledger | None = None,
    ) -> None:
        if not (seconds_before >= 0 and seconds_after >= 0 and fps > 0 and memory_mb > 0):
            raise ConfigError("clips: seconds must be 0 or more, fps and memory_mb over 0")
        self.folder = Path(folder)
        self._before, self._after = seconds_before, seconds_after
        self._interval = 1 / fps
        self._width = width
        self._most_bytes = int(memory_mb * 2**20)
        self._blur = blur
        self._ledger = ledger
        self._rings: dict[str, Ring] = {}
        self._recordings: dict[str, list[Recording]] = {}
        self._done: deque[Done] = deque()
        # A report that is tried again brings the same events.
        self._known: deque[str] = deque(maxlen=100)

    def __enter__(self) -> Self:
        self.folder = opened_folder(self.folder, "clips")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write what there is, also of clips that have not reached their end.

        Raises:
            OutputError: if that fails.
        """
        for source in list(self._recordings):
            self._end(source, float("inf"))
        self._rings.clear()
        self._deliver()

    def write(self, report: Report) -> None:
        """Take the frame in; begin a clip if `report` has a sighting's first event.

        Raises:
            OutputError: if a clip could not be written; it is tried again with the next frames.
        """
        frame = report.frame
        ring = self._rings.setdefault(frame.source, Ring(self._before, self._most_bytes))
        recordings = self._recordings.setdefault(frame.source, [])
        coded = self._coded(report, ring)
        if coded is not None:
            ring.add(coded)
            for recording in recordings:
                recording.add(coded)
        for event in report.events:
            if event.phase == "seen" and event.id not in self._known:
                self._known.append(event.id)
                if not (recordings and recordings[-1].include(event, frame.seconds)):
                    recordings.append(
                        Recording(ring, event, frame.seconds, self._after, blur=self._blur)
                    )
        for recording in recordings:
            recording.encode(_FRAMES_A_TURN)
        self._end(frame.source, frame.seconds)
        self._deliver()

    def tend(self) -> None:
        """Go on with what waits, while no frame comes.

        Raises:
            OutputError: as for `write`.
        """
        for recordings in self._recordings.values():
            for recording in recordings:
                recording.encode(_FRAMES_A_TURN)
        self._deliver()

    def _coded(self, report: Report, ring: Ring) -> Coded | None:
        """The frame as a JPEG; None if it comes too soon after the last."""
        seconds = report.frame.seconds
        # A hundredth less: the times of frames that come just at this rate are rounded.
        if ring.last is not None and seconds - ring.last < self._interval * 0.99:
            return None
        pixels = report.frame.pixels
        scale = self._width / max(pixels.shape[:2])
        if scale < 1:
            size = (max(round(pixels.shape[1] * scale), 1), max(round(pixels.shape[0] * scale), 1))
            pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        return Coded(seconds, jpeg(pixels, _QUALITY))

    def _end(self, source: str, seconds: float) -> None:
        """Finish the clips of `source` whose end has come."""
        going = []
        for recording in self._recordings[source]:
            if seconds < recording.until:
                going.append(recording)
                continue
            self._done.append((recording.events, recording.finish()))
            if len(self._done) > _MOST_WAITING:
                lost, _ = self._done.popleft()
                log.warning("clips: that of %s could not be written and is lost", lost[0].id)
        self._recordings[source] = going

    def _deliver(self) -> None:
        while self._done:
            events, data = self._done[0]
            path = self.folder / file_name(events[0], ".mp4")
            size, digest = len(data), digest_of(data)
            files = [StoredFile(path, one.id, "clip", one.time, size, digest) for one in events]
            try:
                if self._ledger is not None:
                    self._ledger.enter(files)
                write_atomically(path, data)
            except OSError as error:
                raise OutputError(f"{path}: cannot keep clips: {error.strerror}") from error
            self._done.popleft()
