"""Pictures and clips that the database knows to be ours: nothing else is ever deleted."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Literal

from edgevision.store.connection import writing
from edgevision.values.event import rfc3339

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

FileKind = Literal["full", "crop", "clip"]

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that is ours as long as its content is what it was.

    Attributes:
        path: absolute, with no link in its folder.
        id: of the sighting that it shows, or of a picture that was taken besides.
        kind: the whole frame, the box alone (never with anything painted on it), or a clip.
        time: when what it shows was seen.
        bytes: its size.
        digest: of its content.
    """

    path: Path
    id: str
    kind: FileKind
    time: datetime
    bytes: int
    digest: str


class Ledger:
    """Where files are put down before they are written.

    Args:
        database: path of the store's file.
    """

    def __init__(self, database: Path) -> None:
        self._database = database

    def enter(self, files: Sequence[StoredFile]) -> None:
        """Put `files` down; one that is there already gets its newest content.

        Raises:
            OutputError: if that fails; the files are then not to be written.
        """
        rows = [
            (str(one.path), one.id, one.kind, rfc3339(one.time), one.bytes, one.digest)
            for one in files
        ]
        with writing(self._database) as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO files (path, id, kind, time, bytes, digest) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                rows,
            )


def digest_of(data: bytes) -> str:
    """That of a file with this content."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def digest_of_file(path: Path) -> str:
    """That of the file at `path`.

    Raises:
        OSError: if it cannot be read.
    """
    with path.open("rb") as file:
        return digest_of_stream(file)


def digest_of_stream(file: BinaryIO) -> str:
    """That of what is left in an open file, read piece by piece.

    Raises:
        OSError: if it cannot be read.
    """
    made = hashlib.blake2b(digest_size=16)
    while piece := file.read(_CHUNK):
        made.update(piece)
    return made.hexdigest()
