"""Older files of settings: a chain of steps, each from one version of the tree to the next.

A file without `version` is of version 1, the first one. Loading takes the steps in memory, so that
a read-only file goes on working; `rewrite` takes them on the disk, and keeps what was there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import yaml

from edgevision import __version__
from edgevision.config.file import read, write
from edgevision.config.origin import Layer, printable
from edgevision.config.schema import VERSION
from edgevision.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

FIRST = 1

Step = Callable[[dict[str, Any]], dict[str, Any]]

STEPS: Mapping[int, Step] = {}
"""The step from each version to the next, by the version it starts from. There is only one yet."""


def upgraded(layer: Layer, *, steps: Mapping[int, Step] = STEPS, newest: int = VERSION) -> Layer:
    """`layer` in the newest form; a key that a step has made keeps the place of its branch.

    Raises:
        ConfigError: if it is of a version that this program does not know.
    """
    version = layer.tree.get("version", FIRST)
    if isinstance(version, bool) or not isinstance(version, int):
        # Not a number at all: the tree's own check says so, together with all other problems.
        return layer
    if not FIRST <= version <= newest:
        origin = layer.origins.get(("version",)) or layer.origins[()]
        why = (
            f"{version} is newer than {newest}, which edgevision {__version__} reads;"
            " install the edgevision that wrote it, or a later one"
            if version > newest
            else f"{printable(str(version))} is given; expected {FIRST} to {newest}"
        )
        raise ConfigError(f"{origin.where}: version: {why}")
    if version == newest:
        return layer
    tree = dict(layer.tree)
    for number in range(version, newest):
        tree = {**steps[number](tree), "version": number + 1}
    return Layer(tree, layer.origins)


def rewrite(path: Path, *, steps: Mapping[int, Step] = STEPS, newest: int = VERSION) -> Path | None:
    """Write an older file anew in the newest form.

    What was there, comments included, stays beside it as FILE.vN.bak (N its version); an earlier
    backup is never written over. The new file is there whole or not at all.

    Returns:
        the backup's path, or None if the file is of the newest form already.

    Raises:
        ConfigError: if the file cannot be read or written, or is of an unknown version.
    """
    old = read(path)
    new = upgraded(old, steps=steps, newest=newest)
    if new is old:
        return None
    version = old.tree.get("version", FIRST)
    backup = path.with_name(f"{path.name}.v{version}.bak")
    name = printable(str(path))
    head = f"# Written anew in version {newest}'s form; with its comments it is in {backup.name}\n"
    try:
        mode = path.stat().st_mode & 0o777
        write(backup, path.read_text(encoding="utf-8-sig"), replace=False, mode=mode)
        write(path, head + yaml.safe_dump(new.tree, sort_keys=False), replace=True)
    except FileExistsError:
        raise ConfigError(
            f"{name}: {printable(str(backup))} is there already; move it away"
        ) from None
    except OSError as error:
        raise ConfigError(f"{name}: cannot be written: {error.strerror}") from None
    return backup
