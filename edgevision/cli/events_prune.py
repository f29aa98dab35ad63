"""`edgevision events prune`: let go what the limits do not let stay."""

from __future__ import annotations

import os
import sys
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import click

from edgevision.app.keeping import folders_of, limits_of
from edgevision.cli.flags import all_of, config_flag, settings_from
from edgevision.cli.stored import database_flag
from edgevision.store.retention import planned
from edgevision.store.retention import prune as let_go

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.option("--dry-run", is_flag=True, help="only tell what would go")
@all_of(database_flag, config_flag)
def prune(*, dry_run: bool, database: Path | None, config: Path | None) -> None:
    """Delete what `store.retention` does not let stay; a run does so by itself.

    A file goes only if the database has it, it lies in a folder of the settings' outputs, and it is
    what was written. What is pinned or corrected stays.
    """
    settings = settings_from(config)
    place = settings.store.file(os.environ) if database is None else database
    limits, folders = limits_of(settings), folders_of(settings)
    now = datetime.now(timezone.utc)
    if dry_run:
        plan, sightings = planned(place, folders, limits, now)
        size = sum(one.bytes for one in plan.files)
        for one in plan.files:
            print(one.path)
        print(f"would go: {sightings} events, {len(plan.files)} files of {size / 1e6:.1f} MB")
        return
    done = let_go(place, folders, limits, now)
    for path in done.changed:
        print(f"edgevision: {path}: was changed, and is left alone", file=sys.stderr)
    print(f"gone: {done.events} events, {done.files} files of {done.bytes / 1e6:.1f} MB")
