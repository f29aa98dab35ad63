"""Reads the events beside a running service, and never writes."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from edgevision.errors import OutputError, StoreError
from edgevision.store.damage import MENDING, is_damage
from edgevision.store.filters import Known, found, whole
from edgevision.store.kept import Kept
from edgevision.store.schema import check
from edgevision.values.event import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from types import TracebackType

    from typing_extensions import Self

    from edgevision.store.files import FileKind
    from edgevision.store.filters import Filter, Order

    Lesson = tuple[Path, str]
    """A picture, and what a person says that it shows."""

_BUSY_SECONDS = 2.0
# With so few rows, sorting them by time is nothing.
_FEW = 2000
# What an older file has not got; only this connection sees them.
_EMPTY = """
    CREATE TEMP TABLE corrections (id TEXT PRIMARY KEY, label TEXT, time TEXT);
    CREATE TEMP TABLE pins (id TEXT PRIMARY KEY, time TEXT);
    CREATE TEMP TABLE files (path TEXT, id TEXT, kind TEXT, time TEXT, bytes INTEGER, digest TEXT);
"""
_HAS_ALL = "SELECT count(*) FROM sqlite_master WHERE name = 'corrections'"
# Every task and label, by jumps through the index: fast however many events there are.
_PAIRS = """
    WITH RECURSIVE
        tasks (task) AS (
            SELECT min(task) FROM events
            UNION ALL
            SELECT (SELECT min(task) FROM events WHERE task > tasks.task)
            FROM tasks WHERE task IS NOT NULL
        ),
        pairs (task, label) AS (
            SELECT task, (SELECT min(label) FROM events WHERE task = tasks.task)
            FROM tasks WHERE task IS NOT NULL
            UNION ALL
            SELECT task,
                (SELECT min(label) FROM events WHERE task = pairs.task AND label > pairs.label)
            FROM pairs WHERE label IS NOT NULL
        )
    SELECT task, label FROM pairs WHERE label IS NOT NULL
"""

_HOURS = """
    SELECT substr(e.time, 1, 13) || ':00:00Z', coalesce(c.label, e.label), count(*)
    FROM events AS e LEFT JOIN corrections AS c ON c.id = e.id
    WHERE e.time >= ? AND e.phase = 'seen' GROUP BY 1, 2 ORDER BY 1, 2
"""


class EventReader:
    """Reads one file of events; used by one thread at a time.

    Args:
        path: of the SQLite file.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._connection: sqlite3.Connection | None = None
        self._has_scores = False

    def __enter__(self) -> Self:
        """Open it.

        Raises:
            StoreError: if it is not there, not ours, damaged or of a newer edgevision.
        """
        if not self.path.is_file():
            what = "is no file" if self.path.exists() else "is not there: no events are kept yet"
            raise StoreError(f"{self.path}: {what}; `edgevision run` keeps them at `store.path`")
        with self._told():
            self._connection = self._connected()
            if not check(self._connection):
                raise OutputError("holds no events yet")
            self._has_scores = bool(self._connection.execute(_HAS_ALL).fetchone()[0])
            if not self._has_scores:
                self._connection.executescript(_EMPTY)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def newest(self, wanted: Filter, limit: int | None = 50) -> list[Kept]:
        """The newest `limit` of `wanted`, newest first."""
        return list(self._kept(wanted, "newest", limit))

    def every(self, wanted: Filter, limit: int | None = None) -> Iterator[Kept]:
        """All of `wanted`, or the oldest `limit`, oldest first, as they are read."""
        return self._kept(wanted, "oldest", limit)

    def follow(self, row: int, wanted: Filter, limit: int = 500) -> tuple[list[Kept], int]:
        """What of `wanted` was added behind `row`, in that order, and the row to go on from.

        Where rows were taken away, or the file is a new one, it begins with the rows that there
        are.
        """
        last = self.last_row()
        rest, values = wanted.rest()
        sql = (
            "SELECT e.rowid AS row, e.time AS time FROM events AS e "
            f"WHERE e.rowid > ? AND e.rowid <= ? AND {rest} ORDER BY e.rowid LIMIT ?"
        )
        after = row if row <= last else 0
        query = whole((sql, [after, last, *values, limit]), "added")
        found = [_row(one) for one in self._read(*query)]
        if len(found) == limit:
            last = found[-1].row
        return [one for one in found if wanted.label is None or wanted.wants(_label(one))], last

    def last_row(self) -> int:
        """The number of the row that was added last; 0 if there is none."""
        return int(next(self._read("SELECT coalesce(max(rowid), 0) FROM events", []))[0])

    def sighting(self, identity: str) -> list[Kept]:
        """The phases of one sighting, the first first; empty if there is none of that id."""
        sql = "SELECT e.rowid AS row, e.time AS time FROM events AS e WHERE e.id = ?"
        return [_row(row) for row in self._read(*whole((sql, [identity]), "added"))]

    def labels(self) -> list[tuple[str, str]]:
        """Every task with each of its labels, as they were told."""
        return [(task, label) for task, label in self._read(_PAIRS, [])]

    def files(self, identity: str) -> list[tuple[str, FileKind]]:
        """Path and kind of the pictures and clips of a sighting; they may have gone since."""
        sql = "SELECT path, kind FROM files WHERE id = ? ORDER BY path"
        return [(path, kind) for path, kind in self._read(sql, [identity])]

    def hours(self, since: datetime) -> list[tuple[str, str, int]]:
        """Sightings since then by hour (UTC, as RFC 3339) and label, corrected where it was."""
        return list(self._read(_HOURS, [rfc3339(since)]))

    def lessons(self, task: str | None = None) -> list[Lesson]:
        """The pictures of what people corrected, each of the box alone, in order of their paths.

        Args:
            task: of the sightings; None: of any.
        """
        of_task = "AND EXISTS (SELECT 1 FROM events WHERE id = c.id AND task = ?)" if task else ""
        sql = (
            "SELECT f.path, c.label FROM corrections AS c "
            f"JOIN files AS f ON f.id = c.id AND f.kind = 'crop' {of_task} ORDER BY f.path"
        )
        rows = self._read(sql, [task] if task else [])
        return [(Path(path), label) for path, label in rows]

    def corrected(self) -> int:
        """How many sightings were corrected."""
        return int(next(self._read("SELECT count(*) FROM corrections", []))[0])

    def _kept(self, wanted: Filter, order: Order, limit: int | None) -> Iterator[Kept]:
        query = whole(found(wanted, self._known(wanted), order, limit), order)
        return map(_row, self._read(*query))

    def _known(self, wanted: Filter) -> Known:
        few = False
        if wanted.min_score is not None and self._has_scores:
            sql = "SELECT count(*) FROM (SELECT 1 FROM events WHERE score >= ? LIMIT ?)"
            few = next(self._read(sql, [wanted.min_score, _FEW]))[0] < _FEW
        if wanted.label is None:
            return Known(few_scores=few)
        corrected = [row[0] for row in self._read("SELECT DISTINCT label FROM corrections", [])]
        return Known(self.labels(), corrected, few)

    def _read(self, sql: str, values: list[Any]) -> Iterator[Any]:
        if self._connection is None:
            raise StoreError(f"{self.path}: the store is not open")
        with self._told():
            yield from self._connection.execute(sql, values)

    def _connected(self) -> sqlite3.Connection:
        name = f"file:{quote(str(self.path.absolute()))}?mode=ro"
        try:
            return _opened(name)
        except sqlite3.OperationalError:
            # Beside a file in a folder that we may not write into, SQLite cannot make what it
            # shares with a writer. With no log there is no writer either.
            if self.path.with_name(self.path.name + "-wal").exists():
                raise
            return _opened(name + "&immutable=1")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Every error in one line that names the file."""
        try:
            yield
        except OutputError as error:
            raise StoreError(f"{self.path}: {error}") from error
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: cannot be read: {error}{_advice(error)}") from error


def _opened(name: str) -> sqlite3.Connection:
    connection = sqlite3.connect(name, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _row(row: tuple[int, str, str | None, int]) -> Kept:
    number, line, corrected, pinned = row
    return Kept(number, line, corrected, bool(pinned))


def _label(kept: Kept) -> str:
    return kept.corrected or str(kept.event.get("label", ""))


def _advice(error: sqlite3.Error) -> str:
    return f"; to mend it: {MENDING}" if is_damage(error) else ""
