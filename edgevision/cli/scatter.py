"""Points on a terminal, with a logarithmic axis below."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

Point = tuple[float, float, str]
"""Across (over 0), up, and the letter that is drawn; later points cover earlier ones."""

_WIDE: Final = 64
_HIGH: Final = 16
_LEFT: Final = 5  # columns for the numbers of the vertical axis


def scatter(points: Sequence[Point], across: str, up: str, limit: float | None = None) -> list[str]:
    """Lines of text.

    Args:
        points: at least one.
        across, up: what the axes show.
        limit: a value across at which a vertical line is drawn, if it lies among the points.
    """
    left, right = _ends([math.log(x) for x, _, _ in points], 0.02)
    low, high = _ends([y for _, y, _ in points], 0.5)

    def column(x: float) -> int:
        return round((math.log(x) - left) / (right - left) * (_WIDE - 1))

    def row(y: float) -> int:
        return round((high - y) / (high - low) * (_HIGH - 1))

    field = [[" "] * _WIDE for _ in range(_HIGH)]
    if limit is not None and left <= math.log(limit) <= right:
        for line in field:
            line[column(limit)] = "┊"
    for x, y, letter in points:
        field[row(y)][column(x)] = letter
    marks = {row(y): f"{y:g}" for y in _tens(low, high)}
    lines = [f"{'':{_LEFT}}{up}"]
    for number, cells in enumerate(field):
        edge = "┤" if number in marks else "│"
        lines.append(f"{marks.get(number, ''):>{_LEFT - 1}} {edge}{''.join(cells).rstrip()}")
    ticks = {column(x): f"{x:g}" for x in _ticks(math.exp(left), math.exp(right))}
    axis = "".join("┬" if place in ticks else "─" for place in range(_WIDE))
    numbers = ""
    for place, text in ticks.items():
        if place >= len(numbers):
            numbers = numbers.ljust(place) + text + " "
    return [*lines, f"{'':{_LEFT}}└{axis}", f"{'':{_LEFT + 1}}{numbers} {across}"]


def _ends(values: Sequence[float], slack: float) -> tuple[float, float]:
    return min(values) - slack, max(values) + slack


def _tens(low: float, high: float) -> list[float]:
    step = 10.0 if high - low > 20 else 5.0 if high - low > 8 else 1.0  # noqa: PLR2004 - round numbers
    return [step * number for number in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times the powers of ten in between."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    every = [digit * 10.0**power for power in powers for digit in (1, 2, 5)]
    return [value for value in every if low <= value <= high]
