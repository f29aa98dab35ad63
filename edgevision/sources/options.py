"""The options that each kind of source takes, and how they are read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from edgevision.errors import UriError
from edgevision.kinds import suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping

YES = ("1", "true", "yes", "on")
NO = ("0", "false", "no", "off")


@dataclass(frozen=True, slots=True)
class Number:
    """A number within bounds; whole unless `fraction`."""

    low: float
    high: float
    fraction: bool = False

    def read(self, text: str) -> int | float:
        """The number in `text`, or ValueError that says what is expected."""
        expected = f"a {'' if self.fraction else 'whole '}number from {self.low:g} to {self.high:g}"
        try:
            value = float(text) if self.fraction else int(text)
        except ValueError:
            raise ValueError(expected) from None
        if not math.isfinite(value) or not self.low <= value <= self.high:
            raise ValueError(expected)
        return value


@dataclass(frozen=True, slots=True)
class Switch:
    """1 or 0."""

    def read(self, text: str) -> bool:
        """True or False, or ValueError that says what is expected."""
        if text.lower() not in YES + NO:
            raise ValueError("1 or 0")
        return text.lower() in YES


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    def read(self, text: str) -> str:
        """The word, or ValueError that says which there are."""
        if text.lower() not in self.words:
            raise ValueError(" or ".join(self.words))
        return text.lower()


@dataclass(frozen=True, slots=True)
class Text:
    """Any words, as a file's name."""

    def read(self, text: str) -> str:
        """The words, or ValueError that says what is expected."""
        if not text:
            raise ValueError("a path")
        return text


AWB = ("auto", "incandescent", "tungsten", "fluorescent", "indoor", "daylight", "cloudy")
"""White balances by the names of libcamera's AwbMode, in its order."""

Option: TypeAlias = "Number | Switch | Choice | Text"

_SIZE = Number(16, 16384)
_FPS = Number(0.1, 1000, fraction=True)
_CAMERA: Mapping[str, Option] = {
    "width": _SIZE,
    "height": _SIZE,
    "fps": _FPS,
    "format": Choice(("mjpg", "yuyv")),
}
_TIMEOUT = Number(0.1, 600, fraction=True)

OPTIONS: Mapping[str, Mapping[str, Option]] = {
    "file": {"loop": Switch(), "threads": Number(1, 64)},
    "images": {"loop": Switch(), "fps": _FPS},
    "v4l2": _CAMERA,
    "rtsp": {"timeout": _TIMEOUT, "transport": Choice(("tcp", "udp"))},
    "http": {"timeout": _TIMEOUT},
    "csi": {
        "width": _SIZE,
        "height": _SIZE,
        "fps": _FPS,
        "small": Number(0, 1024),
        "rotation": Choice(("0", "90", "180", "270")),
        "hflip": Switch(),
        "vflip": Switch(),
        "exposure_us": Number(1, 10**9),
        "gain": Number(1, 64, fraction=True),
        "autofocus": Choice(("continuous", "auto", "manual")),
        "lens": Number(0, 32, fraction=True),
        "awb": Choice(AWB),
        "tuning": Text(),
    },
    "jetson": {
        "sensor": Number(0, 15),
        "width": _SIZE,
        "height": _SIZE,
        "fps": _FPS,
        "flip": Number(0, 7),
    },
    "gst": {},
    "synthetic": {
        "width": _SIZE,
        "height": _SIZE,
        "fps": _FPS,
        "frames": Number(1, 10**12),
        "seed": Number(0, 2**32 - 1),
        "live": Switch(),
    },
    "auto": _CAMERA,
}


def read_options(kind: str, query: str) -> Mapping[str, bool | int | float | str]:
    """The options in `query` ("loop=1&fps=30"), checked against those of `kind`.

    Raises:
        UriError: for an option that the kind does not have, a value out of range, or one given
            twice.
    """
    known = OPTIONS[kind]
    found: dict[str, bool | int | float | str] = {}
    for pair in filter(None, query.split("&")):
        name, equals, value = pair.partition("=")
        if name not in known:
            hint = suggestion(name, list(known))
            raise UriError(f"source {kind}: has no option {name!r}{hint}")
        if name in found:
            raise UriError(f"source {kind}: option {name} is given twice")
        try:
            found[name] = known[name].read(value if equals else "")
        except ValueError as error:
            raise UriError(f"source {kind}: {name}={value}: expected {error}") from None
    return MappingProxyType(found)
