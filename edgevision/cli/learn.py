"""`edgevision learn`: teach your own classes, and look after the tasks that you taught."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from edgevision.app import learned
from edgevision.app.album import read_album
from edgevision.app.control import ask
from edgevision.app.corrected import corrected_photos, with_corrections
from edgevision.app.learn import learn as learn_photos
from edgevision.app.process import set_up_process
from edgevision.app.status import found
from edgevision.cli.flags import (
    all_of,
    chosen_settings,
    config_flag,
    json_flag,
    model_flag,
    resolution_flag,
    settings_from,
    threads_flag,
)
from edgevision.cli.group import Group
from edgevision.cli.stored import database_flag
from edgevision.errors import NotRunningError
from edgevision.zoo import learned as store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgevision.app.learn import Learnt, Measured

_TEACH = "photos"
_SHOWN = 10


class _Learn(Group):
    """`learn list` is a command; `learn birds photos/` and `learn --model ID ...` teach."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        helps = {*ctx.help_option_names}
        if args and args[0] not in self.commands and args[0] not in helps:
            args = [_TEACH, *args]
        return super().parse_args(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, "NAME [DIR] [OPTIONS]")
        formatter.write_usage(ctx.command_path, "list | remove | export | import [ARGS]...")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        teaching = self.commands[_TEACH]
        records = [one.get_help_record(ctx) for one in teaching.get_params(ctx)]
        with formatter.section("Options"):
            formatter.write_dl([record for record in records if record])
        self.format_commands(ctx, formatter)


@click.group(cls=_Learn)
def learn() -> None:
    """Teach the task NAME: DIR has a folder of photos for each class.

    One photo a class is enough to begin with, twenty are good. Photos in a folder called "none"
    show what is none of the classes. With --from-events it learns from sightings that you corrected
    (edgevision events relabel ID LABEL). Afterwards:  edgevision run --task NAME

    Example:  edgevision learn birds photos/
    """


@learn.command(_TEACH, hidden=True)
@click.argument("name", metavar="NAME")
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--from-events",
    is_flag=True,
    help="learn from the pictures of sightings that were corrected, too, or only",
)
@click.option("--of-task", metavar="TASK", help="of the sightings of this task alone")
@all_of(database_flag, model_flag, resolution_flag, threads_flag, config_flag, json_flag)
def teach(
    *,
    name: str,
    folder: Path | None,
    from_events: bool,
    of_task: str | None,
    database: Path | None,
    config: Path | None,
    as_json: bool,
    **shared: Any,
) -> None:
    """Teach the task NAME the classes whose photos are in the folders of DIR."""
    if not from_events and (folder is None or of_task or database):
        missing = "DIR is missing" if folder is None else "without --from-events"
        raise click.UsageError(f"{missing}: give a folder of photos, or --from-events")
    learned.check_name(name)
    settings = chosen_settings(config, **shared)
    set_up_process()
    album = None if folder is None else read_album(folder, alone=not from_events)
    corrected = []
    if from_events:
        corrected = corrected_photos(database or settings.store.file(os.environ), of_task)
    if from_events or album is None:
        album = with_corrections(album, corrected)
    with click.progressbar(album.photos, label=f"learning {name}", file=sys.stderr) as photos:
        done = learn_photos(settings, name, album, photos, learned.place(os.environ))
    for line in done.skipped:
        print(f"edgevision: skipped: {line}", file=sys.stderr)
    if as_json:
        told = {**done.to_dict(), "from_events": len(corrected)}
        print(json.dumps(told, ensure_ascii=False))
        _swap_in(name, sys.stderr)
        return
    if from_events:
        print(f"corrected  {len(corrected)} pictures of sightings")
    print("\n".join(_words(done)))
    _swap_in(name)


@learn.command("list")
@json_flag
def list_tasks(*, as_json: bool) -> None:
    """The tasks that were taught on this device."""
    rows = learned.rows(learned.place(os.environ))
    if as_json:
        print(json.dumps([row.to_dict() for row in rows], indent=2, ensure_ascii=False))
        return
    if not rows:
        print("none was taught yet; edgevision learn NAME DIR teaches one")
    for row in rows:
        if row.head is None:
            print(f"{row.task}  {row.backbone}  damaged: teach or import it again")
            print(f"edgevision: {row.problem}", file=sys.stderr)
            continue
        labels = learned.classes_of(row.head)
        print(f"{row.task}  {row.backbone}  {len(labels)} classes: {_some(labels)}")


@learn.command()
@click.argument("name", metavar="NAME")
def remove(*, name: str) -> None:
    """Delete the task NAME from this device."""
    freed = store.forget(learned.files_of(name, learned.place(os.environ)))
    print(f"{name}: removed, {freed / 1e3:.0f} kB free")


@learn.command("export")
@click.argument("name", metavar="NAME")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@model_flag
def export(*, name: str, file: Path, model: str | None) -> None:
    """Write the task NAME to FILE, for `learn import` on another device."""
    row = learned.export(name, model, file, learned.place(os.environ))
    print(f"{name}: {file}, for {row.backbone}")


@learn.command("import")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="take the place of a task of that name")
@config_flag
def take_in(*, file: Path, replace: bool, config: Path | None) -> None:
    """Take in the task that `learn export` wrote to FILE."""
    models = settings_from(config).models.place(os.environ)
    row = learned.take_in(file, models, learned.place(os.environ), again=replace)
    print(f"{row.task}: {row.path}")
    print(f"run it:  edgevision run --task {row.task} --model {row.backbone}")
    _swap_in(row.task)


def _swap_in(task: str, stream: TextIO | None = None) -> None:
    """Let each process that runs `task` go on with what it was taught now."""
    for one in found(os.environ):
        running = one.status.get("control", one.status).get("tasks", ())
        if not one.alive or task not in running:
            continue
        try:
            answer = ask(os.environ, {"action": "reload"}, one.pid)
        except NotRunningError as error:
            print(f"edgevision: not swapped in: {error}", file=sys.stderr)
        else:
            done = "swapped in" if answer["accepted"] else "not swapped in"
            print(f"{done:<10} process {one.pid}: {answer['reason']}", file=stream)


def _words(done: Learnt) -> Iterator[str]:
    about = done.head.provenance
    yield f"task       {done.head.name}{' (taught anew)' if done.replaced else ''}"
    yield f"model      {about['backbone']} at {about['resolution']} pixels, {about['method']}"
    for label, count in done.photos.items():
        held = f", {done.held[label]} of them held out" if done.held[label] else ""
        yield f"  {label}: {count} photo{'s' if count > 1 else ''}{held}"
    yield from _measured(done.measured)
    if done.alike:
        most = ", ".join(str(path) for path in done.alike[0][:3])
        yield (
            f"alike      {len(done.alike)} groups of photos are or look the same, and were kept "
            f"together: {most}"
        )
    for note in done.notes:
        yield f"note       {note}"
    yield f"took       {done.seconds:.1f} s"
    yield f"written    {done.path}"
    yield f"run it     edgevision run --task {done.head.name} --model {about['backbone']}"


def _measured(measured: Measured) -> Iterator[str]:
    if not measured.top1.n:
        yield "held out   nothing: how right it will be is not known"
        return
    yield f"right      {measured.top1}"
    yield "           by a head that had not learnt them; after that all photos were learnt"
    yield f"seen       {measured.seen}"
    if measured.absent.n:
        yield f"seen though none is there  {measured.absent}"
    if measured.calibration_error is not None:
        yield (
            f"scores     off by {measured.calibration_error:.1%} in the mean (expected calibration "
            "error)"
        )


def _some(labels: list[str]) -> str:
    more = len(labels) - _SHOWN
    return ", ".join(labels[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
