"""What a running process says of itself in a file, and how another process finds and reads it.

One file for each process, `PID.json`, in a folder that is in memory where the system has one. A
file appears whole or not at all. It holds no addresses, and so no passwords.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edgevision import __version__
from edgevision.config.folders import folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SCHEMA: Final = 1
# In memory once a second; on a disk, which may be an SD card that wears out, once a minute.
_IN_MEMORY_S, _ON_DISK_S = 1.0, 60.0
_READABLE: Final = 0o644
_SERVICES: Final = "edgevision*"


@dataclass(frozen=True, slots=True)
class Place:
    """A folder for such files, and how often one may be written there."""

    folder: Path
    every_s: float


@dataclass(frozen=True, slots=True)
class Told:
    """A file that was found.

    Attributes:
        pid: of the process that wrote it.
        alive: whether that process still runs.
        status: what it said last.
        path: of the file.
    """

    pid: int
    alive: bool
    status: Mapping[str, Any]
    path: Path

    @property
    def state(self) -> str:
        """Of `edgevision.pipeline.state`; "gone" if it ended without saying how."""
        said = str(self.status.get("state", "starting"))
        return said if self.alive or said == "failed" else "gone"


def place(environ: Mapping[str, str], root: Path = Path("/")) -> Place:
    """Where this process writes.

    That is $RUNTIME_DIRECTORY (systemd's), else edgevision in $XDG_RUNTIME_DIR, else
    /run/edgevision if it may be written to, else edgevision/run in the user's state folder.
    """
    for one in _in_memory(environ):
        return Place(one, _IN_MEMORY_S)
    service = root / "run/edgevision"
    if os.access(service, os.W_OK):
        return Place(service, _IN_MEMORY_S)
    return Place(_on_disk(environ), _ON_DISK_S)


def found(environ: Mapping[str, str], root: Path = Path("/")) -> list[Told]:
    """Every process that left a file in one of the folders, those that run first, by pid."""
    folders = [*_in_memory(environ), *sorted((root / "run").glob(_SERVICES)), _on_disk(environ)]
    told = [one for place in dict.fromkeys(folders) for one in _files(place, root)]
    return sorted(told, key=lambda one: (not one.alive, one.pid))


class StatusFile:
    """This process's file.

    Args:
        where: the folder, made when it is not there.
        facts: JSON types that stay the same while it runs.
        root: of the file system whose /proc tells when a process began.
    """

    def __init__(self, where: Place, facts: Mapping[str, Any], root: Path = Path("/")) -> None:
        pid = os.getpid()
        self.path = where.folder / f"{pid}.json"
        self.every_s = where.every_s
        self._root = root
        self._facts = {
            "schema": SCHEMA,
            "version": __version__,
            "pid": pid,
            "began_ticks": _began(pid, root),
            "started_at": _now(),
            **facts,
        }

    def open(self) -> None:
        """Make the folder, and clear away what processes that have ended left there.

        Raises:
            OSError: if it cannot be made.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for old in _files(self.path.parent, self._root):
            if not old.alive:
                old.path.unlink(missing_ok=True)

    def write(self, status: Mapping[str, Any]) -> None:
        """Say `status`, in the place of what was said before.

        Raises:
            OSError: if it cannot be written.
        """
        text = json.dumps({**self._facts, "written_at": _now(), **status}, ensure_ascii=False)
        part = self.path.with_suffix(".part")
        part.write_text(text + "\n", encoding="utf-8")
        # The service's mask keeps its other files from the rest of the system; this one is for all.
        part.chmod(_READABLE)
        part.replace(self.path)

    def remove(self) -> None:
        """It ended well: there is nothing to tell any more."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)


def _in_memory(environ: Mapping[str, str]) -> Iterator[Path]:
    given = environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    if given.startswith("/"):
        yield Path(given)
    users = environ.get("XDG_RUNTIME_DIR", "")
    if users.startswith("/"):
        yield Path(users) / "edgevision"


def _on_disk(environ: Mapping[str, str]) -> Path:
    return folder(environ, "XDG_STATE_HOME", ".local/state") / "edgevision" / "run"


def _files(place: Path, root: Path) -> Iterator[Told]:
    for path in sorted(place.glob("[0-9]*.json")):
        try:
            status = json.loads(path.read_text(encoding="utf-8"))
            pid, began = int(status["pid"]), status["began_ticks"]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        yield Told(pid, began is not None and _began(pid, root) == began, status, path)


def _began(pid: int, root: Path) -> int | None:
    """When the process began, in clock ticks after boot; None if there is none.

    With its number this names a process for ever: numbers are used again. Field 22 of
    /proc/PID/stat (proc(5)); the name in parentheses before it may hold spaces.
    """
    try:
        stat = (root / f"proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return int(stat.rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
