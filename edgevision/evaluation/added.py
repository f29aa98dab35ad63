"""What a second and further task on the same features cost, frame by frame, in turn."""

from __future__ import annotations

from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from edgevision.values.frame import Frame

    Look = Callable[[Frame], object]


def measure_added(
    looks: Sequence[Look], frames: Iterable[Frame], *, warm_up: int = 5
) -> list[list[float]]:
    """Milliseconds of each frame (rows) for each of `looks` (columns).

    All look at one frame before any looks at the next, so that they share the machine's mood; who
    begins changes from frame to frame.

    Args:
        looks: with one task, with two, and so on.
        frames: what they look at.
        warm_up: frames that are not counted.
    """
    rows: list[list[float]] = []
    for number, frame in enumerate(frames):
        millis = [0.0] * len(looks)
        for place in range(len(looks)):
            which = (place + number) % len(looks)
            begun = perf_counter()
            looks[which](frame)
            millis[which] = 1000 * (perf_counter() - begun)
        rows.append(millis)
    return rows[warm_up:]


def added_figures(tasks: Sequence[str], rows: Sequence[Sequence[float]]) -> dict[str, Any]:
    """Medians over the frames, JSON types; `share` is of the time with the first task alone.

    Args:
        tasks: their names, in the order in which they were added.
        rows: as `measure_added` gives them; one or more.
    """
    alone = median(row[0] for row in rows)
    added = [
        {
            "task": task,
            "ms": round(median(row[place] - row[place - 1] for row in rows), 4),
            "share": round(median(row[place] - row[place - 1] for row in rows) / alone, 4),
        }
        for place, task in enumerate(tasks)
        if place > 0
    ]
    return {"task": tasks[0], "ms": round(alone, 3), "added": added, "frames": len(rows)}
