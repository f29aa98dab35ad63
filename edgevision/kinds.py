"""The lazy loader: a kind's module is imported only when the kind is chosen.

Each folder of kinds has a table from the kind's name to a `Kind`, so that a new source, region,
engine, task or output is one file and one row.
"""

from __future__ import annotations

import difflib
import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgevision.errors import ConfigError, ExtraError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Kind:
    """Where a kind lives.

    Attributes:
        path: "package.module:Name"; without a Name the module itself is loaded.
        says: one line for lists and the documentation.
        extra: the optional dependency that brings what it needs, if any.
    """

    path: str
    says: str
    extra: str | None = None


def load(table: Mapping[str, Kind], name: str, what: str) -> Any:
    """The class or function of kind `name`; `what` names the table in messages ("source").

    Raises:
        ConfigError: if there is no such kind.
        ExtraError: if its optional packages are not installed.
    """
    kind = table.get(name)
    if kind is None:
        raise ConfigError(f"{what} {name!r} is not known{suggestion(name, table)}")
    module, _, attribute = kind.path.partition(":")
    try:
        loaded = importlib.import_module(module)
        return getattr(loaded, attribute) if attribute else loaded
    except ModuleNotFoundError as error:
        if kind.extra is None or (error.name or "").startswith("edgevision"):
            raise
        raise ExtraError(
            f"{what} {name} needs the package {error.name}: pip install 'edgevision[{kind.extra}]'"
        ) from error


def suggestion(word: str, known: Mapping[str, Any] | list[str]) -> str:
    """What to add to an error about `word`: the nearest known word, else all of them."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else f"; known: {', '.join(known)}"
