"""What is wrong with a setting, in words: where it stands, what is there, what would do."""

from __future__ import annotations

import difflib
import operator
from typing import TYPE_CHECKING, Any

from edgevision.config.keys import known_keys, node, variables, words
from edgevision.config.origin import KeyPath, Origin, dotted, masked, printable
from edgevision.config.schema import LATER
from edgevision.kinds import suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_PLAIN = frozenset(
    {"zone", "release", "sources", "twice", "path", "budget", "geo", "address", "login", "tls"}
)
"""The tree's own checks, whose messages are whole sentences already."""


def problems(error: ValidationError, origins: Mapping[KeyPath, Origin]) -> list[str]:
    """One line for each wrong value, in the order of their places."""
    found: list[tuple[tuple[int, int], str]] = []
    for detail in error.errors(include_url=False):
        path: KeyPath = tuple(detail["loc"])
        # Pydantic writes a wrong name of a mapping so; a key of the tree may be called so, too.
        of_a_name = path[-1:] == ("[key]",) and detail["type"] != "extra_forbidden"
        if of_a_name or (detail["type"] == "missing" and isinstance(path[-1], int)):
            path = path[:-1]
        at = detail.get("ctx", {}).get("at")
        if at is not None:
            path = (*path, *(int(key) if key.isdecimal() else key for key in at.split(".")))
        origin = nearest(origins, path)
        if detail["type"] == "extra_forbidden" and origin.layer == "environment":
            name = origin.where.removeprefix("environment: ")
            if origin.path[: len(path)] == path:
                found.append(((1, 0), unknown_variable(name, ())))
                continue
        # A variable or flag names its key already; a line of a file may hold several.
        key = "" if origin.layer != "file" and origin.path == path else f"{dotted(path)}: "
        found.append((_rank(origin), f"{origin.where}: {key}{_why(detail, path)}"))
    return [line for _, line in sorted(found, key=operator.itemgetter(0))]


def _rank(origin: Origin) -> tuple[int, int]:
    """The file's problems come first, by line; others stay in the order of the tree."""
    if origin.layer != "file":
        return (1, 0)
    return (0, int(origin.where.rpartition(":")[2]))


def nearest(origins: Mapping[KeyPath, Origin], path: KeyPath) -> Origin:
    """The origin of `path`, or of the branch around it."""
    for size in range(len(path), -1, -1):
        if path[:size] in origins:
            return origins[path[:size]]
    return Origin("default", "settings")


def unknown_variable(name: str, reserved: Any) -> str:
    """The line about an EDGEVISION_* variable that sets nothing."""
    keys = name.removeprefix("EDGEVISION_").lower().split("__")
    for size in range(len(keys)):
        if keys[size] in LATER.get(".".join(keys[:size]), ()):
            return f"environment: {printable(name)}: is not in this version"
    near = difflib.get_close_matches(name, [*variables(), *reserved], n=1)
    hint = f"did you mean {near[0]}?" if near else "`edgevision config schema` lists all settings"
    return f"environment: {printable(name)}: no such setting; {hint}"


def _why(detail: ErrorDetails, path: KeyPath) -> str:
    kind, given = detail["type"], detail["input"]
    if kind in _PLAIN:
        return detail["msg"]
    if kind == "extra_forbidden":
        return _unknown_key(path)
    if detail["loc"][-1:] == ("[key]",):
        return f"the name {shown(path[-1])} does not do; expected letters, digits, - _ ."
    wanted = words(node(path))
    if kind == "missing":
        short = isinstance(detail["loc"][-1], int)
        return f"is {'too short' if short else 'missing'}; expected {wanted}"
    if isinstance(given, str) and given in LATER.get(".".join(map(str, path)), ()):
        return f"{given} is not in this version; expected {wanted}"
    known = [word for word in node(path).get("enum", ()) if isinstance(word, str)]
    near = _nearest(given, known) if isinstance(given, str) else ""
    return f"{shown(given)} is given; expected {wanted}{near}"


def _unknown_key(path: KeyPath) -> str:
    name = str(path[-1])
    if name in LATER.get(".".join(map(str, path[:-1])), ()):
        return "is not in this version"
    return f"no such key{suggestion(printable(name), known_keys(path[:-1]))}"


def _nearest(word: str, known: Sequence[Any]) -> str:
    # A choice may be among numbers, too.
    close = difflib.get_close_matches(word, [one for one in known if isinstance(one, str)], n=1)
    return f"; did you mean {close[0]}?" if close else ""


def shown(value: Any) -> str:
    """A wrong value in a few words, with passwords as dots."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}"
    text = repr(masked(value)) if isinstance(value, str) else printable(f"{value}")
    most = 80
    return text if len(text) <= most else f"{text[:most]}…"


def secret(key: str) -> bool:
    """Whether the value under `key` is to be hidden."""
    return key.lower().endswith(("password", "token", "secret"))
