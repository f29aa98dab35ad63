"""`edgevision eval` on photos whose places are known: how near the answers are."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Final

import click

from edgevision.app.build import build_network
from edgevision.app.rules import rules_of
from edgevision.cli.geo_text import scale_intervals, scale_lines
from edgevision.engines.mirrored import Mirrored
from edgevision.errors import WrittenError
from edgevision.evaluation.places import evaluate_places, read_places

if TYPE_CHECKING:
    from pathlib import Path

    from edgevision.config.schema import Settings
    from edgevision.evaluation.answers import Evaluation
    from edgevision.evaluation.places import Places

FINEST_KM: Final = 0.1
"""Answers are measured as fine as they are known, whatever events may tell."""


def measure_places(settings: Settings, folder: Path, *, as_json: bool) -> tuple[Evaluation, str]:
    """Measure the task landmarks on the photos of `folder`, and print what comes out.

    Returns:
        The answers to the photos with a label, and what they were measured with.

    Raises:
        WrittenError: if none of its photos can be used.
    """
    geo = settings.geo.model_copy(update={"finest_km": FINEST_KM})
    settings = settings.model_copy(update={"geo": geo})
    network = build_network(settings, photos=True)
    (reader,) = network.tasks
    placed, broken = read_places(folder, reader)
    presence = rules_of(settings, reader).presence
    with click.progressbar(placed, label=f"{reader.name} on {folder}", file=sys.stderr) as photos:
        done = evaluate_places(
            photos, broken, reader, network.engine, network.prepare, presence=presence
        )
    for line in done.skipped:
        print(f"edgevision: skipped: {line}", file=sys.stderr)
    if not done.told:
        raise WrittenError(f"{folder}: no photo with a place can be read")
    how = {
        "task": reader.name,
        "model": network.model.name,
        "resolution": network.engine.spec.input.height,
        "mirror": isinstance(network.engine, Mirrored),
        "mode": geo.mode,
    }
    looks = ", mirrored too" if how["mirror"] else ""
    what = f"{how['model']} at {how['resolution']} pixels{looks}, task landmarks by {geo.mode}"
    if as_json:
        intervals = scale_intervals(done.nearness)
        print(json.dumps({**how, **done.to_dict(), "intervals": intervals}, ensure_ascii=False))
    else:
        print("\n".join(_words(done, what, geo.mode)))
    return done.labelled(), what


def _words(done: Places, model: str, mode: str) -> list[str]:
    lines = [f"model     {model}"]
    if done.top1.n:
        lines += [f"top-1     {done.top1}", f"top-5     {done.top5}"]
    lines += [f"accepted  {done.accepted}", *scale_lines(done.nearness, mode)]
    if done.top1.n:
        lines.append("Landmarks' own positions are the truth here: a right name is a right place.")
    return lines
