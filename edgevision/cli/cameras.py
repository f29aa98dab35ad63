"""`edgevision cameras`: what is connected, and a picture from it to aim by."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgevision.errors import OutputError, SourceError
from edgevision.pipeline.supervise import Supervised
from edgevision.pixels.encode import jpeg, write_atomically
from edgevision.sources import auto
from edgevision.sources.uri import make
from edgevision.sources.usb import Camera, discover

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgevision.values.frame import Frame

WARM_UP_FRAMES = 15  # cameras need about half a second to find their exposure
SHOWN_MODES = 12


@click.command()
@click.option(
    "--test",
    "picture",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="OUT.jpg",
    help="Take one picture with --source and write it here.",
)
@click.option("--source", "uri", metavar="URI", help="What to take it with (default: auto).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--root",
    type=click.Path(path_type=Path),
    default=Path("/"),
    hidden=True,
    help="Where sys/ and dev/ are.",
)
def cameras(picture: Path | None, uri: str | None, as_json: bool, root: Path) -> None:
    """List the cameras, or take a picture to aim one.

    Exit code 3 if there is none, or if it gives no picture.
    """
    if picture is None and uri is None:
        found = discover(root)
        if as_json:
            print(json.dumps({"cameras": [_facts(camera) for camera in found]}, indent=2))
        elif found:
            print("\n".join(_lines(found)))
        if not found:
            raise SourceError(f"no camera is connected; {auto.ADVICE}")
        return
    frame = one_frame(uri or "auto")
    facts = {"source": frame.source, "width": frame.width, "height": frame.height}
    if picture is not None:
        write_picture(picture, frame)
        facts["file"] = str(picture)
    if as_json:
        print(json.dumps(facts))
    else:
        where = f"{picture}: " if picture is not None else ""
        print(f"{where}{frame.width}x{frame.height} from {frame.source}")


def one_frame(uri: str, *, seconds: float = 20.0) -> Frame:
    """A frame of the source at `uri`; of a live one, when its exposure has settled.

    Raises:
        UriError: if `uri` is wrong.
        SourceError: if it gives none within `seconds`.
    """
    source = make(uri)
    if source.live:
        return _settled(uri, source.name, seconds)
    with source:
        for frame in source:
            return frame
    raise SourceError(f"source {source.name}: gave no picture")


def _settled(uri: str, name: str, seconds: float) -> Frame:
    newest: Frame | None = None
    with Supervised(lambda: make(uri), name, open_seconds=seconds, patient=False) as live:
        for _ in range(WARM_UP_FRAMES):
            given = live.next(seconds)
            if given is None:
                break
            newest = given
    if newest is None:
        why = f" ({live.counts.last_error})" if live.counts.last_error else ""
        raise SourceError(f"source {name}: gave no picture within {seconds:g} s{why}")
    return newest


def write_picture(path: Path, frame: Frame) -> None:
    """Write the pixels as a JPEG; a reader sees the whole new file or the old one.

    Raises:
        OutputError: if it cannot be written there.
    """
    try:
        write_atomically(path, jpeg(frame.pixels, quality=92))
    except (OSError, ValueError) as error:
        what = getattr(error, "strerror", None) or error
        raise OutputError(f"{path}: cannot be written: {what}") from None


def _lines(found: Sequence[Camera]) -> list[str]:
    lines = []
    for camera in found:
        note = " (ribbon cable: --source csi:0)" if camera.csi else ""
        lines.append(f"{camera.device}  {camera.name}{note}")
        if camera.by_id:
            lines.append(f"    --source v4l2:{Path(camera.by_id).name}")
        if camera.modes:
            more = len(camera.modes) - SHOWN_MODES
            rest = f", and {more} more" if more > 0 else ""
            lines.append(f"    {', '.join(camera.modes[:SHOWN_MODES])}{rest}")
    return lines


def _facts(camera: Camera) -> dict[str, object]:
    return {**dataclasses.asdict(camera), "csi": camera.csi}
