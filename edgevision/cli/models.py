"""`edgevision models`: the networks that come with the package."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from edgevision.app.catalogue import entries
from edgevision.cli.flags import json_flag

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from edgevision.app.catalogue import Entry


@click.group()
def models() -> None:
    """The networks that come with the package; --model takes their names."""


@models.command(name="list")
@json_flag
def list_models(*, as_json: bool) -> None:
    """Name, input, size and heads of each; * marks the default."""
    found = entries()
    if as_json:
        print(json.dumps([asdict(entry) for entry in found], indent=2, ensure_ascii=False))
        return
    for line in table(found):
        print(line)


def table(found: Sequence[Entry]) -> Iterator[str]:
    """A heading and a line for each network, in columns."""
    rows: list[tuple[str, ...]] = [
        ("  model", "input", "MB", "mult-adds", "heads (classes)", "licence", "sha256")
    ]
    rows += [_row(entry) for entry in found]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _row(entry: Entry) -> tuple[str, ...]:
    return (
        f"{'*' if entry.default else ' '} {entry.name}",
        f"{entry.side}x{entry.side} {entry.dtype}",
        f"{entry.mb:.1f}",
        f"{entry.mult_adds / 1e6:.0f} M" if entry.mult_adds else "-",
        ", ".join(f"{head} ({classes})" for head, classes in entry.heads.items()) or "-",
        entry.licence or "-",
        entry.sha256[:12],
    )
