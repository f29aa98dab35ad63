"""Where settings come from: a layer of them, with the place of each key for messages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

KeyPath = tuple[str | int, ...]

DOTS = "...."


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from.

    Attributes:
        layer: "default", "file", "environment" or "flag".
        where: its place in words: "FILE:LINE", "environment: NAME" or "flag --NAME".
        path: the key that stands there.
    """

    layer: str
    where: str
    path: KeyPath = ()


@dataclass(frozen=True, slots=True)
class Layer:
    """A tree of plain values, and the origin of each of its keys and list items."""

    tree: dict[str, Any] = field(default_factory=dict)
    origins: dict[KeyPath, Origin] = field(default_factory=dict)


def dotted(path: KeyPath) -> str:
    """`path` as people write it: engine.threads, sources[0].uri."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{printable(masked(key))}"
    return text.lstrip(".")


def printable(text: str) -> str:
    """`text` for a message: one line, nothing that a terminal would obey, not over 200 letters."""
    short = text if len(text) <= 200 else f"{text[:200]}…"  # noqa: PLR2004 - said in the docstring
    return short if short.isprintable() else repr(short)[1:-1]


def masked(uri: str) -> str:
    """`uri` with user, password, and secrets in its options, as dots; other text as it is.

    A user name alone may be a token, and a password may hold a slash, so that all up to the last @
    is hidden.
    """
    uri = re.sub(r"(?i)^(\s*(?:rtsps?|https?):/*|.*?://).*@", rf"\1{DOTS}@", uri)
    secrets = r"(?i)((?:password|passwd|pwd|token|secret|key)[^=&#/?]*=)[^&#/]*"
    return re.sub(secrets, rf"\1{DOTS}", uri)
