"""Folders of the user, by the XDG base directory specification."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def folder(environ: Mapping[str, str], variable: str, default: str) -> Path:
    """A folder of the XDG base directory specification: `variable`, else `default` in the home.

    The specification says that a relative path in such a variable is to be ignored.
    """
    named = environ.get(variable, "")
    if named.startswith("/"):
        return Path(named)
    home = environ.get("HOME", "")
    return (Path(home) if home else Path.home()) / default
