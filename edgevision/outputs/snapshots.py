"""JPEGs of each sighting, and from time to time if asked for."""

from __future__ import annotations

import os
import re
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from ulid import ULID

from edgevision.errors import ConfigError, OutputError
from edgevision.pixels.blur import blurred_report
from edgevision.pixels.draw import draw
from edgevision.pixels.encode import jpeg, write_atomically
from edgevision.pixels.rate import Rate
from edgevision.store.files import StoredFile, digest_of

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from edgevision.store.files import FileKind, Ledger
    from edgevision.values.box import Box
    from edgevision.values.event import Event
    from edgevision.values.report import Report

    Content = tuple[StoredFile, bytes]

What = Literal["full", "crop", "both"]


class Snapshots:
    """Writes pictures of a report in which something is first seen.

    Args:
        folder: made if absent.
        what: the whole frame, the event's box, or both. A box never has anything painted on it.
        overlay: paint on the whole frame what was seen.
        every_s: seconds of the source's time between pictures taken besides, event or not;
            0 takes none. They are of the whole frame.
        quality: of the JPEG, 1..100.
        blur: leave nothing recognisable on the whole frame but the events' boxes.
        ledger: where each file is put down before it is written; None: nowhere, and nothing will
            ever delete it.

    Raises:
        ConfigError: if an option is out of its range.
    """

    name = "snapshots"
    lossless: ClassVar[bool] = True
    wants_pixels: ClassVar[bool] = True

    def __init__(
        self,
        folder: str | Path,
        *,
        what: What = "full",
        overlay: bool = True,
        every_s: float = 0.0,
        quality: int = 85,
        blur: bool = False,
        ledger: Ledger | None = None,
    ) -> None:
        if not every_s >= 0:
            raise ConfigError(f"snapshots: every_s is {every_s}, it must be 0 or more")
        if not 1 <= quality <= 100:  # noqa: PLR2004 - JPEG's own scale
            raise ConfigError(f"snapshots: quality is {quality}, it must be 1 to 100")
        self.folder = Path(folder)
        self._what = what
        self._overlay = overlay
        self._every_s = every_s
        self._quality = quality
        self._blur = blur
        self._ledger = ledger
        self._rate = Rate()
        self._taken: dict[str, float] = {}
        self._asked: list[str | None] = []
        # Of a report that failed half way: the files that are there already.
        self._written: set[str] = set()

    def __enter__(self) -> Self:
        self.folder = opened_folder(self.folder, "snapshots")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to give back."""

    def ask(self, source: str | None = None) -> None:
        """Take a picture of the next frame of `source`, whatever is on it; from any thread.

        None is the next frame of any source.
        """
        self._asked.append(source)

    def write(self, report: Report) -> None:
        """Take pictures if `report` has a sighting's first event, or if it is time for one.

        Raises:
            OutputError: if the disk is full, the folder is gone or the database cannot be written
                to.
        """
        fps = self._rate.tick(report.frame.ready_at)
        seen = [event for event in report.events if event.phase == "seen"]
        asked = [one for one in self._asked if one in (None, report.frame.source)]
        due = not seen and not self._written and (bool(asked) or self._is_due(report))
        if not seen and not due:
            return
        try:
            contents = self._contents(report, seen, fps)
            if self._ledger is not None:
                self._ledger.enter([file for file, _ in contents])
            for file, data in contents:
                write_atomically(file.path, data)
                self._written.add(file.path.name)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise OutputError(f"{self.folder}: cannot keep snapshots: {reason}") from error
        self._taken[report.frame.source] = report.frame.seconds
        self._written.clear()
        for one in asked:
            self._asked.remove(one)

    def _is_due(self, report: Report) -> bool:
        if not self._every_s:
            return False
        last = self._taken.get(report.frame.source)
        return last is None or report.frame.seconds - last >= self._every_s

    def _contents(self, report: Report, seen: list[Event], fps: float | None) -> list[Content]:
        """The files of `report` that are not there yet."""
        contents: list[Content] = []
        if not seen or self._what != "crop":
            whole = self._whole(report, [event.box for event in seen], fps)
            if seen:
                contents += [
                    self._file(whole, file_name(event, ".jpg"), event.id, "full", event.time)
                    for event in seen
                ]
            else:
                moment, identity = report.frame.taken_at or datetime.now(timezone.utc), str(ULID())
                name = named(moment, report.frame.source, "picture", identity, ".jpg")
                contents.append(self._file(whole, name, identity, "full", moment))
        if self._what != "full":
            contents += [
                self._file(
                    self._crop(report, event.box),
                    file_name(event, ".crop.jpg"),
                    event.id,
                    "crop",
                    event.time,
                )
                for event in seen
            ]
        return [one for one in contents if one[0].path.name not in self._written]

    def _whole(self, report: Report, keep: list[Box], fps: float | None) -> bytes:
        shown = blurred_report(report, keep) if self._blur else report
        pixels = draw(shown, fps=fps) if self._overlay else shown.frame.pixels
        return jpeg(pixels, self._quality)

    def _crop(self, report: Report, box: Box) -> bytes:
        left, top, right, bottom = box.to_pixels(report.frame.width, report.frame.height)
        pixels = report.frame.pixels[top:bottom, left:right]
        return jpeg(np.ascontiguousarray(pixels), self._quality)

    def _file(
        self, data: bytes, name: str, identity: str, kind: FileKind, moment: datetime
    ) -> Content:
        path = self.folder / name
        return StoredFile(path, identity, kind, moment, len(data), digest_of(data)), data


def opened_folder(folder: Path, what: str) -> Path:
    """`folder`, made if absent, as an absolute path without links.

    Raises:
        OutputError: if it cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        whole = folder.resolve(strict=True)
    except FileExistsError as error:
        raise OutputError(f"{folder}: cannot keep {what}: not a folder") from error
    except OSError as error:
        raise OutputError(f"{folder}: cannot keep {what}: {error.strerror}") from error
    if not os.access(whole, os.W_OK | os.X_OK):
        raise OutputError(f"{folder}: cannot keep {what}: not writable")
    return whole


def file_name(event: Event, ending: str) -> str:
    """20260501T123000.250Z_door_golden_retriever_01JTC2....jpg; its order is that of time."""
    return named(event.time, event.source, event.label, event.id, ending)


def named(moment: datetime, source: str, label: str, identity: str, ending: str) -> str:
    """A file's name that is safe whatever the words."""
    utc = moment.astimezone(timezone.utc)
    stamp = f"{utc:%Y%m%dT%H%M%S}.{utc.microsecond // 1000:03d}Z"
    return f"{stamp}_{_word(source)}_{_word(label)}_{identity}{ending}"


def _word(text: str) -> str:
    """`text` as part of a file's name: letters and digits of ASCII, the rest as "-" or "_"."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text.replace(" ", "_"))[:60].strip("-") or "x"
