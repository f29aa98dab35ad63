"""Events in SQLite: once `add` has returned, a crash does not lose them."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgevision.errors import OutputError
from edgevision.store.connection import connect, transaction
from edgevision.store.damage import check_whole, is_damage
from edgevision.store.outbox import INSERT, rows
from edgevision.values.event import rfc3339

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from typing_extensions import Self

    from edgevision.values.event import Event

log = logging.getLogger(__name__)

# Up to this size the whole file is checked on opening: some tens of milliseconds.
_CHECKED_MB = 16
_INSERT = (
    "INSERT OR IGNORE INTO events (id, phase, time, source, task, label, score, json) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)


class EventStore:
    """Keeps events, each phase once; used by one thread at a time.

    A process that is killed loses nothing that `add` returned for.

    Args:
        path: of the SQLite file; it and its folder are made if absent.
        sinks: who is to be sent each event that is new; it is put into their outboxes as it is
            kept, both or neither.
    """

    def __init__(self, path: str | Path, sinks: Sequence[str] = ()) -> None:
        self.path = Path(path)
        self._sinks = tuple(sinks)
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def open(self) -> None:
        """Open or make the file; a damaged one is moved aside, kept, and begun anew.

        Raises:
            OutputError: if it cannot be made or written to, is another program's, or is of a
                newer edgevision.
        """
        if self._connection is not None:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._connection = self._connected()
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
                self._move_aside(error)
                self._connection = self._connected()
        except OutputError as error:
            raise OutputError(f"{self.path}: {error}") from error
        except OSError as error:
            raise OutputError(f"{self.path}: cannot keep events: {error.strerror}") from error
        except sqlite3.Error as error:
            raise self._refusal(error) from error

    def close(self) -> None:
        """Close the file; closing twice does no harm."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    def add(self, events: Sequence[Event]) -> int:
        """Commit `events` in one transaction; how many of them were new.

        Raises:
            OutputError: if nothing was committed: the disk is full, the file is locked or gone.
        """
        if not events:
            return 0
        if self._connection is not None and not self.path.exists():
            log.warning("%s was taken away: a new one is begun", self.path)
            self.close()
            self.open()
        try:
            return self._insert(events)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise self._refusal(error) from error
            self.close()
            damage = error
        try:
            self._move_aside(damage)
        except OSError as error:
            raise OutputError(f"{self.path}: damaged, and {error}") from error
        self.open()
        try:
            return self._insert(events)
        except sqlite3.Error as error:
            raise self._refusal(error) from error

    def count(self) -> int:
        """How many rows there are; a sighting that has ended has two."""
        return int(self._read("SELECT count(*) FROM events")[0][0])

    def latest(self, n: int) -> list[str]:
        """The JSON of the newest `n` events, newest first, as `Event.to_json` gave it."""
        query = "SELECT json FROM events ORDER BY time DESC, rowid DESC LIMIT ?"
        return [row[0] for row in self._read(query, n)]

    def _connected(self) -> sqlite3.Connection:
        connection = connect(self.path)
        try:
            if self.path.stat().st_size < _CHECKED_MB * 2**20:
                check_whole(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _insert(self, events: Sequence[Event]) -> int:
        connection = self._opened()
        now, new = datetime.now(timezone.utc), 0
        with transaction(connection):
            for event in events:
                # One that is there already was put into the outboxes, too, and may be gone again.
                if connection.execute(_INSERT, _row(event)).rowcount:
                    new += 1
                    connection.executemany(INSERT, rows(event, self._sinks, now))
        return new

    def _read(self, query: str, *values: Any) -> list[Any]:
        try:
            return self._opened().execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise self._refusal(error) from error

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            raise OutputError(f"{self.path}: the store is not open")
        return self._connection

    def _move_aside(self, error: sqlite3.DatabaseError) -> None:
        """Rename the file and its log, which belong together, so that someone may mend them."""
        stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S%fZ")
        aside = self.path.with_name(f"{self.path.name}.damaged-{stamp}")
        self.path.rename(aside)
        for suffix in ("-wal", "-shm"):
            beside = self.path.with_name(self.path.name + suffix)
            if beside.exists():
                beside.rename(aside.with_name(aside.name + suffix))
        why = " ".join(str(error).split())  # SQLite names damaged pages a line each
        log.warning("%s is damaged (%s): kept as %s, a new one is begun", self.path, why, aside)

    def _refusal(self, error: sqlite3.Error) -> OutputError:
        return OutputError(f"{self.path}: cannot keep events: {error}")


def _row(event: Event) -> tuple[Any, ...]:
    return (
        event.id,
        event.phase,
        rfc3339(event.time),
        *(
            text.encode("utf-8", "replace").decode()
            for text in (event.source, event.task, event.label)
        ),
        event.score,
        event.to_json(),
    )
