"""Which database of events a command looks into."""

from __future__ import annotations

import os
from pathlib import Path

import click

from edgevision.cli.flags import settings_from
from edgevision.store.reader import EventReader

database_flag = click.option(
    "--database",
    type=click.Path(path_type=Path),
    help="the file of events (default: `store.path`)",
)


def where(database: Path | None, config: Path | None) -> Path:
    """The file of events: as given, else that of the settings."""
    settings = settings_from(config)
    return settings.store.file(os.environ) if database is None else database


def opened(database: Path | None, config: Path | None) -> EventReader:
    """A reader of the file of events, not yet entered."""
    return EventReader(where(database, config))
