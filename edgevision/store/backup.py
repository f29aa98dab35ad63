"""A copy of the database before it is changed into a newer form."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from itertools import count
from pathlib import Path

log = logging.getLogger(__name__)


def back_up(connection: sqlite3.Connection, version: int) -> Path:
    """Copy the open database to FILE.vN.bak beside it, whole or not at all; an older copy stays.

    Raises:
        sqlite3.Error, OSError: if there is no room for it; nothing of it is left.
    """
    path = Path(connection.execute("PRAGMA database_list").fetchone()[2])
    target = next(
        place
        for number in count(1)
        if not (place := path.with_name(_name(path.name, version, number))).exists()
    )
    beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        copy = sqlite3.connect(beside, isolation_level=None)
        try:
            connection.backup(copy)
            # A copy of one file: nobody looks for a log beside it.
            copy.execute("PRAGMA journal_mode = DELETE")
        finally:
            copy.close()
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        beside.replace(target)
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()
    log.info("%s: is of form %d, a copy is kept as %s", path, version, target.name)
    return target


def _name(name: str, version: int, number: int) -> str:
    return f"{name}.v{version}.bak" if number == 1 else f"{name}.v{version}.{number}.bak"
