"""Connections that write to the database of events."""

from __future__ import annotations

import contextlib
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edgevision.errors import OutputError
from edgevision.store.damage import BEGINNING, check_beginning
from edgevision.store.schema import prepare

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BUSY_SECONDS = 2.0
# The log is cut back to this when a checkpoint is through, so that a reader which stayed for long
# does not leave a large file.
_LOG_BYTES = 4 * 2**20


def connect(path: Path) -> sqlite3.Connection:
    """Open or make the database at `path`, in the form that this program knows.

    Write-ahead log, synchronous NORMAL: a process that is killed loses nothing that was committed;
    a power cut may lose the last moments, and never damages the file.

    Raises:
        OutputError: if it is another program's or of a newer edgevision.
        sqlite3.Error, OSError: if it cannot be made or written to, or is damaged.
    """
    # SQLite would throw away the log of a file whose beginning is damaged.
    if path.is_file() and path.stat().st_size:
        with path.open("rb") as file:
            check_beginning(file.read(len(BEGINNING)))
    connection = sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        prepare(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """What is done inside is committed as one, or not at all.

    Raises:
        sqlite3.Error: if nothing was committed.
    """
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        raise


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection beside the service's own; the file is made if absent.

    It is opened for each use: the service may move a damaged file aside at any time, and whoever
    still had the old one open would write into that.

    Raises:
        OutputError: if the file is damaged, locked or not ours, or the disk is full.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.closing(connect(path)) as connection:
            yield connection
    except sqlite3.Error as error:
        raise OutputError(f"{path}: cannot be written to: {error}") from error
    except OutputError as error:
        raise OutputError(f"{path}: {error}") from error
    except OSError as error:
        raise OutputError(f"{path}: cannot be written to: {error.strerror}") from error


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """`opened`, for one transaction.

    Raises:
        OutputError: if nothing was committed: as for `opened`.
    """
    with opened(path) as connection, transaction(connection):
        yield connection
