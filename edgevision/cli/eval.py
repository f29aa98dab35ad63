"""`edgevision eval`: accuracy on labelled photos."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgevision.app.build import build_network
from edgevision.app.rules import rules_of
from edgevision.cli.eval_places import measure_places
from edgevision.cli.flags import (
    all_of,
    chosen_settings,
    config_flag,
    json_flag,
    mirror_flag,
    model_flag,
    resolution_flag,
    threads_flag,
)
from edgevision.engines.mirrored import Mirrored
from edgevision.errors import WrittenError
from edgevision.evaluation.places import has_places
from edgevision.evaluation.run import evaluate as evaluate_photos
from edgevision.evaluation.run import read_truth
from edgevision.kinds import Kind, load

if TYPE_CHECKING:
    from edgevision.evaluation.answers import Evaluation

_SHOWN = 10
# Only a plot needs them.
_PLOT = {
    "check": Kind("edgevision.cli.plot:check_plot", "whether a picture can be drawn"),
    "draw": Kind("edgevision.cli.eval_plot:draw_plot", "confusions and calibration as a picture"),
}


@click.command("eval")
@click.option("--task", required=True, metavar="TASK", help="dogs, landmarks, classify")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="draw confusions and calibration: .png or .svg, needs the extra `plot`",
)
@all_of(mirror_flag, model_flag, resolution_flag, threads_flag, config_flag, json_flag)
def evaluate(
    *,
    task: str,
    folder: Path,
    plot: Path | None,
    config: Path | None,
    as_json: bool,
    **shared: Any,
) -> None:
    """Measure accuracy on the photos of DIR.

    DIR has a file labels.csv with the columns path and label: a label is a name, the index of an
    ImageNet class (0 to 999), or "none" for a photo that shows none of the task's classes. Of
    each photo the largest square in the middle is looked at.

    With the task landmarks and columns lat and lon (degrees), it tells how near the places are to
    the truth, beside what the papers reached.
    """
    if plot is not None:
        load(_PLOT, "check", "--plot")(plot)
    settings = chosen_settings(config, task=task, **shared)
    if settings.task == ("landmarks",) and has_places(folder):
        evaluation, what = measure_places(settings, folder, as_json=as_json)
        if plot is not None:
            _draw(plot, evaluation, task, what)
        return
    network = build_network(settings, photos=True)
    (reader,) = network.tasks
    truth = read_truth(folder, reader)
    presence = rules_of(settings, reader).presence
    with click.progressbar(truth, label=f"{task} on {folder}", file=sys.stderr) as photos:
        done = evaluate_photos(photos, reader, network.engine, network.prepare, presence)
    for line in done.skipped:
        print(f"edgevision: skipped: {line}", file=sys.stderr)
    mirrored = isinstance(network.engine, Mirrored)
    model, resolution = network.model.name, network.engine.spec.input.height
    what = f"{model} at {resolution} pixels{', mirrored too' if mirrored else ''}, task {task}"
    if as_json:
        told = {"task": task, "model": model, "resolution": resolution, "mirror": mirrored}
        print(json.dumps({**told, **done.to_dict()}))
    else:
        print("\n".join(_words(done, what)))
    if plot is not None:
        _draw(plot, done, task, what)


def _draw(plot: Path, done: Evaluation, task: str, what: str) -> None:
    if not done.answers:
        raise WrittenError(f"{plot}: nothing to draw: no photo has a label that task {task} knows")
    load(_PLOT, "draw", "--plot")(plot, done, task, what)


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
    if done.top1.n:
        found = numbers["calibration"]
        lines.append(
            f"scores    off by {found['ece']:.3f} (expected calibration error of {found['n']}"
            f" photos; chance alone gives {found['ece_by_chance']:.3f})"
        )
    wrong = [(label, share) for label, share in done.by_label if share.hits < share.n]
    if wrong:
        lines.append("right least often:")
        lines += [f"  {share.hits:3d} of {share.n:3d}  {label}" for label, share in wrong[:_SHOWN]]
    if done.mistakes:
        lines.append("taken for another, most often:")
        lines += [
            f"  {count:3d}  {right} -> {guess}"
            for (right, guess), count in done.mistakes.most_common(_SHOWN)
        ]
    return lines
