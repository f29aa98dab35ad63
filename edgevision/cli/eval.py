"""`edgevision eval`: accuracy on labelled photos."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgevision.app.build import build_network, rules_of
from edgevision.cli.flags import (
    all_of,
    chosen_settings,
    config_flag,
    json_flag,
    model_flag,
    resolution_flag,
    threads_flag,
)
from edgevision.evaluation.run import evaluate as evaluate_photos
from edgevision.evaluation.run import read_truth

if TYPE_CHECKING:
    from edgevision.evaluation.run import Evaluation

_SHOWN = 10


@click.command("eval")
@click.option("--task", required=True, metavar="TASK", help="dogs or classify")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@all_of(model_flag, resolution_flag, threads_flag, config_flag, json_flag)
def evaluate(*, task: str, folder: Path, config: Path | None, as_json: bool, **shared: Any) -> None:
    """Measure accuracy on the photos of DIR.

    DIR has a file labels.csv with the columns path and label: a label is a name, the index of an
    ImageNet class (0 to 999), or "none" for a photo that shows none of the task's classes. Of
    each photo the largest square in the middle is looked at.
    """
    settings = chosen_settings(config, task=task, **shared)
    network = build_network(settings)
    (reader,) = network.tasks
    truth = read_truth(folder, reader)
    presence = rules_of(settings, reader).presence
    with click.progressbar(truth, label=f"{task} on {folder}", file=sys.stderr) as photos:
        done = evaluate_photos(photos, reader, network.engine, network.prepare, presence)
    for line in done.skipped:
        print(f"edgevision: skipped: {line}", file=sys.stderr)
    model, resolution = network.model.name, network.engine.spec.input.height
    if as_json:
        told = {"task": task, "model": model, "resolution": resolution, **done.to_dict()}
        print(json.dumps(told))
    else:
        print("\n".join(_words(done, f"{model} at {resolution} pixels, task {task}")))


def _words(done: Evaluation, what: str) -> list[str]:
    numbers = done.to_dict()
    lines = [f"model     {what}"]
    if done.top1.n:
        lines += [f"top-1     {done.top1}", f"top-5     {done.top5}"]
        lines.append(f"accepted  {done.accepted}")
    if done.absent.n:
        lines.append(f"accepted though none is there  {done.absent}")
    millis = numbers["infer_ms"]
    lines.append(f"network   {millis['p50']:.2f} ms a photo (95 %: {millis['p95']:.2f} ms)")
    if done.mistakes:
        lines.append("taken for another, most often:")
        lines += [
            f"  {count:3d}  {right} -> {guess}"
            for (right, guess), count in done.mistakes.most_common(_SHOWN)
        ]
    return lines
