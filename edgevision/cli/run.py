"""`edgevision run`: the main job."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgevision.app.pictures import allowed_outputs
from edgevision.app.run import Ran
from edgevision.app.run import run as run_application
from edgevision.cli.flags import (
    FloatRange,
    all_of,
    chosen_settings,
    config_flag,
    json_flag,
    model_flag,
    read_again,
    region_flag,
    resolution_flag,
    task_flag,
    threads_flag,
)
from edgevision.errors import ConfigError

if TYPE_CHECKING:
    from edgevision.config.schema import Settings

# An address of IPv6 stands in brackets.
_WHERE = re.compile(
    r"(?:\[(?P<numbers>[^\[\]]+)\]|(?P<host>[^:\[\]]*))(?::(?P<port>\d{1,6}))?", re.ASCII
)
_VIDEO_ENDINGS = (".mp4", ".m4v", ".mov", ".mkv")


@click.command()
@task_flag
@click.option("--source", metavar="URI", help="camera, video or photos; see docs/sources.md")
@click.option("--loop", is_flag=True, default=None, help="start a video again at its end")
@click.option("--wait/--no-wait", default=None, help="wait for a camera that is absent at first")
@all_of(config_flag, region_flag, model_flag, resolution_flag)
@click.option(
    "--budget-ms",
    "model__budget_ms",
    type=float,
    help="choose the most accurate network whose inferences take at most so long here",
)
@all_of(threads_flag)
@click.option(
    "--display",
    type=click.Choice(["none", "auto", "hdmi", "window"]),
    help="show it live: on the bare screen, or in a window",
)
@click.option(
    "--save", metavar="FILE|FOLDER", help="overlay as a video (.mp4, .mkv), or as JPEGs in a folder"
)
@click.option("--events", metavar="FILE|-", help="append events as JSON lines; - for stdout")
@click.option(
    "--web",
    metavar="[HOST:PORT]",
    is_flag=False,
    flag_value="",
    help="serve the page, at 127.0.0.1:8080 if nothing else is given",
)
@click.option("--max-frames", type=click.IntRange(1), help="stop after so many frames")
@json_flag
@click.option("--duration", type=FloatRange(0, min_open=True), help="stop after so many seconds")
def run(
    *,
    source: str | None,
    loop: bool | None,
    wait: bool | None,
    display: str | None,
    save: str | None,
    events: str | None,
    web: str | None,
    max_frames: int | None,
    duration: float | None,
    config: Path | None,
    as_json: bool,
    **shared: Any,
) -> None:
    """Recognise what is in front of the camera, until Ctrl-C.

    Example:  edgevision run --task dogs --source file:walk.mp4 --save overlay.mp4
    """
    video = save if save and _is_video(save) else None
    flags = {
        "source__uri": source,
        "source__loop": loop,
        "source__wait": wait,
        # With --json the only lines on the standard output are JSON.
        "outputs__console": False if as_json else None,
        "outputs__screen": False if display == "none" else None,
        "outputs__screen__where": None if display == "none" else display,
        "outputs__video__path": video,
        "outputs__snapshots__folder": None if video else save,
        "outputs__jsonl__path": events,
        **_where(web),
        **shared,
    }
    settings = chosen_settings(config, **flags)
    reread = read_again(settings, config, flags)
    ran = run_application(settings, max_frames, duration, reread)
    if as_json:
        # Events on the standard output stay the only lines there.
        print(json.dumps(ran.to_dict()), file=sys.stderr if events == "-" else sys.stdout)
        return
    for line in closing_words(settings, ran):
        print(line, file=sys.stderr)


def _is_video(save: str) -> bool:
    """False: a folder of snapshots."""
    if save.lower().endswith(_VIDEO_ENDINGS):
        return True
    # "walk.avi" as a folder would be nobody's wish; "snaps/" and a folder that is there are clear.
    if Path(save).suffix and not save.endswith("/") and not Path(save).is_dir():
        raise ConfigError(
            f"flag --save: {save!r} is given; expected a video that ends in "
            f"{', '.join(_VIDEO_ENDINGS)}, or a folder (with / at its end if its name has a dot)"
        )
    return False


def _where(web: str | None) -> dict[str, Any]:
    """The settings that `--web` means: HOST:PORT, PORT, HOST or nothing."""
    if web is None:
        return {}
    found = _WHERE.fullmatch(f":{web}" if web.isdecimal() else web)
    if found is None:
        raise ConfigError(f"flag --web: {web!r} is given; expected HOST:PORT or PORT")
    given: dict[str, Any] = {"web__enabled": True}
    host, port = found["numbers"] or found["host"], found["port"]
    if host:
        given["web__host"] = host
    if port:
        given["web__port"] = int(port)
    return given


def closing_words(settings: Settings, ran: Ran) -> list[str]:
    """What was seen, how fast, and where it was written."""
    health = ran.health
    seen = ", ".join(
        f"{name} ({count}x)" if count > 1 else name
        for (_, name), count in health.sightings.most_common(10)
    )
    lines = [f"seen: {seen or 'nothing'}"]
    middle, high = health.percentile("total", 50), health.percentile("total", 95)
    speed = f"{health.frames} frames in {health.seconds:.1f} s, {health.fps:.1f} frames/s"
    if middle is not None and high is not None:
        infer = health.percentile("infer", 50)
        speed += f"; frame to answer {middle:.1f} ms (95 %: {high:.1f} ms), network {infer:.1f} ms"
    lines.append(f"speed: {speed}; model {ran.model}")
    dropped = health.dropped_by()
    if dropped:
        lines.append("left out: " + ", ".join(f"{n} by {name}" for name, n in dropped.items()))
    if ran.lost_events:
        lost = ", ".join(f"{n} by {name}" for name, n in ran.lost_events.items())
        lines.append(f"events lost: {lost}")
    outputs = allowed_outputs(settings)
    files = [
        ("events", outputs.jsonl and outputs.jsonl.path),
        ("overlay", outputs.video and outputs.video.path),
        ("store", ran.store and Path(ran.store)),
    ]
    folders = [
        ("snapshots", outputs.snapshots and outputs.snapshots.folder),
        ("clips", outputs.clips and outputs.clips.folder),
    ]
    # One that did not open was said when it did not, and is nowhere to be found.
    lines += [f"{what}: {place}" for what, place in files if place and place.is_file()]
    return lines + [f"{what}: {place}" for what, place in folders if place and place.is_dir()]
