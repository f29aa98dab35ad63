"""What the screen shows, decided before a pixel is touched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from edgevision.pixels.layout import guesses_of, heading, surest

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from edgevision.values.box import Box
    from edgevision.values.event import Event
    from edgevision.values.frame import Frame
    from edgevision.values.place import Place
    from edgevision.values.report import Report
    from edgevision.values.result import Decision, Verdict

STALE_SECONDS: Final = 2.0
"""A live picture older than this is said to be old."""
_RANK: Final = ("nothing", "unsure", "seen")
# Beyond this share a box is the whole frame, and its outline would say nothing.
_WHOLE: Final = 0.98
_THUMB: Final = 240


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """Something that was seen: a small square picture of it, and its name."""

    picture: npt.NDArray[np.uint8]
    name: str
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What one task says.

    Attributes:
        task, verdict: as decided.
        headline: in the largest letters.
        score: 0..1, for the bar; None: no bar.
        reason: why nothing is reported; "" where something is.
        box: where, or None for the whole frame.
        place: on the map, or None.
    """

    task: str
    verdict: Verdict
    headline: str
    score: float | None
    reason: str
    box: Box | None
    place: Place | None


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """All of it.

    Attributes:
        answers: the surest first.
        facts: for the small line.
        notice: what is not as it should be, for the same line.
        banner: across the picture.
    """

    frame: Frame | None
    answers: tuple[Answer, ...]
    seen: tuple[Sight, ...]
    facts: tuple[str, ...]
    banner: str | None
    notice: str | None = None


def answers_of(report: Report | None) -> tuple[Answer, ...]:
    """What the tasks say in `report`, the surest first."""
    if report is None:
        return ()
    ordered = sorted(report.decisions, key=lambda one: -_RANK.index(one.verdict))
    return tuple(_answer(decision, report) for decision in ordered)


def _answer(decision: Decision, report: Report) -> Answer:
    reading = surest(decision, report.results)
    guesses = guesses_of(decision, report.results)
    headline, _ = heading(decision, guesses)
    silent = decision.cause == "off" or decision.label is None
    box = None if reading is None else reading.box
    if box is not None and box.width * box.height >= _WHOLE:
        box = None
    return Answer(
        task=decision.task,
        verdict=decision.verdict,
        headline=headline[:1].upper() + headline[1:],
        score=None if silent else min(max(decision.score, 0.0), 1.0),
        reason="" if decision.verdict == "seen" else decision.reason,
        box=box,
        place=None if reading is None or decision.verdict == "nothing" else reading.place,
    )


def facts_of(
    report: Report | None, numbers: Mapping[str, Any], shown_fps: float | None
) -> tuple[str, ...]:
    """Rate, latency and temperature, as far as they are known.

    Args:
        report: the last one.
        numbers: the run's health.
        shown_fps: pictures a second on the screen.
    """
    total = None if report is None else report.stage_millis.get("total")
    rate = numbers.get("fps_now")
    temperature = numbers.get("board", {}).get("temperature_c")
    told = (
        None if shown_fps is None else f"{shown_fps:.0f} fps",
        f"{rate:.0f} answers/s" if rate else None,
        None if total is None else f"{total:.0f} ms",
        None if temperature is None else f"{temperature:.0f} °C",
    )
    return tuple(words for words in told if words)


def notice_of(numbers: Mapping[str, Any]) -> str | None:
    """Which Edge TPUs do not serve, and whether the CPU does instead; None if nothing is amiss.

    Args:
        numbers: the run's health.
    """
    engine = numbers.get("engine", {})
    idle = [
        f"Edge TPU{'' if name == 'edgetpu' else f' {name}'} {part['state']}"
        for name, part in engine.get("accelerators", {}).items()
        if part["state"] != "serving"
    ]
    if not idle:
        return None
    return ("On the CPU: " if engine.get("on") == ["cpu"] else "") + ", ".join(idle)


def banner_of(frame: Frame | None, *, live: bool, now: float) -> str | None:
    """That there is no picture, or an old one; `now` is of `perf_counter`."""
    if frame is None:
        return "Waiting for the first picture"
    age = now - frame.ready_at
    if not live or age < STALE_SECONDS:
        return None
    return f"No picture from {frame.source} for {_duration(age)}"


def sight_of(event: Event, frame: Frame) -> Sight:
    """A square of the frame around what `event` tells of."""
    square = event.box.squared(frame.width, frame.height, padding=0.05)
    left, top, right, bottom = square.to_pixels(frame.width, frame.height)
    crop = frame.pixels[top:bottom, left:right]
    side = min(crop.shape[:2])
    down, across = (crop.shape[0] - side) // 2, (crop.shape[1] - side) // 2
    crop = crop[down : down + side, across : across + side]
    how = cv2.INTER_AREA if side > _THUMB else cv2.INTER_LINEAR
    picture = np.asarray(cv2.resize(crop, (_THUMB, _THUMB), interpolation=how), np.uint8)
    return Sight(picture, event.name[:1].upper() + event.name[1:], event.score)


def _duration(seconds: float) -> str:
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit}"
    return f"{seconds:.0f} s"
