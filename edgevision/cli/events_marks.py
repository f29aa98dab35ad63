"""`edgevision events pin`, `unpin` and `relabel`: what people say of a sighting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from edgevision.cli.events_text import printable
from edgevision.cli.flags import all_of, config_flag
from edgevision.cli.stored import database_flag, where
from edgevision.store import marks

if TYPE_CHECKING:
    from pathlib import Path

_id = click.argument("identity", metavar="ID", callback=lambda _, __, given: given.strip().upper())


@click.command()
@all_of(_id, database_flag, config_flag)
def pin(*, identity: str, database: Path | None, config: Path | None) -> None:
    """Keep a sighting and its pictures, however old they get."""
    marks.pin(where(database, config), identity)
    print(f"{identity}: pinned, it stays until it is unpinned")


@click.command()
@all_of(_id, database_flag, config_flag)
def unpin(*, identity: str, database: Path | None, config: Path | None) -> None:
    """Let a sighting go when its time comes."""
    marks.unpin(where(database, config), identity)
    print(f"{identity}: no longer pinned")


@click.command()
@all_of(
    _id,
    click.argument("label", metavar="LABEL", required=False),
    click.option("--undo", is_flag=True, help="take an earlier correction back"),
    database_flag,
    config_flag,
)
def relabel(
    *, identity: str, label: str | None, undo: bool, database: Path | None, config: Path | None
) -> None:
    """Say what a sighting really shows; its own label says that it was right.

    LABEL is anything you like, "none" for nothing. The event itself stays as it was told. What was
    corrected is kept, with its pictures, however old it gets.
    """
    if undo == (label is not None):
        raise click.UsageError("give a LABEL, or --undo")
    place = where(database, config)
    if label is None:
        marks.uncorrect(place, identity)
        print(f"{identity}: no longer corrected")
        return
    print(f"{identity}: {printable(marks.relabel(place, identity, label))}")
