"""What is to go, so that the limits are kept: worked out without touching anything."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgevision.values.event import rfc3339

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection
    from datetime import datetime

_MB = 10**6
# Pinned, or worth a person's trouble of correcting it.
KEPT = "SELECT id FROM pins UNION SELECT id FROM corrections"
_FILES = f"""
    SELECT path, max(time), max(bytes), max(digest) FROM files
    GROUP BY path HAVING sum(id IN ({KEPT})) = 0 ORDER BY 2, path
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is kept; None sets no limit.

    Attributes:
        max_age_days: of sightings, with their files.
        pictures_max_age_days: of files alone.
        max_mb: of the files and the database's used pages together, in 10**6 bytes.
        min_free_mb: of each disk with files on it, in 10**6 bytes.
    """

    max_age_days: float | None = None
    pictures_max_age_days: float | None = None
    max_mb: float | None = None
    min_free_mb: float | None = None


@dataclass(frozen=True, slots=True)
class Doomed:
    """A file that is to go if it is still what the database says."""

    path: Path
    bytes: int
    digest: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Files that are to go, the oldest first, and sightings: those that ended before a time.

    Attributes:
        events_before: as events have it; None: no event is to go.
    """

    files: tuple[Doomed, ...] = ()
    events_before: str | None = None


def make_plan(
    connection: sqlite3.Connection, folders: Collection[Path], limits: Limits, now: datetime
) -> Plan:
    """What has to go for `limits` to be kept: the oldest first, files before events.

    Args:
        connection: to the database; is only read.
        folders: resolved; files in any other are left alone, and do not count.
        limits: what is kept.
        now: aware.
    """
    oldest = _oldest(limits.max_age_days, now)
    oldest_file = max(oldest, _oldest(limits.pictures_max_age_days, now))
    over = _used_bytes(connection, folders) - _bytes(limits.max_mb, float("inf"))
    short = {
        folder: _bytes(limits.min_free_mb, 0) - shutil.disk_usage(folder).free
        for folder in folders
        if folder.is_dir()
    }
    disks = {folder: folder.stat().st_dev for folder in short}
    files = []
    for name, time, size, digest in connection.execute(_FILES):
        path = Path(name)
        if path.parent not in short:
            continue
        if time >= oldest_file and over <= 0 and short[path.parent] <= 0:
            continue
        files.append(Doomed(path, size, digest))
        over -= size
        for folder, disk in disks.items():
            if disk == disks[path.parent]:
                short[folder] -= size
    before = max(oldest, _oldest_that_fits(connection, over)) or None
    return Plan(tuple(files), before)


def events_of(connection: sqlite3.Connection, plan: Plan) -> int:
    """How many sightings `plan` lets go."""
    if plan.events_before is None:
        return 0
    sql = f"SELECT count(*) FROM (SELECT DISTINCT id FROM events AS e WHERE {GONE})"
    return int(connection.execute(sql, gone_values(plan.events_before)).fetchone()[0])


GONE = f"""
    e.time < ? AND e.id NOT IN ({KEPT})
    AND NOT EXISTS (SELECT 1 FROM events AS l WHERE l.id = e.id AND l.time >= ?)
"""
"""Of events, as `e`, that may go: both phases are older, and nobody wants it kept."""


def gone_values(before: str) -> list[Any]:
    """For the marks of `GONE`."""
    return [before, before]


def _oldest(days: float | None, now: datetime) -> str:
    """The first moment that is kept; "" if all are."""
    if days is None:
        return ""
    try:
        return rfc3339(now - timedelta(days=days))
    except OverflowError:
        return ""


def _bytes(mb: float | None, default: float) -> float:
    return default if mb is None else mb * _MB


def _used_bytes(connection: sqlite3.Connection, folders: Collection[Path]) -> float:
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    files = connection.execute("SELECT path, max(bytes) FROM files GROUP BY path")
    ours = sum(number for path, number in files if Path(path).parent in folders)
    return float((pages - free) * size + ours)


def _oldest_that_fits(connection: sqlite3.Connection, over: float) -> str:
    """The time before which events have to go for `over` bytes to be free in the database."""
    if over <= 0:
        return ""
    count = connection.execute("SELECT count(*) FROM events").fetchone()[0]
    pages, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size")
    )
    if not count:
        return ""
    excess = min(int(over / (pages * size / count)) + 1, count)
    found = connection.execute(
        "SELECT time FROM events ORDER BY time LIMIT 1 OFFSET ?", [excess]
    ).fetchone()
    return str(found[0]) if found else "9999"
