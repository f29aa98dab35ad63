"""`edgevision events`: look at, follow and take out what was recognised."""

from __future__ import annotations

import json
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgevision.cli.events_marks import pin, relabel, unpin
from edgevision.cli.events_prune import prune
from edgevision.cli.events_text import in_words, lines, local, printable
from edgevision.cli.flags import FloatRange, all_of, config_flag
from edgevision.cli.group import Group
from edgevision.cli.stored import database_flag, opened, where
from edgevision.errors import ConfigError
from edgevision.store.export import write_lines
from edgevision.store.filters import Filter
from edgevision.store.reader import EventReader
from edgevision.values.moment import EXPECTED, moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgevision.cli.events_text import Form
    from edgevision.store.kept import Kept

_POLL_SECONDS = 0.5


def _moment(ctx: click.Context, param: click.Parameter, given: str | None) -> datetime | None:
    del ctx
    try:
        return None if given is None else moment(given, datetime.now(timezone.utc))
    except ValueError as error:
        raise click.BadParameter(str(error), param=param) from None


_WHICH = (
    click.option("--since", callback=_moment, metavar="WHEN", help=f"from then on: {EXPECTED}"),
    click.option("--until", callback=_moment, metavar="WHEN", help="before then"),
    click.option("--task", metavar="TASK", help="of this task"),
    click.option("--label", metavar="LABEL", help="seen as this, or corrected to it"),
    click.option("--source", metavar="NAME", help="of this camera or file"),
    click.option("--min-score", type=FloatRange(0, 1), help="with at least this score"),
    click.option("--phase", type=click.Choice(["seen", "ended"]), help="beginnings, or ends"),
)
_json_flag = click.option(
    "--json", "form", flag_value="json", default="text", help="print lines of JSON"
)
_csv_flag = click.option("--csv", "form", flag_value="csv", help="print CSV")


@click.group(cls=Group)
def events() -> None:
    """Look at, follow and take out the events that are kept, also while edgevision runs.

    Example:  edgevision events list --since 2h --task dogs --min-score 0.7
    """


for _command in (pin, unpin, relabel, prune):
    events.add_command(_command)


@events.command("list")
@all_of(*_WHICH)
@click.option("--limit", type=click.IntRange(1), default=50, help="the newest N (default 50)")
@all_of(_json_flag, _csv_flag, database_flag, config_flag)
def show_list(
    *, limit: int, form: Form, database: Path | None, config: Path | None, **which: Any
) -> None:
    """Print the newest events, the newest last."""
    with opened(database, config) as reader:
        found = reader.newest(Filter(**which), limit)
    for line in lines(reversed(found), form):
        print(line)
    if not found and form == "text":
        print("edgevision: no event is of that kind", file=sys.stderr)


@events.command()
@click.argument("identity", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="print JSON")
@all_of(database_flag, config_flag)
def show(*, identity: str, as_json: bool, database: Path | None, config: Path | None) -> None:
    """Print all that is known of one sighting."""
    with opened(database, config) as reader:
        found = sighting(reader, identity)
        files = [path for path, _ in reader.files(found[0].event["id"])]
    if as_json:
        print(json.dumps([one.to_dict(files) for one in found], indent=2, ensure_ascii=False))
        return
    for line in (*_told(found), *(f"  {printable(file)}" for file in files)):
        print(line)


@events.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, allow_dash=True))
@all_of(*_WHICH)
@click.option("--limit", type=click.IntRange(1), help="the oldest N (default: all)")
@all_of(
    click.option("--json", "form", flag_value="json", help="lines of JSON"),
    click.option("--csv", "form", flag_value="csv", help="CSV (default for a FILE.csv)"),
    database_flag,
    config_flag,
)
def export(
    *,
    file: Path,
    limit: int | None,
    form: Form | None,
    database: Path | None,
    config: Path | None,
    **which: Any,
) -> None:
    """Write events to FILE, the oldest first; "-" is the standard output.

    FILE is there whole or not at all; one that is there is replaced.
    """
    chosen: Form = form or ("csv" if file.suffix.lower() == ".csv" else "json")
    with opened(database, config) as reader:
        told = lines(reader.every(Filter(**which), limit), chosen)
        if str(file) == "-":
            for line in told:
                print(line)
            return
        count = write_lines(file, told) - (chosen == "csv")
    print(f"{count} events: {file}")


@events.command()
@all_of(*_WHICH)
@click.option("-n", "--limit", type=click.IntRange(0), default=10, help="begin with the newest N")
@all_of(_json_flag, _csv_flag, database_flag, config_flag)
def tail(
    *, limit: int, form: Form, database: Path | None, config: Path | None, **which: Any
) -> None:
    """Print the newest events, and each new one when it comes, until it is interrupted."""
    wanted = Filter(**which)
    place = where(database, config)
    with EventReader(place) as reader:
        last = reader.last_row()
        first = [one for one in reader.newest(wanted, limit) if one.row <= last] if limit else []
    for line in lines(reversed(first), form):
        print(line, flush=True)
    while True:
        time.sleep(_POLL_SECONDS)
        # Opened anew each time: a file that was moved aside or begun again is followed, too.
        if not place.exists():
            last = 0
            continue
        with EventReader(place) as reader:
            found, last = reader.follow(last, wanted)
        for line in lines(found, form, head=False):
            print(line, flush=True)


def sighting(reader: EventReader, identity: str) -> list[Kept]:
    """The phases of the sighting of that id.

    Raises:
        ConfigError: if there is none.
    """
    found = reader.sighting(identity.strip().upper())
    if not found:
        raise ConfigError(
            f"there is no event {printable(identity)!r}; `edgevision events list` shows their ids"
        )
    return found


def _told(found: list[Kept]) -> Iterator[str]:
    for kept in found:
        event = kept.event
        yield in_words(kept)
        for label, score in event.get("top", ()):
            yield f"  {score:>4.0%}  {printable(label)}"
        yield f"  seen from {local(event.get('first_seen'))} to {local(event.get('last_seen'))}"
        x, y, width, height = event["box"]
        yield f"  at {x:.2f},{y:.2f}, {width:.2f} wide and {height:.2f} high, in 0..1 of the frame"
        yield f"  by {printable(event.get('model'))}, {event.get('hits')} hits"
