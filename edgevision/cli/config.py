"""`edgevision config`: show, check and explain the settings."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgevision.cli.config_plan import plan
from edgevision.cli.group import Group
from edgevision.config import file, keys, layers, migrate
from edgevision.config.origin import DOTS, masked, printable
from edgevision.config.problems import secret
from edgevision.config.schema import VERSION, Settings
from edgevision.config.template import commented, flow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgevision.config.origin import KeyPath

A_FILE = click.Path(path_type=Path)


@click.group(cls=Group)
def config() -> None:
    """Show, check and explain the settings.

    What holds is the default, then what the file says, then the environment (EDGEVISION_*: two
    underscores for a level, EDGEVISION_ENGINE__THREADS=2), then flags.
    """


@config.command()
@click.option("--config", "path", type=A_FILE, help="The file of settings.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
def show(path: Path | None, as_json: bool) -> None:
    """Print every setting with its value and where that comes from; passwords are dots."""
    loaded = layers.trace(path, os.environ, {})
    rows = [
        (".".join(map(str, key)), value, loaded.origin(key).where) for key, value in _leaves(loaded)
    ]
    if as_json:
        settings = {key: {"value": value, "from": where} for key, value, where in rows}
        name = None if loaded.path is None else str(loaded.path)
        print(json.dumps({"file": name, "settings": settings}, indent=2))
        return
    print(f"# file: {'none' if loaded.path is None else printable(str(loaded.path))}")
    for key, value, where in rows:
        print(f"{f'{key}: {flow(value)}':<44}  # {printable(where)}")


def _leaves(loaded: layers.Loaded) -> Iterator[tuple[KeyPath, Any]]:
    """Each setting that a user may give, secrets hidden; an output that is off is false."""
    tree = loaded.settings.model_dump(mode="json", exclude={"sources"})
    several = [one.model_dump(mode="json") for one in loaded.settings.sources]
    if len(several) > 1:
        del tree["source"]
        tree["sources"] = dict(enumerate(several))
    else:
        tree["source"] = loaded.settings.the_source.model_dump(mode="json")
    outputs = tree["outputs"]
    tree["outputs"] = {name: False if one is None else one or True for name, one in outputs.items()}
    yield from _under((), tree)


def _under(path: KeyPath, tree: dict[Any, Any]) -> Iterator[tuple[KeyPath, Any]]:
    for key, value in tree.items():
        inner = (*path, key)
        if isinstance(value, dict) and value:
            yield from _under(inner, value)
        elif secret(str(key)) and value is not None:
            yield inner, DOTS
        else:
            yield inner, masked(value) if isinstance(value, str) else value


@config.command()
@click.argument("path", metavar="[FILE]", required=False, type=A_FILE)
@click.option("--write", is_flag=True, help="Write an older file anew, keeping a backup.")
def check(path: Path | None, write: bool) -> None:
    """Check FILE (or the one that would be used) and the environment; name every problem."""
    loaded = layers.trace(path, os.environ, {})
    if loaded.path is None:
        print("no file of settings is there; the defaults hold")
        return
    name = printable(str(loaded.path))
    print(f"{name}: ok")
    version = file.read(loaded.path).tree.get("version")
    if version is None:
        print(f"{name}: has no version; put the line `version: {VERSION}` first")
    elif version != VERSION and not write:
        print(f"{name}: is of version {version}; `--write` writes it anew as {VERSION}")
    backup = migrate.rewrite(loaded.path) if write else None
    if backup is not None:
        print(f"{name}: written anew as version {VERSION}; what it was: {backup}")


@config.command()
def schema() -> None:
    """Print the JSON Schema of the settings, for editors that check while one writes."""
    print(json.dumps(keys.schema(), indent=2))


@config.command()
def default() -> None:
    """Print a whole file of settings: every key with its default and what it is for."""
    print("# All settings of edgevision with their defaults; keep the lines that you change.\n")
    print(commented(Settings()), end="")


config.add_command(plan)
