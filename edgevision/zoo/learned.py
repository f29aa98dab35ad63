"""Tasks that a user taught: a head for each backbone, in one folder.

The file of a task is TASK.BACKBONE.npz, a head as `zoo.heads` keeps it; that is all there is to it,
so that a copy of the file is a copy of the task.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import secrets
import zipfile
import zlib
from typing import TYPE_CHECKING, Final

import numpy as np

from edgevision.errors import ModelError, OutputError
from edgevision.zoo.heads import Head, load_head, save_head

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
"""What a task may be called: its name stands in files' names, topics and addresses."""

BACKBONE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
"""What an id of a network looks like."""

_FILE: Final = re.compile(rf"({NAME.pattern})\.({BACKBONE.pattern})\.npz")
_ABOUT: Final = "about.npy"
_MOST_BYTES: Final = 1 << 24
# What reading a damaged zip archive, array header or JSON raises.
_DAMAGE: Final = (
    *(OSError, EOFError, ValueError, LookupError, TypeError, SyntaxError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error),
)


def scan(folder: Path) -> dict[str, dict[str, Path]]:
    """By task and backbone, the files in `folder`; none if there is no such folder.

    Raises:
        ModelError: if the folder cannot be read.
    """
    found: dict[str, dict[str, Path]] = {}
    try:
        names = sorted(path.name for path in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise ModelError(f"{folder}: cannot be read ({error.strerror})") from error
    for name in names:
        parts = _FILE.fullmatch(name)
        if parts:
            found.setdefault(parts[1], {})[parts[2]] = folder / name
    return found


def head_of(task: str, backbone: str, sha256: str, files: Mapping[str, Path]) -> Head:
    """The head of `task` for a backbone.

    Args:
        task: its name.
        backbone: the network's id.
        sha256: of the network's file.
        files: those of the task, by backbone.

    Raises:
        ModelError: if it was not taught on that backbone, or its file is damaged.
    """
    if backbone not in files:
        have = ", ".join(files)
        raise ModelError(
            f"task {task} was taught with {have}, not with {backbone}: run it with --model "
            f"{next(iter(files))}, or teach it: edgevision learn {task} DIR --model {backbone}"
        )
    return load_head(files[backbone], sha256)


def read_any(path: Path) -> Head:
    """The head in `path`, of whatever backbone.

    Raises:
        ModelError: if the file is missing, damaged or no head.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(_ABOUT).file_size > _MOST_BYTES:
                raise ValueError("too large")
            content = io.BytesIO(archive.read(_ABOUT))
        array = np.lib.format.read_array(content, allow_pickle=False)
        digest = str(json.loads(array.tobytes().decode())["backbone_sha256"])
    except FileNotFoundError as error:
        raise ModelError(f"{path}: there is no such file") from error
    except IsADirectoryError as error:
        raise ModelError(f"{path}: is a folder; expected a file of `learn export`") from error
    except _DAMAGE as error:
        raise ModelError(f"{path}: is no head of edgevision, or damaged ({error})") from error
    return load_head(path, digest)


def keep(head: Head, backbone: str, folder: Path) -> Path:
    """Write a task's head into `folder`, in place of an earlier one; there whole or not at all.

    Args:
        head: whose name is the task's.
        backbone: id of the network that it belongs to.
        folder: made if absent.

    Raises:
        OutputError: if it cannot be written.
    """
    path = folder / f"{head.name}.{backbone}.npz"
    beside = folder / f".{path.name}.{secrets.token_hex(4)}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(f".{path.name}.*.tmp"):  # by one that was killed as it wrote
            left.unlink(missing_ok=True)
        write(head, beside, path)
    except OSError as error:
        raise OutputError(
            f"{folder}: the task {head.name} cannot be kept there ({error.strerror or error})"
        ) from error
    return path


def write(head: Head, beside: Path, path: Path) -> None:
    """Write `head` to `path` by way of `beside`, of which nothing is left.

    Raises:
        OSError: if that fails; `path` is then as it was.
    """
    try:
        save_head(head, beside)
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


def forget(files: Mapping[str, Path]) -> int:
    """Delete the files of a task; how many bytes that frees.

    Raises:
        OutputError: if one cannot be deleted.
    """
    freed = 0
    for path in files.values():
        try:
            size = path.stat().st_size
            path.unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise OutputError(f"{path}: cannot be deleted ({error.strerror})") from error
        freed += size
    return freed
