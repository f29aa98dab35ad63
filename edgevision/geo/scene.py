"""What a world map shows, as plain shapes: the painters of PNG and SVG know no geography.

The map is equirectangular: x is the longitude and y the latitude, in the same unit, which every
reader knows how to read off; the far south is left out.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import numpy.typing as npt

from edgevision.errors import ModelError
from edgevision.geo.distance import EARTH_KM, from_unit, round_km, to_unit, wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgevision.geo.spread import Spread

    Points = npt.NDArray[np.float64]

NORTH, SOUTH = 84.0, -58.0
"""The map's upper and lower edge, degrees."""

_FILE: Final = Path(__file__).parent.parent / "data" / "land.json.gz"
_HALF_TURN: Final = 180.0
_TINY: Final = 1e-9

# Chosen so that land lies back and what is marked stands out, for colour-blind eyes too
# (Okabe and Ito 2008, "Color Universal Design").
SEA, LAND, COAST, GRID = "#eef3f6", "#d8d5cb", "#a9a598", "#dbe3e8"
CELL, NEIGHBOUR, TRUTH, GUESS = "#0072b2", "#cc79a7", "#009e73", "#d55e00"


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A polygon or line, or one marker.

    Attributes:
        kind: "area" (filled), "line", or a marker: "dot", "ring", "cross".
        points: (n, 2) longitude and latitude in degrees; one row for a marker.
        colour: "#rrggbb".
        opacity: 0..1.
        size: of a marker, or of a line's width; 1 is usual.
        title: what it is, for readers who point at it; may be empty.
    """

    kind: Literal["area", "line", "dot", "ring", "cross"]
    points: Points
    colour: str
    opacity: float = 1.0
    size: float = 1.0
    title: str = ""


@dataclass(frozen=True, slots=True)
class Legend:
    """A line of the legend: a marker's kind, its colour and what it stands for."""

    kind: Literal["area", "line", "dot", "ring", "cross"]
    colour: str
    text: str


@dataclass(frozen=True, slots=True)
class Scene:
    """Shapes from the back to the front, what they stand for, and a title."""

    title: str
    shapes: tuple[Shape, ...]
    legend: tuple[Legend, ...]


def scene_of(
    title: str,
    *,
    corners: Sequence[Points] = (),
    shares: Sequence[float] = (),
    spread: Spread | None = None,
    truths: Points | None = None,
    guess: tuple[float, float] | None = None,
    radius_km: float = 0.0,
) -> Scene:
    """A map of what is given.

    Args:
        title: a line above it.
        corners: of cells, each (4, 2) latitude and longitude.
        shares: 0..1 for each cell, how dark it is; empty: all alike.
        spread: the points that speak for the place.
        truths: (n, 2) latitude and longitude of where photos were really taken.
        guess: the answer, latitude and longitude.
        radius_km: of the circle around it; 0 for none.
    """
    shapes, legend = [*_ground()], []
    if len(corners):
        shapes += _cells(corners, shares)
        legend.append(Legend("area", CELL, "cells"))
    if spread is not None:
        shapes += _votes(spread)
        legend.append(Legend("dot", NEIGHBOUR, "evidence, larger where it weighs more"))
    if truths is not None:
        size = 1.0 if len(truths) == 1 else 0.5
        shapes += [Shape("ring", row[None, ::-1], TRUTH, size=size) for row in truths]
        legend.append(Legend("ring", TRUTH, "taken here"))
    if guess is not None:
        if radius_km > 0:
            shapes += [Shape("line", part, GUESS) for part in _circle(*guess, radius_km)]
        shapes.append(Shape("cross", np.array([[guess[1], guess[0]]]), GUESS))
        circle = f", circle of {round_km(radius_km):,.0f} km" if radius_km > 0 else ""
        legend.append(Legend("cross", GUESS, f"guess{circle}"))
    return Scene(title, tuple(shapes), tuple(legend))


def pairs_scene(title: str, truths: Points, guesses: Points) -> Scene:
    """A map of many guesses: a line from each to the truth, (n, 2) latitude and longitude both."""
    shapes = [*_ground()]
    # Many lines are to be seen as a whole, few as lines.
    opacity = min(0.7, 60 / max(len(truths), 1))
    for truth, guess in zip(truths, guesses, strict=True):
        shapes += [Shape("line", part, GUESS, opacity, 0.5) for part in _way(truth, guess)]
    shapes += [Shape("dot", row[None, ::-1], TRUTH, 0.8, 0.5) for row in truths]
    shapes += [Shape("dot", row[None, ::-1], GUESS, 0.8, 0.5) for row in guesses]
    legend = (Legend("dot", TRUTH, "taken here"), Legend("dot", GUESS, "guess"))
    return Scene(title, tuple(shapes), legend)


def _ground() -> list[Shape]:
    meridians = [np.array([[lon, SOUTH], [lon, NORTH]], float) for lon in range(-150, 180, 30)]
    parallels = [np.array([[-180, lat], [180, lat]], float) for lat in range(-30, 90, 30)]
    grid = [Shape("line", line, GRID, size=0.6) for line in (*meridians, *parallels)]
    rings = [Shape("area", ring, LAND) for ring in land()]
    coasts = [Shape("line", ring, COAST, size=0.6) for ring in land()]
    return [*grid, *rings, *coasts]


def _cells(corners: Sequence[Points], shares: Sequence[float]) -> list[Shape]:
    most = max(shares, default=1.0) or 1.0
    shapes = []
    for number, one in enumerate(corners):
        share = shares[number] / most if len(shares) else 0.3
        title = f"{shares[number]:.1%}" if len(shares) else ""
        outline = _outline(one)
        shapes += [
            Shape("area", part, CELL, 0.05 + 0.6 * share, title=title) for part in _areas(outline)
        ]
        shapes += [Shape("line", part, CELL, 0.6, 0.5) for part in _split(outline)]
    return shapes


def _outline(corners: Points) -> Points:
    """Longitudes and latitudes round a cell, whose sides are great circles."""
    around = to_unit(corners[:, 0], corners[:, 1])
    steps = np.linspace(0, 1, 12, endpoint=False)[:, None]
    sides = [around[i] * (1 - steps) + around[(i + 1) % 4] * steps for i in range(4)]
    lat, lon = from_unit(np.concatenate([*sides, around[:1]]))
    return np.column_stack([lon, lat])


def _areas(outline: Points) -> list[Points]:
    """A closed outline as areas that do not cross the date line."""
    parts = _split(outline)
    if len(parts) == 1:
        return parts
    # The last part goes on in the first.
    whole = [np.concatenate([parts[-1], parts[0]]), *parts[1:-1]]
    if len(parts) % 2 == 0:
        # Crossed once only, because a pole lies inside: go along the map's edge.
        pole = 90.0 if outline[:, 1].mean() > 0 else -90.0
        start, end = whole[0][0], whole[0][-1]
        whole[0] = np.concatenate([whole[0], [[end[0], pole], [start[0], pole]]])
    return whole


def _votes(spread: Spread) -> list[Shape]:
    most = spread.weights.max()
    heavy = np.argsort(spread.weights)[-200:]  # the lightest first, so that the heaviest lie on top
    return [
        Shape(
            "dot",
            np.array([[spread.lon[row], spread.lat[row]]]),
            NEIGHBOUR,
            0.75,
            0.3 + 0.9 * float(np.sqrt(spread.weights[row] / most)),
            f"{spread.weights[row]:.1%}",
        )
        for row in heavy
    ]


def _circle(lat: float, lon: float, radius_km: float) -> list[Points]:
    """The points at a distance, as lines that do not cross the edge of the map."""
    middle = to_unit(lat, lon)
    east = np.cross([0.0, 0.0, 1.0], middle)
    length = float(np.linalg.norm(east))
    # At a pole every direction is as good.
    east = east / length if length > _TINY else np.array([1.0, 0.0, 0.0])
    north = np.cross(middle, east)
    turn = np.linspace(0, 2 * np.pi, 145)[:, None]
    angle = min(radius_km / EARTH_KM, np.pi)
    around = np.cos(angle) * middle + np.sin(angle) * (np.cos(turn) * east + np.sin(turn) * north)
    lats, lons = from_unit(around)
    return _split(np.column_stack([lons, lats]))


def _way(start: Points, end: Points) -> list[Points]:
    """The great circle between two points, latitude and longitude."""
    one, other = to_unit(*start), to_unit(*end)
    steps = np.linspace(0, 1, 30)[:, None]
    between = one * (1 - steps) + other * steps
    lats, lons = from_unit(between + 1e-12)  # antipodes have no middle, and any will do
    return _split(np.column_stack([lons, lats]))


def _split(line: Points) -> list[Points]:
    """A line cut where it crosses the date line, each part on its own side."""
    leaps = np.flatnonzero(np.abs(np.diff(line[:, 0])) > _HALF_TURN) + 1
    return [part for part in np.split(line, leaps) if len(part) > 1]


@cache
def land() -> list[Points]:
    """Outlines of the land, each (n, 2) longitude and latitude in degrees.

    Raises:
        ModelError: if the package is damaged.
    """
    try:
        rings = json.loads(gzip.decompress(_FILE.read_bytes()))
        outlines = [np.array(ring, np.float64).reshape(-1, 2) for ring in rings]
    except (OSError, EOFError, ValueError, TypeError) as error:
        raise ModelError(f"{_FILE}: is damaged ({error}): reinstall edgevision") from error
    return [ring for ring in outlines if ring[:, 1].max() > SOUTH]


def on_map(points: Points, width: float) -> Points:
    """Pixels (n, 2) from the upper left of a map `width` pixels wide; y may lie outside of it."""
    scale = width / (2 * _HALF_TURN)
    lon = np.where(np.abs(points[:, 0]) > _HALF_TURN, wrapped(points[:, 0]), points[:, 0])
    return np.column_stack([(lon + _HALF_TURN) * scale, (NORTH - points[:, 1]) * scale])
