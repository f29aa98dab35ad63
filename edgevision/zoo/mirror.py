"""Where a file can be fetched from: its official addresses, or a mirror of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from edgevision.errors import ConfigError, FetchError, ModelError

if TYPE_CHECKING:
    from collections.abc import Generator

    from edgevision.zoo.entry import Download
    from edgevision.zoo.part import Part

_PIECE = 1 << 16


class BrokenError(Exception):
    """A try that did not come through; another one may."""


class RefusedError(Exception):
    """A place will not give the file, however often it is asked."""


def places(wanted: Download, mirror: str | None) -> tuple[str | Path, ...]:
    """Addresses, or one file of a folder, in the order in which they are to be asked.

    Raises:
        ConfigError: if `mirror` is neither a folder nor an http(s) address.
        ModelError: if the file's name is none, or an official address is not https.
        FetchError: if the mirror's folder is not there, or nothing says where the file is.
    """
    name = wanted.name
    if not name or name.startswith(".") or {"/", "\\", "\0"} & set(name):
        raise ModelError(f"{name!r} is no name of a file; a registry that says so is damaged")
    if mirror is not None:
        return (_on_mirror(name, mirror),)
    for url in wanted.urls:
        if not url.startswith("https://"):
            raise ModelError(f"{name}: the address {shown(url)} is not https")
    if not wanted.urls:
        raise FetchError(
            f"{name}: nothing says where it can be fetched; give --mirror a folder that has it"
        )
    return wanted.urls


def _on_mirror(name: str, mirror: str) -> str | Path:
    problem = ConfigError(
        f"mirror {shown(mirror)!r} is neither a folder nor an http:// or https:// address"
    )
    if "://" not in mirror:
        return _in_folder(name, Path(mirror))
    try:
        parts = urlsplit(mirror)
        host = parts.hostname
    except ValueError as error:
        raise problem from error
    if parts.scheme == "file" and host in {None, "localhost"}:
        return _in_folder(name, Path(unquote(parts.path)))
    if parts.scheme not in {"http", "https"} or not host:
        raise problem
    return parts._replace(path=f"{parts.path.rstrip('/')}/{quote(name)}", fragment="").geturl()


def _in_folder(name: str, folder: Path) -> Path:
    try:
        folder = folder.expanduser()
        there = folder.is_dir()
    except (OSError, RuntimeError, ValueError):
        there = False
    if not there:
        raise FetchError(f"the mirror {folder} is no folder that is there; is its disk plugged in?")
    return folder / name


def copy(part: Part, path: Path) -> Generator[bytes]:
    """What `part` still lacks, from the file `path`.

    Raises:
        RefusedError: if it is not there, cannot be read, or is another file.
    """
    try:
        with path.open("rb") as file:
            check_size(part, path.stat().st_size)
            file.seek(part.size)
            while data := file.read(_PIECE):
                yield data
    except FileNotFoundError as error:
        raise RefusedError("there is no such file") from error
    except OSError as error:
        raise RefusedError(f"it cannot be read ({error.strerror})") from error


def check_size(part: Part, size: int | str) -> None:
    """Refuse a file whose size, if that is a number, is another than that of `part` will be."""
    text = str(size)
    if text.isdecimal() and int(text) != part.wanted.bytes:
        raise RefusedError(
            f"the file there has {text} bytes, expected {part.wanted.bytes}: it is another one"
        )


def shown(place: str | Path) -> str:
    """`place` as messages name it: without account, password and query."""
    text = str(place)
    scheme, mark, rest = text.partition("://")
    if not mark:
        return text
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path.partition('?')[0]}"
