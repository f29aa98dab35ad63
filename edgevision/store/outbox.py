"""Events on their way to somebody who may be away: kept until they are certainly there."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

from edgevision.errors import OutputError
from edgevision.store.connection import connect, transaction
from edgevision.values.event import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from edgevision.values.event import Event

INSERT: Final = (
    "INSERT OR IGNORE INTO outbox (sink, id, phase, source, task, label, time, json) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that waits to be sent.

    Attributes:
        number: its place in the order in which events were kept.
        id, phase: name it; whoever gets it twice knows it by these.
        source, task, label: what it is about.
        json: its JSON, as `Event.to_json` gave it.
    """

    number: int
    id: str
    phase: str
    source: str
    task: str
    label: str
    json: str


def rows(event: Event, sinks: Iterable[str], moment: datetime) -> list[tuple[Any, ...]]:
    """The rows of `event` for each of `sinks`, for `INSERT`; kept at `moment`."""
    words = [
        text.encode("utf-8", "replace").decode() for text in (event.source, event.task, event.label)
    ]
    told = event.to_json()
    return [(sink, event.id, event.phase, *words, rfc3339(moment), told) for sink in sinks]


class Outbox:
    """What waits for one sink, read and cleared by its thread beside the store's own connection.

    Rows are put in by `EventStore`, in the same transaction as the event itself, in this run or an
    earlier one, whatever its source was.

    Args:
        path: of the database.
        sink: for whom: a name such as "mqtt".
        most: events that may wait; the oldest beyond are given up, and counted.
        max_age_days: how long one may wait before it is given up, and counted.
    """

    def __init__(
        self, path: Path, sink: str, *, most: int = 100_000, max_age_days: float = 30.0
    ) -> None:
        self.path = path
        self.sink = sink
        self._most = most
        self._age = timedelta(days=max_age_days)
        self._connection: sqlite3.Connection | None = None
        self._inode = 0

    def close(self) -> None:
        """Close the connection; a later call opens it again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    def first(self, most: int, after: int = 0) -> list[Waiting]:
        """The oldest `most` that wait, of those with a number over `after`.

        Raises:
            OutputError: if the database cannot be read now.
        """
        found = self._rows(
            "SELECT number, id, phase, source, task, label, json FROM outbox "
            "WHERE sink = ? AND number > ? ORDER BY number LIMIT ?",
            self.sink,
            after,
            most,
        )
        return [Waiting(*row) for row in found]

    def forget(self, numbers: Sequence[int]) -> None:
        """They have arrived.

        Raises:
            OutputError: if the database cannot be written to now.
        """
        with self._mapped():
            connection = self._opened()
            with transaction(connection):
                connection.executemany(
                    "DELETE FROM outbox WHERE sink = ? AND number = ?",
                    [(self.sink, number) for number in numbers],
                )

    def depth(self) -> int:
        """How many wait."""
        return int(self._rows("SELECT count(*) FROM outbox WHERE sink = ?", self.sink)[0][0])

    def lost(self) -> int:
        """How many were ever given up, in all runs."""
        found = self._rows("SELECT events FROM outbox_lost WHERE sink = ?", self.sink)
        return int(found[0][0]) if found else 0

    def trim(self, now: datetime | None = None) -> int:
        """Give up what is too old or too much, oldest first; how many that were.

        Raises:
            OutputError: if the database cannot be written to now.
        """
        oldest = rfc3339((now or datetime.now(timezone.utc)) - self._age)
        with self._mapped():
            connection = self._opened()
            with transaction(connection):
                gone = connection.execute(
                    "DELETE FROM outbox WHERE sink = ? AND (time < ? OR number <= ("
                    "SELECT number FROM outbox WHERE sink = ? ORDER BY number DESC "
                    "LIMIT 1 OFFSET ?))",
                    (self.sink, oldest, self.sink, self._most),
                ).rowcount
                if gone:
                    connection.execute(
                        "INSERT INTO outbox_lost VALUES (?, ?) "
                        "ON CONFLICT (sink) DO UPDATE SET events = events + excluded.events",
                        (self.sink, gone),
                    )
        return gone

    def _rows(self, query: str, *values: Any) -> list[Any]:
        with self._mapped():
            return self._opened().execute(query, values).fetchall()

    def _opened(self) -> sqlite3.Connection:
        # The store moves a damaged file aside and begins a new one.
        if self._connection is not None:
            inode = self.path.stat().st_ino if self.path.exists() else 0
            if inode != self._inode:
                self.close()
        if self._connection is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = connect(self.path)
            self._inode = self.path.stat().st_ino
        return self._connection

    @contextlib.contextmanager
    def _mapped(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            self.close()
            raise OutputError(f"{self.path}: what waits for {self.sink}: {error}") from error
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be opened: {error.strerror}") from error
