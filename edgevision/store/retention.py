"""Lets go what is too old or too much, and touches nothing that is not certainly ours."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Literal

from edgevision.store.connection import opened, writing
from edgevision.store.damage import check_whole
from edgevision.store.files import digest_of_stream
from edgevision.store.plan import GONE, KEPT, Plan, events_of, gone_values, make_plan

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection
    from datetime import datetime
    from pathlib import Path

    from edgevision.store.plan import Doomed, Limits

    Outcome = Literal["removed", "absent", "changed"]

# A writer waits for at most about this long while a batch is let go.
_BATCH_SECONDS = 0.2
_BATCH_ROWS = 200
# As the store does when it opens a file: beyond, the check takes too long.
_CHECKED_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was let go, or would be.

    Attributes:
        events: sightings.
        files, bytes: of files that were deleted.
        changed: files that somebody changed or replaced; they stay, and are no longer ours.
    """

    events: int = 0
    files: int = 0
    bytes: int = 0
    changed: tuple[Path, ...] = ()

    def with_more(self, other: Pruned) -> Pruned:
        """Both together, without the names of files."""
        return Pruned(
            self.events + other.events, self.files + other.files, self.bytes + other.bytes
        )


def planned(
    database: Path, folders: Collection[Path], limits: Limits, now: datetime
) -> tuple[Plan, int]:
    """What `prune` would let go, and how many sightings that are; changes nothing.

    Raises:
        OutputError: if the database cannot be read, or is damaged.
    """
    if not database.is_file():
        return Plan(), 0
    with opened(database) as connection:
        # One state of the database, and nobody waits for it.
        connection.execute("BEGIN")
        if database.stat().st_size < _CHECKED_BYTES:
            check_whole(connection)
        plan = make_plan(connection, folders, limits, now)
        return plan, events_of(connection, plan)


def prune(
    database: Path,
    folders: Collection[Path],
    limits: Limits,
    now: datetime,
    stopped: Callable[[], bool] = lambda: False,
) -> Pruned:
    """Delete what `limits` do not let stay, in short transactions between which others write.

    A file goes only if the database has it, it lies in one of `folders`, is no link, and has the
    content that it was written with; and nobody pinned or corrected a sighting that it shows.

    Args:
        database: path of the store's file; without one, nothing is deleted.
        folders: resolved: those that outputs are set to write into.
        limits: what is kept.
        now: aware.
        stopped: looked at between batches.

    Raises:
        OutputError: if the database is damaged, locked or cannot be written to; what was deleted
            before stays deleted.
    """
    plan, _ = planned(database, folders, limits, now)
    files, total, changed = 0, 0, []
    waiting = list(plan.files)
    while waiting and not stopped():
        with writing(database) as connection:
            end = monotonic() + _BATCH_SECONDS
            while waiting and monotonic() < end:
                doomed = waiting.pop(0)
                outcome = _let_go(connection, doomed, folders)
                if outcome == "removed":
                    files, total = files + 1, total + doomed.bytes
                elif outcome == "changed":
                    changed.append(doomed.path)
    events = 0
    while plan.events_before is not None and not stopped():
        with writing(database) as connection:
            gone = _forget(connection, plan.events_before)
        events += gone
        if not gone:
            break
    return Pruned(events, files, total, tuple(changed))


def _let_go(
    connection: sqlite3.Connection, doomed: Doomed, folders: Collection[Path]
) -> Outcome | None:
    """Delete a file and its rows; None if it has to stay after all."""
    rows = connection.execute(
        f"SELECT digest, id IN ({KEPT}) FROM files WHERE path = ?", [str(doomed.path)]
    ).fetchall()
    if not rows or any(kept or digest != doomed.digest for digest, kept in rows):
        return None
    outcome = remove_if_ours(doomed, folders)
    if outcome is not None:
        connection.execute("DELETE FROM files WHERE path = ?", [str(doomed.path)])
    return outcome


def remove_if_ours(doomed: Doomed, folders: Collection[Path]) -> Outcome | None:
    """Delete the file if it is what was written; None if its folder cannot be looked into now."""
    folder = doomed.path.parent
    # Links in the way to it, or in its place, may have come since it was written.
    if folder not in folders or os.path.realpath(folder) != str(folder):
        return None
    try:
        inside = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        if not _is_ours(doomed, inside):
            return "changed"
        os.unlink(doomed.path.name, dir_fd=inside)
    except FileNotFoundError:
        return "absent"
    except OSError:
        return None
    finally:
        os.close(inside)
    return "removed"


def _is_ours(doomed: Doomed, folder: int) -> bool:
    found = os.stat(doomed.path.name, dir_fd=folder, follow_symlinks=False)
    return (
        stat.S_ISREG(found.st_mode)
        and found.st_size == doomed.bytes
        and _digest(doomed.path.name, folder) == doomed.digest
    )


def _digest(name: str, folder: int) -> str:
    opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    with os.fdopen(opened, "rb") as file:
        return digest_of_stream(file)


def _forget(connection: sqlite3.Connection, before: str) -> int:
    """Delete some sightings that are older; how many they were."""
    ids = connection.execute(
        f"SELECT DISTINCT e.id FROM events AS e WHERE {GONE} LIMIT {_BATCH_ROWS}",
        gone_values(before),
    ).fetchall()
    connection.executemany("DELETE FROM events WHERE id = ?", ids)
    return len(ids)
