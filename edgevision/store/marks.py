"""What people say of a sighting: that it is to be kept, and what it really shows."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from edgevision.errors import ConfigError, StoreError
from edgevision.store.connection import writing
from edgevision.values.event import rfc3339

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

LONGEST_LABEL = 64
"""Letters of a corrected label, at most."""


def pin(path: Path, identity: str) -> None:
    """Keep the sighting and its files whatever their age; twice does no harm.

    Raises:
        ConfigError: if there is none of that id.
        StoreError, OutputError: if there is no database, or it cannot be written to.
    """
    with writing(_there(path)) as connection:
        _check(connection, identity)
        connection.execute(
            "INSERT OR IGNORE INTO pins (id, time) VALUES (?, ?)", [identity, _now()]
        )


def unpin(path: Path, identity: str) -> None:
    """Let it go when its time comes; errors as for `pin`."""
    with writing(_there(path)) as connection:
        _check(connection, identity)
        connection.execute("DELETE FROM pins WHERE id = ?", [identity])


def relabel(path: Path, identity: str, label: str) -> str:
    """Put down that the sighting shows `label`; the event itself stays as it was told.

    Args:
        path: of the database.
        identity: of the sighting.
        label: what it shows; the event's own label says that it was right, "none" that there was
            nothing. Spaces around it do not count.

    Returns:
        The label as it is kept.

    Raises:
        ConfigError: if there is no such sighting, or `label` is empty, long or holds control
            characters.
        StoreError, OutputError: as for `pin`.
    """
    kept = checked_label(label)
    with writing(_there(path)) as connection:
        _check(connection, identity)
        connection.execute(
            "INSERT INTO corrections (id, label, time) VALUES (?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET label = excluded.label, time = excluded.time",
            [identity, kept, _now()],
        )
    return kept


def uncorrect(path: Path, identity: str) -> None:
    """Take the correction back; errors as for `pin`."""
    with writing(_there(path)) as connection:
        _check(connection, identity)
        connection.execute("DELETE FROM corrections WHERE id = ?", [identity])


def checked_label(label: str) -> str:
    """`label` without spaces around it.

    Raises:
        ConfigError: if it is no label.
    """
    kept = label.strip()
    if not 0 < len(kept) <= LONGEST_LABEL or not kept.isprintable() or set(kept) & set("/\\"):
        raise ConfigError(
            f"{label[:80]!r} is no label; give 1 to {LONGEST_LABEL} letters, without / and \\"
        )
    return kept


def _check(connection: sqlite3.Connection, identity: str) -> None:
    if not connection.execute("SELECT 1 FROM events WHERE id = ?", [identity]).fetchone():
        raise ConfigError(
            f"there is no event {identity[:80]!r}; `edgevision events list` shows their ids"
        )


def _there(path: Path) -> Path:
    """`path`, if there is a file: a mark on nothing does not make a database."""
    if not path.is_file():
        raise StoreError(f"{path}: is not there: no events are kept yet; `edgevision run` does")
    return path


def _now() -> str:
    return rfc3339(datetime.now(timezone.utc))
