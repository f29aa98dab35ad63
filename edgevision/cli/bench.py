"""`edgevision bench`: how fast, and what the pipeline costs beside the network alone.

With --zoo: every network that is here, side by side.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgevision.app.bench import bench as measure
from edgevision.app.bench import in_fresh_process
from edgevision.app.bench import once as run_once
from edgevision.app.footprint import peak_mb
from edgevision.cli.flags import (
    all_of,
    chosen_settings,
    config_flag,
    json_flag,
    model_flag,
    resolution_flag,
    settings_from,
    task_flag,
    threads_flag,
)
from edgevision.config.layers import FLAGS
from edgevision.kinds import Kind, load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgevision.config.schema import Settings

# Walking a network's file brings TFLite's schema along, which would be in the other figures.
_TABLES = {
    "zoo": Kind("edgevision.app.zoo:", "every network that is here"),
    "tasks": Kind("edgevision.app.added:cost_of_tasks", "several tasks on one network"),
}
_ROUNDS, _ZOO_ROUNDS = 5, 20
_MOST_THREADS = 64


def _counts(ctx: click.Context, param: click.Parameter, value: str) -> tuple[int, ...]:
    """Numbers of threads out of "1,2": in order, each once."""
    parts = value.split(",")
    if not all(part.isdecimal() and 1 <= int(part) <= _MOST_THREADS for part in parts):
        expected = f"expected whole numbers from 1 to {_MOST_THREADS}, as in 1,2"
        raise click.BadParameter(f"{value!r}: {expected}", ctx, param)
    return tuple(sorted({int(part) for part in parts}))


@click.command()
@click.option("--source", metavar="URI", help="a video file, read over and over")
@all_of(model_flag, task_flag, threads_flag, resolution_flag, config_flag, json_flag)
@click.option(
    "--rounds",
    type=click.IntRange(1, 100),
    help=f"of all that is compared (default {_ROUNDS}; with --zoo {_ZOO_ROUNDS})",
)
@click.option(
    "--frames", type=click.IntRange(50), default=500, show_default=True, help="of each part"
)
@click.option("--zoo", is_flag=True, help="time every network that is here, and no pipeline")
@click.option(
    "--models", type=click.Path(path_type=Path), help="with --zoo: a folder of .tflite files, too"
)
@click.option(
    "--threads-list",
    metavar="N[,N]",
    callback=_counts,
    default="1,2",
    show_default=True,
    help="with --zoo: threads",
)
@click.option(
    "--tasks",
    metavar="TASK,TASK",
    help="what each task costs beyond the first, on made frames, and no pipeline",
)
@click.option("--once", is_flag=True, hidden=True)
def bench(
    *,
    source: str | None,
    tasks: str | None,
    once: bool,
    zoo: bool,
    models: Path | None,
    threads_list: tuple[int, ...],
    rounds: int | None,
    frames: int,
    config: Path | None,
    as_json: bool,
    **shared: Any,
) -> None:
    """Measure the whole pipeline against the network alone and the decoder alone, in turn.

    The whole pipeline reads, looks (region full), decides, draws the overlay, stores an event and
    writes a line of JSON for every frame; nothing may be left out, which is checked.
    """
    if tasks is not None:
        if zoo or source is not None or shared.get("task") is not None:
            raise click.UsageError("--tasks: not with --zoo, --source or --task")
        _bench_tasks(settings_from(config, **{**shared, "task": tasks}), frames, as_json=as_json)
        return
    if zoo and not once:
        stray = [name for name, value in {"source": source, **shared}.items() if value is not None]
        if stray:
            flag = FLAGS[stray[0].replace("__", ".")]
            raise click.UsageError(f"{flag}: not with --zoo, which times every network")
        _bench_zoo(config, models, threads_list, rounds or _ZOO_ROUNDS, as_json=as_json)
        return
    if models is not None and not zoo:
        raise click.UsageError("--models: only with --zoo")
    if zoo:
        print(json.dumps({"rss_mb": peak_mb(settings_from(config, **shared))}))
        return
    if source is None:
        raise click.UsageError("--source: expected a video file, or --zoo or --tasks")
    flags = {**shared, "source__uri": source}
    if once:
        print(json.dumps(run_once(_pipeline_settings(config, flags), frames)))
    else:
        _bench_pipeline(config, flags, rounds or _ROUNDS, frames, as_json=as_json)


def _bench_tasks(settings: Settings, frames: int, *, as_json: bool) -> None:
    whole = settings.model_copy(
        update={"region": settings.region.model_copy(update={"kind": "full"})}
    )
    found = load(_TABLES, "tasks", "table")(whole, frames)
    if as_json:
        print(json.dumps(found))
        return
    lines = [f"{found['model']} at {found['resolution']} pixels, {found['frames']} frames"]
    lines.append(f"{found['task']:12} {found['ms']:8.3f} ms a frame, alone")
    lines += [f"{x['task']:12} {x['ms']:+8.3f} ms, {x['share']:+.1%}" for x in found["added"]]
    print("\n".join(lines))


def _pipeline_settings(config: Path | None, flags: dict[str, Any]) -> Settings:
    """Every frame is looked at and becomes an event."""
    return chosen_settings(
        config,
        source__loop=True,
        region="full",
        decide__mode="frames",
        decide__threshold=0.0,
        decide__release=0.0,
        decide__presence=0.0,
        log__level="warning",
        **flags,
    )


def _bench_pipeline(
    config: Path | None, flags: dict[str, Any], rounds: int, frames: int, *, as_json: bool
) -> None:
    settings = _pipeline_settings(config, flags)
    with click.progressbar(range(rounds), label="rounds", file=sys.stderr) as counted:
        found = measure(settings, frames, counted)
    task, model = ",".join(settings.task), settings.model
    given = ["--source", flags["source__uri"], "--task", task, "--frames", str(frames)]
    given += ["--model", model.use, "--threads", str(settings.engine.threads)]
    if model.resolution is not None:
        given += ["--resolution", str(model.resolution)]
    found.update(in_fresh_process(given + (["--config", str(config)] if config else [])))
    found.update(model=model.use, resolution=model.resolution, task=list(settings.task))
    found["machine"] = platform.machine()
    print(json.dumps(found) if as_json else _words(found))
    if not found["complete"]:
        raise click.ClickException(f"frames were left out: {found['counts']}")


def _words(found: dict[str, Any]) -> str:
    return "\n".join(
        (
            f"pipeline      {found['pipeline_fps']:8.1f} frames/s",
            f"network alone {found['raw_fps']:8.1f} frames/s",
            f"decoder alone {found['decode_fps']:8.1f} frames/s",
            f"ratio         {found['ratio']:8.3f}  of the slower of the two (rounds: "
            + ", ".join(f"{ratio:.3f}" for ratio in found["ratios"])
            + ")",
            f"latency       {found['latency_p50_ms']:8.2f} ms from frame to event (median)",
            f"              {found['latency_p95_ms']:8.2f} ms for 95 % of all",
            f"added         {found['added_p95_ms']:8.2f} ms at most beyond the network, 95 %",
            f"memory        {found['rss_mb']:8.1f} MB at most, in a process of its own",
            f"first result  {found['first_result_s']:8.2f} s after the process began",
            f"left out      {'nothing' if found['complete'] else found['counts']}",
        )
    )


def _bench_zoo(
    config: Path | None,
    models: Path | None,
    threads: Sequence[int],
    rounds: int,
    *,
    as_json: bool,
) -> None:
    table = load(_TABLES, "zoo", "table")
    settings = settings_from(config, log__level="warning")
    folder = settings.models.place(os.environ)
    with click.progressbar(length=1000, label="networks", file=sys.stderr) as bar:
        found = table.zoo(
            settings,
            table.here(folder, models),
            folder,
            threads,
            rounds,
            config=config,
            progress=lambda share: bar.update(round(1000 * share) - bar.pos),
        )
    print(json.dumps(found) if as_json else _zoo_words(found))


def _zoo_words(found: list[dict[str, Any]]) -> str:
    rows = [one for one in found if "left_out" not in one]
    width = max((len(one["id"]) for one in rows), default=0)
    lines = [f"{'network':{width}} side threads  median    95 %  mult-adds  params   file   memory"]
    lines += [
        f"{one['id']:{width}} {one['resolution']:4d} {one['threads']:7d}"
        f" {one['ms']:7.2f} {one['p95_ms']:7.2f}  {one['mult_adds'] / 1e6:7.0f} M"
        f" {one['parameters'] / 1e6:5.2f} M {one['mb']:6.2f} {one['rss_mb']:8.1f}"
        for one in rows
    ]
    lines += [f"left out: {one['id']}: {one['left_out']}" for one in found if "left_out" in one]
    runtimes = ", ".join(sorted({one["runtime"] for one in rows})) or "none"
    return "\n".join([*lines, f"milliseconds of one inference, MB of 10^6 bytes; {runtimes}"])
