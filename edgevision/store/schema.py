"""The database's form, its version, and the way from an older one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgevision.errors import OutputError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

# "EVis": tells our files from other programs' databases.
APPLICATION = 0x45566973
VERSION = 1

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
}


def prepare(
    connection: sqlite3.Connection,
    *,
    steps: Mapping[int, str] = STEPS,
    version: int = VERSION,
) -> None:
    """Bring an open database to `version`, each step in a transaction of its own.

    Args:
        connection: with `isolation_level=None`.
        steps: SQL by the version that it starts from.
        version: the one that this program reads and writes.

    Raises:
        OutputError: if the file is another program's database or of a newer version.
        sqlite3.Error: if a step fails; the database is then as it was before that step.
    """
    found = check(connection, version=version)
    for start in range(found, version):
        script = (
            f"BEGIN IMMEDIATE; PRAGMA application_id = {APPLICATION}; {steps[start]}; "
            f"PRAGMA user_version = {start + 1}; COMMIT"
        )
        try:
            connection.executescript(script)
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
