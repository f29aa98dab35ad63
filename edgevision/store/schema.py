"""The database's form, its version, and the way from an older one."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from edgevision.errors import OutputError
from edgevision.store.backup import back_up

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# "EVis": tells our files from other programs' databases.
APPLICATION = 0x45566973
VERSION = 3

# From each version to the next; version 0 is an empty file.
STEPS: Mapping[int, str] = {
    0: """
        CREATE TABLE events (
            id TEXT NOT NULL,
            phase TEXT NOT NULL,
            time TEXT NOT NULL,
            source TEXT NOT NULL,
            task TEXT NOT NULL,
            label TEXT NOT NULL,
            score REAL NOT NULL,
            json TEXT NOT NULL,
            PRIMARY KEY (id, phase)
        );
        CREATE INDEX events_by_time ON events (time);
        CREATE INDEX events_by_label ON events (task, label, time);
    """,
    # Pictures and clips, what people pinned and corrected, and an index for each common question.
    # A file may belong to several sightings; `id` is a sighting's, or of a picture taken besides.
    1: """
        CREATE TABLE files (
            path TEXT NOT NULL,
            id TEXT NOT NULL,
            kind TEXT NOT NULL,
            time TEXT NOT NULL,
            bytes INTEGER NOT NULL,
            digest TEXT NOT NULL,
            PRIMARY KEY (path, id)
        ) WITHOUT ROWID;
        CREATE INDEX files_by_id ON files (id);
        CREATE INDEX files_by_time ON files (time);
        CREATE TABLE pins (
            id TEXT NOT NULL PRIMARY KEY,
            time TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE corrections (
            id TEXT NOT NULL PRIMARY KEY,
            label TEXT NOT NULL,
            time TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX corrections_by_label ON corrections (label);
        CREATE INDEX events_by_task ON events (task, time);
        CREATE INDEX events_by_source ON events (source, time);
        CREATE INDEX events_by_score ON events (score);
    """,
    # What waits to be sent, by sink, with its own copy: an event may be deleted before.
    2: """
        CREATE TABLE outbox (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            sink TEXT NOT NULL,
            id TEXT NOT NULL,
            phase TEXT NOT NULL,
            source TEXT NOT NULL,
            task TEXT NOT NULL,
            label TEXT NOT NULL,
            time TEXT NOT NULL,
            json TEXT NOT NULL,
            UNIQUE (sink, id, phase)
        );
        CREATE INDEX outbox_by_sink ON outbox (sink, number);
        CREATE TABLE outbox_lost (
            sink TEXT NOT NULL PRIMARY KEY,
            events INTEGER NOT NULL
        ) WITHOUT ROWID;
    """,
}


def prepare(
    connection: sqlite3.Connection,
    *,
    steps: Mapping[int, str] = STEPS,
    version: int = VERSION,
) -> None:
    """Bring an open database to `version`: all of the steps, or none.

    Before the first step, what an older edgevision wrote is copied to FILE.vN.bak, beside it.

    Args:
        connection: with `isolation_level=None`.
        steps: SQL by the version that it starts from.
        version: the one that this program reads and writes.

    Raises:
        OutputError: if the file is another program's database or of a newer version.
        sqlite3.Error, OSError: if the copy or a step fails; the database is then as it was.
    """
    found = check(connection, version=version)
    if found == version:
        return
    if found:
        back_up(connection, found)
    try:
        connection.execute("BEGIN IMMEDIATE")
        # Another process may have been first.
        for start in range(check(connection, version=version), version):
            for statement in _statements(steps[start]):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def check(connection: sqlite3.Connection, *, version: int = VERSION) -> int:
    """The version of an open database; 0 if it is empty.

    Raises:
        OutputError: if it is another program's, or newer than `version`.
        sqlite3.Error: if it cannot be read.
    """
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    foreign = application not in (0, APPLICATION)
    if application == 0:
        foreign = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] > 0
    if foreign:
        raise OutputError("the database is another program's; give the store a path of its own")
    if found > version:
        raise OutputError(
            f"the database has form {found} and this edgevision knows up to {version}; "
            "use the newer edgevision that wrote it, or give the store another path"
        )
    return int(found)


def _statements(script: str) -> Iterator[str]:
    """One after the other: `executescript` would end the transaction that they stand in."""
    statement = ""
    for piece in f"{script};".split(";")[:-1]:
        statement += f"{piece};"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
