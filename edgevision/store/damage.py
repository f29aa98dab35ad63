"""How a damaged file of events is told from one that is only busy or away."""

from __future__ import annotations

import sqlite3
from typing import Final

BEGINNING: Final = b"SQLite format 3\0"
"""Of every SQLite file."""

MENDING: Final = 'sqlite3 FILE ".recover" | sqlite3 MENDED'
"""The command that saves what can be saved."""

_WORDS = ("malformed", "not a database")


def check_beginning(found: bytes) -> None:
    """Nothing, if `found` is how a database begins.

    Raises:
        DatabaseError: if not.
    """
    if found != BEGINNING:
        raise sqlite3.DatabaseError("file is not a database")


def check_whole(connection: sqlite3.Connection) -> None:
    """Nothing, if SQLite finds no fault in the whole file.

    Raises:
        DatabaseError: with the first one.
    """
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError(f"database disk image is malformed: {found}")


def is_damage(error: sqlite3.Error) -> bool:
    """True if `error` says that the file is damaged or no database."""
    return any(words in str(error) for words in _WORDS)
