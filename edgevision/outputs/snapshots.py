"""JPEGs with the overlay: one for each sighting, and from time to time if asked for."""

from __future__ import annotations

import contextlib
import os
import re
from collections import deque
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ulid import ULID

from edgevision.errors import ConfigError, OutputError
from edgevision.pixels.draw import draw
from edgevision.pixels.encode import jpeg, write_atomically
from edgevision.pixels.rate import Rate

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from edgevision.values.report import Report

# 20260501T123000.250Z_door_golden_retriever_01JTC2....jpg; its order is that of time.
_OURS = re.compile(r"\d{8}T\d{6}\.\d{3}Z_[\w-]{1,60}_[\w-]{1,60}_[0-9A-HJKMNP-TV-Z]{26}\.jpg")


class Snapshots:
    """Writes the overlay of a report in which something is first seen.

    Args:
        folder: made if absent.
        every_s: seconds of the source's time between pictures taken besides, event or not;
            0 takes none.
        quality: of the JPEG, 1..100.
        keep: how many of its own pictures stay in the folder, 1 or more; the oldest are deleted.
            A file of any other name is never touched.

    Raises:
        ConfigError: if an option is out of its range.
    """

    name = "snapshots"
    lossless: ClassVar[bool] = True
    wants_pixels: ClassVar[bool] = True

    def __init__(
        self, folder: str | Path, *, every_s: float = 0.0, quality: int = 85, keep: int = 1000
    ) -> None:
        if not every_s >= 0:
            raise ConfigError(f"snapshots: every_s is {every_s}, it must be 0 or more")
        if not 1 <= quality <= 100:  # noqa: PLR2004 - JPEG's own scale
            raise ConfigError(f"snapshots: quality is {quality}, it must be 1 to 100")
        if keep < 1:
            raise ConfigError(f"snapshots: keep is {keep}, it must be 1 or more")
        self.folder = Path(folder)
        self._every_s = every_s
        self._quality = quality
        self._keep = keep
        self._rate = Rate()
        self._ours: deque[str] = deque()
        self._taken: dict[str, float] = {}
        # Of a report that failed half way: the sightings that have their picture already.
        self._written: set[str] = set()

    def __enter__(self) -> Self:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            names = [entry.name for entry in self.folder.iterdir()]
        except FileExistsError as error:
            raise OutputError(f"{self.folder}: cannot keep snapshots: not a folder") from error
        except OSError as error:
            raise self._refusal(error) from error
        if not os.access(self.folder, os.W_OK | os.X_OK):
            raise OutputError(f"{self.folder}: cannot keep snapshots: not writable")
        self._ours = deque(sorted(name for name in names if _OURS.fullmatch(name)))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ours.clear()

    def write(self, report: Report) -> None:
        """Take a picture if `report` has a sighting's first event, or if it is time for one.

        Raises:
            OutputError: if the disk is full or the folder is gone.
        """
        fps = self._rate.tick(report.frame.ready_at)
        names = {
            event.id: _name(event.time, event.source, event.label, event.id)
            for event in report.events
            if event.phase == "seen" and event.id not in self._written
        }
        if not names and not self._written and self._is_due(report):
            moment = report.frame.taken_at or datetime.now(timezone.utc)
            identity = str(ULID())
            names[identity] = _name(moment, report.frame.source, "picture", identity)
        if names:
            try:
                data = jpeg(draw(report, fps=fps), self._quality)
                for identity, name in names.items():
                    write_atomically(self.folder / name, data)
                    self._written.add(identity)
                    self._ours.append(name)
                self._prune()
            except (OSError, ValueError) as error:
                raise self._refusal(error) from error
            self._taken[report.frame.source] = report.frame.seconds
        self._written.clear()

    def _is_due(self, report: Report) -> bool:
        if not self._every_s:
            return False
        last = self._taken.get(report.frame.source)
        return last is None or report.frame.seconds - last >= self._every_s

    def _prune(self) -> None:
        while len(self._ours) > self._keep:
            with contextlib.suppress(FileNotFoundError):
                (self.folder / self._ours[0]).unlink()
            self._ours.popleft()

    def _refusal(self, error: Exception) -> OutputError:
        reason = getattr(error, "strerror", None) or str(error)
        return OutputError(f"{self.folder}: cannot keep snapshots: {reason}")


def _name(moment: datetime, source: str, label: str, identity: str) -> str:
    utc = moment.astimezone(timezone.utc)
    stamp = f"{utc:%Y%m%dT%H%M%S}.{utc.microsecond // 1000:03d}Z"
    return f"{stamp}_{_word(source)}_{_word(label)}_{identity}.jpg"


def _word(text: str) -> str:
    """`text` as part of a file's name: letters and digits of ASCII, the rest as "-" or "_"."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text.replace(" ", "_"))[:60].strip("-") or "x"
