"""Files that are written whole or not at all, and arrays in them with their meaning.

An archive is an `.npz` without pickle that says what kind and version it is; the same content
gives the same bytes.
"""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgevision.errors import ModelError, OutputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt

    Arrays = dict[str, npt.NDArray[Any]]

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip file can hold
_ABOUT: Final = "about"
# What reading a damaged zip archive, array header or JSON raises.
_DAMAGE: Final = (
    *(OSError, EOFError, ValueError, LookupError, TypeError, OverflowError, SyntaxError),
    *(RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error, struct.error),
)


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` so that `path` holds the old or the new file at any moment.

    Raises:
        OutputError: if it cannot be written; nothing half-written is left behind.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from error


def save_archive(
    path: Path, kind: str, version: int, about: Mapping[str, Any], arrays: Arrays
) -> None:
    """Write arrays and what they mean.

    Args:
        path: the file.
        kind: what it is, for example "cells".
        version: of the form of its content.
        about: JSON types.
        arrays: by name, none of them called "about".

    Raises:
        OutputError: if it cannot be written.
    """
    text = json.dumps({**about, "kind": kind, "version": version}, sort_keys=True)
    whole = {_ABOUT: np.frombuffer(text.encode(), np.uint8), **arrays}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name, array in whole.items():
            inner = io.BytesIO()
            np.lib.format.write_array(inner, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _EPOCH), inner.getvalue())
    write_whole(path, content.getvalue())


def load_archive(
    path: Path, kind: str, version: int, names: tuple[str, ...]
) -> tuple[dict[str, Any], Arrays]:
    """What `save_archive` wrote: its `about` and the arrays `names`.

    Raises:
        ModelError: if the file is missing, damaged, of another kind or a later version.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            about = json.loads(_array(archive, _ABOUT).tobytes().decode())
            found, made = about["kind"], int(about["version"])
            if found != kind:
                raise ModelError(f"{path}: holds {found}, not {kind}")
            if made != version:
                raise ModelError(
                    f"{path}: is of version {made}, and this program reads version {version}; "
                    "make it anew"
                )
            return about, {name: _array(archive, name) for name in names}
    except FileNotFoundError:
        raise ModelError(f"{path}: there is no such file") from None
    except _DAMAGE as error:
        raise ModelError(f"{path}: holds no {kind}, or is damaged ({error})") from error


def check_backbone(where: Path, made_for: str, sha256: str) -> None:
    """Refuse features of another network than `made_for`, both SHA-256 in hexadecimal.

    Raises:
        ModelError: if they differ.
    """
    if made_for != sha256:
        raise ModelError(
            f"{where}: made for the backbone {made_for[:12]}…, not for {sha256[:12]}…; use the "
            "model that it was made with, or make it anew"
        )


def _array(archive: zipfile.ZipFile, name: str) -> npt.NDArray[Any]:
    content = io.BytesIO(archive.read(f"{name}.npy"))
    array: npt.NDArray[Any] = np.lib.format.read_array(content, allow_pickle=False)
    return array
