"""The file of settings: find it, read it, write it whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from edgevision.config.folders import folder
from edgevision.config.origin import Layer, printable
from edgevision.config.text import parse
from edgevision.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_BYTES = 1_000_000
"""More than any settings need; a wrong path may lead to a film."""


def find(environ: Mapping[str, str]) -> Path | None:
    """The file to read when no flag names one, or None.

    $EDGEVISION_CONFIG (whether it is there or not), else the first that exists of
    ./edgevision.yaml, edgevision/edgevision.yaml in $XDG_CONFIG_HOME or ~/.config, and
    /etc/edgevision/edgevision.yaml.
    """
    named = environ.get("EDGEVISION_CONFIG", "")
    if named:
        return Path(named)
    inside = Path("edgevision", "edgevision.yaml")
    for path in (
        Path("edgevision.yaml"),
        folder(environ, "XDG_CONFIG_HOME", ".config") / inside,
        Path("/etc") / inside,
    ):
        # A file that may not be looked at counts as there: reading it then says why not.
        if os.path.lexists(path):
            return path
    return None


def read(path: Path) -> Layer:
    """The settings in the YAML file `path`; one with nothing but comments gives an empty layer.

    Raises:
        ConfigError: with every problem of its form, each as ``FILE:LINE: ...``.
    """
    name = printable(str(path))
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(
            f"{name}: there is no such file; `edgevision init` writes a first one"
        ) from None
    except IsADirectoryError:
        raise ConfigError(f"{name}: is a folder; expected a YAML file") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"{name}: cannot be read: {why}") from None
    if len(data) > MOST_BYTES:
        raise ConfigError(f"{name}: is over {MOST_BYTES} bytes long; expected a page of settings")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{name}:{line}: byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8"
        ) from None
    if not text.strip():
        raise ConfigError(f"{name}:1: is empty; `edgevision config default` prints a complete file")
    return parse(text, name)


def write(path: Path, text: str, *, replace: bool, mode: int = 0o644) -> None:
    """Write `text` to `path` so that it is there whole or not at all, also after a power cut.

    Args:
        path: the file; its folder is made.
        text: what to write, as UTF-8.
        replace: whether an earlier file may go; the new one then takes over its mode.
        mode: the mode of a new file.

    Raises:
        FileExistsError: if it is there and `replace` is false.
        OSError: if it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        # Of the folder, that is: it is not the file that is there.
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), path.stat().st_mode & 0o7777 if path.exists() else mode)
            os.fsync(file.fileno())
        if replace:
            os.replace(name, path)  # noqa: PTH105 - the temporary name is text
        else:
            _place(name, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)  # noqa: PTH108 - as above


def _place(name: str, path: Path) -> None:
    """Give the file `name` the name `path` too, unless that is taken: in one step if it can be."""
    try:
        os.link(name, path)
    except FileExistsError:
        raise
    except OSError:
        # File systems of memory cards (FAT) know no links.
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        os.rename(name, path)  # noqa: PTH104 - the temporary name is text
