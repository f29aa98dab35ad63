"""One grammar for the address of a source; docs/sources.md is its table for users."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from edgevision.errors import UriError
from edgevision.kinds import load, suggestion
from edgevision.sources import KINDS
from edgevision.sources.options import OPTIONS, read_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgevision.sources.reading import Reading

ALONE = ("auto", "synthetic", "csi", "jetson")  # these need no colon
NETWORK = {"rtsp": "rtsp", "rtsps": "rtsp", "http": "http", "https": "http"}
HELP = "docs/sources.md has the table of addresses"

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
# Only something that reads like options is taken for options, so that `images:img?.jpg` is a glob.
_QUERY = re.compile(r"(.*)\?([A-Za-z_]\w*=[^?&]*(?:&[A-Za-z_]\w*=[^?&]*)*)", re.DOTALL)
_AUTHORITY = re.compile(r"(?:\[[0-9A-Fa-f:.%]+\]|[^\s:@\[\]/?#]+)(?::\d{1,5})?")
_URL = re.compile(r"//([^/?]*)((?:[/?].*)?)", re.DOTALL)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_WHAT = {
    "file": "path",
    "images": "folder or pattern",
    "v4l2": "camera; v4l2:0 is the first",
    "gst": "pipeline",
}
_LONGEST_WORD = 12
_USER = re.compile(r"(\w+://)[^\s/@]*@")
_WORD = re.compile(r"((?:pw|pass|password|passwd|token|secret|key)\s*=\s*)\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """A parsed address.

    Attributes:
        kind: a row of `edgevision.sources.KINDS`.
        target: a path, pattern, device or URL as the kind's class wants it. A URL may hold a
            password: show `display()` instead.
        options: those that were given, converted to bool, int, float or str.
    """

    kind: str
    target: str
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), hash=False)

    def display(self) -> str:
        """The address without user, password and query, fit for logs and pages."""
        if self.kind in NETWORK.values():
            return without_secrets(self.target)
        if self.kind == "gst":
            return f"gst:{without_passwords(self.target)}"
        return f"{self.kind}:{self.target}" if self.target else self.kind

    @property
    def default_name(self) -> str:
        """A name for a source that was given none: lower case letters, digits, `-` and `_`."""
        words = Path(self.target).stem if self.kind in ("file", "images") else ""
        return re.sub(r"[^a-z0-9_]+", "-", words.lower()).strip("-") or self.kind

    def __repr__(self) -> str:
        return f"Address({self.display()!r}, {dict(self.options)!r})"


def parse(text: str) -> Address:
    """The address written in `text`.

    Raises:
        UriError: if it is not of the grammar; the message never holds a password.
    """
    text = text.strip()
    if not text:
        raise UriError(f"source: the address is empty; {HELP}")
    if _UNPRINTABLE.search(text):
        raise UriError("source: the address has control characters in it")
    word = text.partition("?")[0]
    if word in ALONE:
        return _local(word, text.removeprefix(word))
    match = _SCHEME.fullmatch(text)
    scheme, rest = (match[1].lower(), match[2]) if match else ("", text)
    if scheme in NETWORK:
        return _network(scheme, rest)
    if scheme in KINDS:
        return _local(scheme, rest)
    return _bare(text, scheme)


def make(text: str, name: str | None = None, *, loop: bool = False) -> Reading:
    """The source at `text`, not yet opened.

    Args:
        text: its address.
        name: the configured name that its frames carry; None: one made from the address.
        loop: begin again at the end, as the option `loop=1` does.

    Raises:
        UriError: if the address is wrong, or `loop` is asked of a kind that has no end.
        ExtraError: if the kind's optional packages are not installed.
    """
    address = parse(text)
    if loop:
        if "loop" not in OPTIONS[address.kind]:
            raise UriError(
                f"source {address.display()}: has no end to begin again from, as --loop and"
                " `edgevision bench` do; expected file: or images:"
            )
        options = MappingProxyType({**address.options, "loop": True})
        address = Address(address.kind, address.target, options)
    made: Reading = load(KINDS, address.kind, "source")(address, name or address.default_name)
    return made


def without_secrets(text: str) -> str:
    """`text` without what may be secret in an address: user, password, query, `name=value`."""
    scheme, colon, rest = text.partition(":")
    if not colon or ("@" not in rest and not rest.startswith("//")):
        return text
    rest = rest.rpartition("@")[2].lstrip("/")
    path = re.split(r"[?#]", rest, maxsplit=1)[0]
    # Some cameras take `/user=admin_password=secret_channel=1.sdp`.
    shown = "/".join("..." if "=" in part else part for part in path.split("/"))
    return f"{scheme}://{shown}" + ("?..." if path != rest else "")


def without_passwords(text: str) -> str:
    """A pipeline or message without users, passwords and keys."""
    return _WORD.sub(r"\1...", _USER.sub(r"\1", text))


def _local(kind: str, rest: str) -> Address:
    match = _QUERY.fullmatch(rest)
    target, query = (match[1], match[2]) if match else (rest, "")
    if kind == "file" and target.startswith("//"):
        host, slash, path = target[2:].partition("/")
        if host not in ("", "localhost"):
            raise UriError(f"source file:{target}: write file:PATH, or file:///PATH from the root")
        target = unquote(slash + path)
    if kind in _WHAT and not target:
        raise UriError(f"source {kind}: says no {_WHAT[kind]}")
    if _UNPRINTABLE.search(target):
        raise UriError("source: the address has control characters in it")
    if kind == "gst":
        # A pipeline is full of what would be options elsewhere.
        return Address(kind, rest, read_options(kind, ""))
    if kind == "csi" and target:
        if not target.isdecimal():
            raise UriError(f"source csi:{target}: expected the number of a camera, as in csi:0")
        return Address(kind, target, read_options(kind, query))
    if kind in ALONE and target:
        raise UriError(f"source {kind}: takes options only, as in {kind}:?width=1280&height=720")
    return Address(kind, target, read_options(kind, query))


def _network(scheme: str, rest: str) -> Address:
    url, _, query = rest.partition("#")
    match = _URL.fullmatch(url)
    authority, path = (match[1], match[2]) if match else ("", "")
    host = authority.rpartition("@")[2]
    if "@" in path or "@" in query:
        raise UriError(
            f"source {scheme}: an @ comes after the host; in a user or password write "
            "%2F for /, %3F for ?, %23 for #, and elsewhere %40 for @"
        )
    if not _AUTHORITY.fullmatch(host):
        raise UriError(f"source {scheme}: has no host; write {scheme}://HOST/PATH")
    return Address(
        NETWORK[scheme],
        f"{scheme}:{url}",
        read_options(NETWORK[scheme], query),
    )


def _bare(text: str, scheme: str) -> Address:
    match = None if os.path.lexists(text) else _QUERY.fullmatch(text)
    target, query = (match[1], match[2]) if match else (text, "")
    path = Path(target)
    if _is(Path.is_dir, path):
        raise UriError(f"source {target}: is a folder; for its photos write images:{target}")
    if target.startswith("/dev/video") or target.isdecimal():
        raise UriError(f"source {target}: for a camera write v4l2:{target}")
    if _is(Path.is_file, path):
        return Address("file", target, read_options("file", query))
    if scheme:
        known = list(dict.fromkeys([*KINDS, *NETWORK]))
        raise UriError(
            f"source {without_secrets(text)}: {scheme!r} is no kind of source"
            f"{suggestion(scheme, known)}"
        )
    near = suggestion(target, list(KINDS)) if len(target) < _LONGEST_WORD else ""
    hint = near if "did you mean" in near else f"; {HELP}"
    raise UriError(f"source {without_secrets(text)}: no such file, and no kind of source{hint}")


def _is(question: Any, path: Path) -> bool:
    try:
        return bool(question(path))
    except (OSError, ValueError):  # a name too long for the file system
        return False
