"""`edgevision classify`: what is on photos."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgevision.app.build import build_decider, build_network, build_step
from edgevision.cli.flags import (
    all_of,
    chosen_settings,
    config_flag,
    json_flag,
    mirror_flag,
    model_flag,
    region_flag,
    resolution_flag,
    task_flag,
    threads_flag,
)
from edgevision.errors import PhotoError
from edgevision.pixels.photo import SUFFIXES, read_photo
from edgevision.values.frame import Frame

if TYPE_CHECKING:
    from edgevision.pipeline.step import Step
    from edgevision.values.report import Report
    from edgevision.values.result import Decision, Guess, Result, Verdict

_NONE = {"landmarks": "no known landmark"}
_BAR = 20


@click.command()
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True, type=click.Path())
@all_of(task_flag, region_flag, mirror_flag, model_flag, resolution_flag, threads_flag)
@all_of(config_flag, json_flag)
def classify(
    *,
    images: tuple[str, ...],
    config: Path | None,
    as_json: bool,
    **shared: Any,
) -> None:
    """Recognise what is on photos, or on all photos of a folder.

    Ends with 2 if any of them could not be read; the others are told all the same.

    Example:  edgevision classify --task dogs,classify photo.jpg
    """
    shared["region"] = shared["region"] or "centre"
    settings = chosen_settings(config, **shared)
    network = build_network(settings, photos=True)
    step = build_step(settings, network, build_decider(settings, network, photos=True))
    told = []
    photos, failed = _each(images)
    for number, path in enumerate(photos):
        try:
            report = _look(step, path, number)
        except PhotoError as error:
            failed += 1
            print(f"edgevision: {error}", file=sys.stderr)
            continue
        if as_json:
            told.append(_to_dict(path, report))
        else:
            print("\n".join(_words(path, report)))
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
    click.get_current_context().exit(2 if failed else 0)


def _each(images: tuple[str, ...]) -> tuple[list[Path], int]:
    """The photos, and how many folders hold none."""
    paths: list[Path] = []
    bare = 0
    for image in map(Path, images):
        if not image.is_dir():
            paths.append(image)
            continue
        try:
            inside = sorted(one for one in image.iterdir() if one.suffix.lower() in SUFFIXES)
        except OSError as error:
            inside, why = [], f"cannot be read as a folder ({error.strerror})"
        else:
            why = "no photos in this folder"
        if not inside:
            print(f"edgevision: {image}: {why}", file=sys.stderr)
            bare += 1
        paths += inside
    return paths, bare


def _look(step: Step, path: Path, number: int) -> Report:
    pixels = read_photo(path)
    return step.look(Frame(pixels, number, float(number), "photos", name=path.name))


def _to_dict(path: Path, report: Report) -> dict[str, Any]:
    verdicts = {decision.task: decision.verdict for decision in report.decisions}
    groups = {decision.task: decision.group for decision in report.decisions}
    return {
        "path": str(path),
        "results": [
            {
                "task": result.task,
                "verdict": verdicts[result.task],
                "presence": round(result.presence, 4),
                "box": [round(side, 4) for side in result.box.as_tuple()],
                "guesses": [
                    {"label": guess.label, "name": guess.name, "score": round(guess.score, 4)}
                    for guess in result.guesses
                ],
                "group": _group(groups[result.task]),
                **_place(result, verdicts[result.task]),
            }
            for result in report.results
        ],
        "infer_ms": round(report.stage_millis["infer"], 3),
    }


def _place(result: Result, verdict: Verdict) -> dict[str, Any]:
    if result.place is None or verdict == "nothing":
        return {}
    return {"place": result.place.to_dict()}


def _group(group: Guess | None) -> dict[str, Any] | None:
    if group is None:
        return None
    return {"label": group.label, "name": group.name, "score": round(group.score, 4)}


def _words(path: Path, report: Report) -> list[str]:
    lines = [f"{path}  ({report.stage_millis['infer']:.1f} ms)"]
    for result, decision in zip(report.results, report.decisions, strict=True):
        lines.append(f"  {result.task}: {_verdict(result, decision)}")
        if decision.verdict != "nothing":
            lines += [
                f"    {guess.score:6.1%}  {'#' * round(guess.score * _BAR):{_BAR}}  {guess.name}"
                for guess in result.guesses
            ]
    return lines


def _verdict(result: Result, decision: Decision) -> str:
    best = result.guesses[0]
    where = "" if result.place is None else f", {result.place}"
    if decision.verdict == "nothing":
        none = _NONE.get(result.task, "none there")
        return f"{none} ({result.presence:.0%} sure that there is one)"
    if decision.verdict == "seen":
        return best.name + where
    if decision.group is not None:
        return f"some {decision.group.label} ({decision.group.score:.0%}), perhaps {best.name}"
    return f"not sure, perhaps {best.name}{where}"
