"""`edgevision doctor`: what stands in the way on this device, and how to mend it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from edgevision.app.doctor import examine, this_device
from edgevision.cli.flags import all_of, config_flag, json_flag

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from edgevision.app.checks.finding import Finding

_COLOURS = {"OK": "green", "WARN": "yellow", "FAIL": "red"}


@click.command()
@all_of(config_flag, json_flag)
@click.pass_context
def doctor(context: click.Context, *, config: Path | None, as_json: bool) -> None:
    """Check this device, and say how to mend what is wrong.

    Ends with code 1 if anything failed.
    """
    findings = examine(this_device(config))
    if as_json:
        rows = [{"check": name, **asdict(finding)} for name, finding in findings.items()]
        print(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        for line in table(findings):
            # Colours are left out by click where the output is no terminal.
            click.echo(line, color=False if os.environ.get("NO_COLOR") else None)
    if any(finding.status == "FAIL" for finding in findings.values()):
        context.exit(1)


def table(findings: Mapping[str, Finding]) -> Iterator[str]:
    """A line for each finding, and one below it with the fix, if there is one."""
    width = max(len(name) for name in findings)
    for name, finding in findings.items():
        status = click.style(f"{finding.status:4}", fg=_COLOURS[finding.status])
        yield f"{status}  {name:{width}}  {finding.found}"
        if finding.fix is not None:
            yield f"{'':4}  {'':{width}}  -> {finding.fix}"
