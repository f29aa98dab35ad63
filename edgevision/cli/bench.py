"""`edgevision bench`: how fast, and what the pipeline costs beside the network alone."""

from __future__ import annotations

import json
import platform
import sys
from typing import TYPE_CHECKING, Any

import click

from edgevision.app.bench import bench as measure
from edgevision.app.bench import in_fresh_process
from edgevision.app.bench import once as run_once
from edgevision.cli.flags import (
    all_of,
    config_flag,
    json_flag,
    model_flag,
    settings_from,
    task_flag,
    threads_flag,
)

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.option("--source", required=True, metavar="URI", help="a video file, read over and over")
@all_of(model_flag, task_flag, threads_flag, config_flag, json_flag)
@click.option(
    "--rounds", type=click.IntRange(1, 100), default=5, show_default=True, help="of all three parts"
)
@click.option(
    "--frames", type=click.IntRange(50), default=500, show_default=True, help="of each part"
)
@click.option("--once", is_flag=True, hidden=True)
def bench(
    *,
    source: str,
    once: bool,
    rounds: int,
    frames: int,
    config: Path | None,
    as_json: bool,
    **shared: Any,
) -> None:
    """Measure the whole pipeline against the network alone and the decoder alone, in turn.

    The whole pipeline reads, looks (region full), decides, draws the overlay, stores an event and
    writes a line of JSON for every frame; nothing may be left out, which is checked.
    """
    flags = {"engine__threads": shared.pop("threads"), **shared, "source__uri": source}
    settings = settings_from(
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
    if once:
        print(json.dumps(run_once(settings, frames)))
        return
    with click.progressbar(range(rounds), label="rounds", file=sys.stderr) as counted:
        found = measure(settings, frames, counted)
    given = ["--source", source, "--task", ",".join(settings.task), "--frames", str(frames)]
    given += ["--model", settings.model.use, "--threads", str(settings.engine.threads)]
    found.update(in_fresh_process(given + (["--config", str(config)] if config else [])))
    found.update(model=settings.model.use, task=list(settings.task), machine=platform.machine())
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
