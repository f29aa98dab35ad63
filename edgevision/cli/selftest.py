"""`edgevision selftest`: does it do what it promises, on this very device?"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import click

from edgevision.app.chaos import CHAOS, QUICK, Outcome, attempt
from edgevision.cli.flags import FloatRange, json_flag


@click.command()
@click.option("--chaos", is_flag=True, help="kill it, fill its disk, and more; about two minutes")
@click.option(
    "--seconds",
    type=FloatRange(1, 3600),
    default=20.0,
    show_default=True,
    help="for each trial that repeats",
)
@click.option("--hours", type=FloatRange(0.01, 1000), help="watch memory for so long")
@json_flag
@click.pass_context
def selftest(
    context: click.Context, *, chaos: bool, seconds: float, hours: float | None, as_json: bool
) -> None:
    """Try on this device what is promised; in a temporary folder, with drawn pictures.

    Your settings, events and cameras are not touched. Ends with code 1 if anything did not hold.
    """
    wanted = {**QUICK, **(CHAOS if chaos else {})}
    if hours is not None:
        wanted["memory"] = CHAOS["memory"]
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="edgevision-selftest-") as place:
        for name, trial in wanted.items():
            if not as_json and sys.stderr.isatty():
                click.echo(f"{name} ...\r", nl=False, err=True)
            long = hours * 3600 if hours is not None and name == "memory" else seconds
            outcomes.append(attempt(name, trial, Path(place), long))
            if not as_json:
                _tell(outcomes[-1])
    if as_json:
        print(json.dumps([asdict(one) for one in outcomes], ensure_ascii=False, indent=2))
    if not all(one.held for one in outcomes):
        context.exit(1)


def _tell(outcome: Outcome) -> None:
    word, colour = ("holds", "green") if outcome.held else ("FAILS", "red")
    status = click.style(word, fg=colour)
    line = f"{status}  {outcome.name:10}  {outcome.found}"
    click.echo(line, color=False if os.environ.get("NO_COLOR") else None)
