"""The unfinished file of a download, NAME.part, which becomes NAME once its digest is right."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import logging
import os
import shutil
import time
from typing import TYPE_CHECKING, BinaryIO

from edgevision.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from typing_extensions import Self

    from edgevision.zoo.entry import Download

LOCK = ".lock"
"""The file in the folder of networks that one run at a time holds; it is never deleted."""

_LOG = logging.getLogger(__name__)
_PIECE = 1 << 20
_POLL_SECONDS = 0.1
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def is_here(wanted: Download, folder: Path) -> bool:
    """Whether the whole of `wanted`, with the right digest, lies in `folder`."""
    path = folder / wanted.name
    try:
        if path.stat().st_size != wanted.bytes:
            return False
        with path.open("rb") as file:
            return _digest_of(file).hexdigest() == wanted.sha256
    except OSError:
        return False


class Part:
    """What has come of a file so far; a context manager, in which the file is open.

    On leaving, what came stays on the disk, so that the next run goes on from there; a part of
    nothing is deleted.

    Attributes:
        wanted: the file that this is to become.
        size: bytes that are here, from the first one on.
        mixed: these come from more than one connection, so that they may not belong together.

    Raises (everywhere):
        FetchError: if the folder cannot be written to, or its disk is full.
    """

    def __init__(self, wanted: Download, folder: Path) -> None:
        self.wanted = wanted
        self.size = 0
        self.mixed = False
        self._folder = folder
        self._path = folder / f"{wanted.name}.part"

    def __enter__(self) -> Self:
        with writing(self._folder):
            self._file = self._path.open("a+b", buffering=0)
            self._file.seek(0)
            self._digest = _digest_of(self._file)
            self.size = self._file.tell()
        return self

    def __exit__(self, *failure: object) -> None:
        self._file.close()
        if self.size == 0:
            with contextlib.suppress(OSError):
                self._path.unlink()

    def require_room(self, spare_bytes: int) -> None:
        """Refuse what would not fit, before anything comes.

        Args:
            spare_bytes: that are to stay free for others.

        Raises:
            FetchError: if the disk has not that much room.
        """
        with writing(self._folder):
            free = shutil.disk_usage(self._folder).free
        needed = self.wanted.bytes - self.size + spare_bytes
        if free < needed:
            raise FetchError(
                f"{self.wanted.name} needs {needed / 1e6:.1f} MB, and the disk of {self._folder} "
                f"has {free / 1e6:.1f} MB free; make room, or set models.folder to another disk"
            )

    def restart(self) -> None:
        """Throw away what has come."""
        with writing(self._folder):
            self._file.truncate(0)
        self._digest = hashlib.sha256()
        self.size = 0
        self.mixed = False

    def append(self, data: bytes) -> None:
        """Keep `data`, which follows what is here."""
        left = memoryview(data)
        with writing(self._folder):
            while left:
                # An unbuffered write may take less than all of it.
                count = self._file.write(left)
                self._digest.update(left[:count])
                self.size += count
                left = left[count:]

    @property
    def sha256(self) -> str:
        """Digest of what is here, hexadecimal."""
        return self._digest.hexdigest()

    def publish(self) -> Path:
        """Give the file its name, now that it is known to be right; it survives a power cut."""
        path = self._folder / self.wanted.name
        with writing(self._folder):
            os.fsync(self._file.fileno())
            self._path.replace(path)
        # Some file systems know no fsync of a folder; the file is whole all the same.
        with contextlib.suppress(OSError):
            folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        return path


@contextlib.contextmanager
def locked(folder: Path, seconds: float) -> Iterator[None]:
    """Be the only run of edgevision that fetches into `folder`; one that dies holds it no longer.

    Args:
        folder: where the lock file lies.
        seconds: to wait for another run.

    Raises:
        FetchError: if the other run takes longer, or the folder cannot be written to.
    """
    with writing(folder):
        file = (folder / LOCK).open("ab")
    with file:
        _wait_for(file, folder, seconds)
        yield


def _wait_for(file: BinaryIO, folder: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    said = False
    while True:
        with writing(folder):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                return
        if time.monotonic() >= deadline:
            raise FetchError(
                f"another run of edgevision has been fetching into {folder} for {seconds:g} s; "
                "wait for it or end it, then try again"
            )
        if not said:
            _LOG.info("waiting for another run of edgevision that fetches into %s", folder)
            said = True
        time.sleep(_POLL_SECONDS)


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn what the system says about files of `folder` into a line with the way out.

    Raises:
        FetchError: in place of an OSError.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in _FULL:
            message = (
                f"the disk of {folder} is full ({reason}); make room and try again, what has come "
                "is kept, or set models.folder to another disk"
            )
        elif error.errno in _FORBIDDEN:
            message = (
                f"the folder {folder} cannot be written to ({reason}); set models.folder to one "
                "that can"
            )
        else:
            message = f"the folder {folder}: {reason}; set models.folder to one that can be used"
        raise FetchError(message) from error


def _digest_of(file: BinaryIO) -> hashlib._Hash:
    digest = hashlib.sha256()
    while piece := file.read(_PIECE):
        digest.update(piece)
    return digest
