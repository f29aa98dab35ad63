"""`edgevision models`: the networks that `--model` knows, and which of them are on this device."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgevision.app import adding, catalogue, proofs
from edgevision.cli.flags import config_flag, json_flag, settings_from
from edgevision.cli.group import Group
from edgevision.cli.pull import pull
from edgevision.zoo.registry import opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from edgevision.app.catalogue import Row


@click.group(cls=Group)
def models() -> None:
    """The networks that --model takes: list them, fetch them, add your own."""


models.add_command(pull)


@models.command(name="list")
@config_flag
@json_flag
def list_models(*, config: Path | None, as_json: bool) -> None:
    """Every network, what it costs, and whether it is here; * marks the default."""
    rows = catalogue.rows(_folder(config), proofs.place(os.environ))
    if as_json:
        _print_json([row.to_dict() for row in rows])
    else:
        for line in table(rows):
            print(line)
        for row in rows:
            for device, verdict in row.proofs.items():
                print(f"{row.id} on Edge TPU {device}: {verdict}")
    for row in rows:
        if row.problem:
            print(f"edgevision: {row.problem}", file=sys.stderr)


@models.command()
@click.argument("ids", nargs=-1, metavar="[ID...]")
@config_flag
@json_flag
def verify(*, ids: tuple[str, ...], config: Path | None, as_json: bool) -> None:
    """Check the files on this device against the registry's SHA-256; without an ID, all of them.

    Ends with 2 if one is not what it should be.
    """
    folder = _folder(config)
    if sys.stderr.isatty():
        with click.progressbar(length=1, label="checking", file=sys.stderr) as bar:

            def tell(done: int, whole: int) -> None:
                bar.length = whole
                bar.update(done - bar.pos)

            rows = catalogue.verified(ids, folder, tell)
    else:
        rows = catalogue.verified(ids, folder)
    if as_json:
        _print_json([_verdict(row) for row in rows])
    else:
        for row in rows:
            print(f"{row.id}: {'damaged' if row.problem else 'as it should be'}")
    wrong = [row for row in rows if row.problem]
    for row in wrong:
        print(f"edgevision: {row.problem}", file=sys.stderr)
    click.get_current_context().exit(2 if wrong else 0)


@models.command()
@click.argument("name", metavar="ID")
@config_flag
def path(*, name: str, config: Path | None) -> None:
    """Where the file of a network lies, for scripts; it is checked before."""
    folder = _folder(config)
    entry = catalogue.known_entry(name, folder)
    print(opened(entry, folder).path)


@models.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@config_flag
def remove(*, ids: tuple[str, ...], config: Path | None) -> None:
    """Delete networks that were fetched or added from this device."""
    for name, freed in catalogue.remove(ids, _folder(config)).items():
        print(f"{name}: removed, {freed / 1e6:.1f} MB free" if freed else f"{name}: was not here")


@models.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", metavar="NAME", help="its id (default: the file's name without ending)")
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    help="one a line, `index label`, JSON or CSV (default: packed into FILE, or beside it)",
)
@click.option("--replace", is_flag=True, help="take the place of another network of that name")
@config_flag
@json_flag
def add(
    *,
    file: Path,
    name: str | None,
    labels: Path | None,
    replace: bool,
    config: Path | None,
    as_json: bool,
) -> None:
    """Take in a .tflite file of your own, from Teachable Machine, Model Maker or an export.

    Example:  edgevision models add birds.tflite --labels birds.txt
    """
    settings = settings_from(config)
    folder = settings.models.place(os.environ)
    added = adding.add(
        file,
        folder,
        name=name,
        labels=labels,
        replace=replace,
        runtime=settings.engine.runtime,
    )
    entry = added.entry
    if as_json:
        told = {"id": entry.id, "path": str(added.path), "added": added.new}
        _print_json({**told, "bytes": entry.file.bytes, "sha256": entry.file.sha256})
    else:
        print(f"{entry.id}: {added.path}{'' if added.new else ' (was here)'}")
    for note in added.notes:
        print(f"edgevision: {note}", file=sys.stderr)


def table(rows: Sequence[Row]) -> Iterator[str]:
    """A heading and a line for each network, in columns."""
    cells: list[tuple[str, ...]] = [
        ("  id", "input", "MB", "mult-adds", "ImageNet top-1", "heads, classes", "state", "licence")
    ]
    cells += [_cells(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        yield "  ".join(padded).rstrip()


def _cells(row: Row) -> tuple[str, ...]:
    entry = row.entry
    name = f"{'*' if row.default else ' '} {row.id}"
    if entry is None:
        return (name, "-", "-", "-", "-", "-", row.state, "-")
    heads = [f"{head} ({classes})" for head, classes in row.heads.items()]
    heads += [f"{row.classes} classes"] if row.classes else []
    return (
        name,
        f"{entry.resolution}x{entry.resolution}",
        f"{entry.file.bytes / 1e6:.1f}",
        f"{entry.mult_adds / 1e6:.0f} M" if entry.mult_adds else "-",
        f"{entry.published_top1:.1f} %" if entry.published_top1 else "-",
        ", ".join(heads) or "-",
        row.state,
        entry.licence or "-",
    )


def _verdict(row: Row) -> dict[str, Any]:
    told = {key: value for key, value in row.to_dict().items() if key in ("id", "path", "sha256")}
    return {**told, "ok": not row.problem, "problem": row.problem or None}


def _folder(config: Path | None) -> Path:
    return settings_from(config).models.place(os.environ)


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))
