"""Geolocation: how near, how fast, and how much memory.

python benchmarks/geo.py                   measure all, write results/ and docs/geolocation.md
python benchmarks/geo.py --only accuracy   measure one of accuracy, cells, index
python benchmarks/geo.py --write-docs      only write docs/geolocation.md from results/

Accuracy is counted on the geotagged photos of the test material. Settings are chosen on one half of
them and counted on the other, and the other way round, so that every photo is counted once with
settings that were chosen without it; each answer comes without the photo itself (the gallery leaves
it out; heads are fitted to the nine tenths that it is not in). Cells and index are measured on
made-up points and vectors, each in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from geo_accuracy import accuracy, accuracy_table
from measuring import (
    PROJECT,
    add_results_flag,
    circumstances,
    last_json,
    measured_on,
    save,
    with_figures,
)
from usearch.index import Index

from edgevision.geo.cells import load_cells, partition, save_cells
from edgevision.geo.projection import unit

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "geo"
PAGE = PROJECT / "docs" / "geolocation.md"

_POINTS = 1_000_000
_DIMENSIONS = 128


def cells() -> dict[str, Any]:
    """Partition of a million points that crowd together as photos do."""
    random = np.random.default_rng(0)
    # Towns of very different sizes (Zipf), photos scattered about each.
    towns = random.integers(0, 20_000, _POINTS) * random.random(_POINTS) ** 2
    places = random.random((20_000, 2)) * (130, 360) - (55, 180)
    points = places[towns.astype(int)] + random.standard_normal((_POINTS, 2)) * 0.3
    lat, lon = points[:, 0].clip(-90, 90), (points[:, 1] + 180) % 360 - 180
    begun = perf_counter()
    made = partition(lat, lon, 150, 10)
    seconds = perf_counter() - begun
    with TemporaryDirectory() as folder:
        file = Path(folder) / "cells.npz"
        save_cells(made, file)
        size = file.stat().st_size
        again = len(load_cells(file))
    begun = perf_counter()
    made.of(lat[:10_000], lon[:10_000])
    micros = (perf_counter() - begun) * 100
    return {
        "points": _POINTS,
        "cells": again,
        "seconds": round(seconds, 1),
        "lookup_micros": round(micros, 1),
        "file_kb": round(size / 1000),
        "peak_mb": _peak_mb(),
    }


def index() -> dict[str, Any]:
    """A million vectors in the gallery's kind of index: 128 numbers of a byte, one thread."""
    random = np.random.default_rng(0)
    middles = random.standard_normal((2000, _DIMENSIONS)).astype(np.float32)
    # The gallery's own settings, filled in parts so that all floats are never there at once.
    made = Index(ndim=_DIMENSIONS, metric="cos", dtype="i8", connectivity=16, expansion_search=96)
    begun, asked = perf_counter(), np.zeros((0, _DIMENSIONS), np.float32)
    for first in range(0, _POINTS, 50_000):
        rows = middles[random.integers(0, len(middles), 50_000)]
        rows = unit(rows + 0.7 * random.standard_normal(rows.shape).astype(np.float32))
        made.add(np.arange(first, first + len(rows), dtype=np.uint64), rows, threads=1)
        asked = rows[:200]
    built = perf_counter() - begun
    memory = _peak_mb()
    millis, hits = [], 0
    for row in asked:
        begun = perf_counter()
        near = made.search(row, 20, threads=1)
        millis.append((perf_counter() - begun) * 1000)
        right = made.search(row, 20, exact=True, threads=1)
        hits += len(set(near.keys.tolist()) & set(right.keys.tolist()))
    begun = perf_counter()
    made.remove(np.arange(1000, dtype=np.uint64))
    removed = (perf_counter() - begun) * 1000
    return {
        "vectors": _POINTS,
        "build_seconds": round(built),
        "search_ms": {"p50": _percentile(millis, 50), "p95": _percentile(millis, 95)},
        "recall_at_20": round(hits / (20 * len(asked)), 3),
        "remove_micros": round(removed, 1),
        "peak_mb": memory,
    }


def _percentile(values: list[float], share: int) -> float:
    return round(float(np.percentile(values, share)), 2)


def _peak_mb() -> int:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6)


def speed_text(measured: dict[str, Any]) -> str:
    """The figures in Markdown."""
    lines = []
    if "cells" in measured:
        one = measured["cells"]
        lines.append(
            f"- {one['cells']:,} cells over {one['points']:,} points: {one['seconds']:.1f} s and "
            f"{one['peak_mb']:,} MB (the whole process); {one['lookup_micros']:.0f} microseconds "
            f"to find the cell of a point; the file has {one['file_kb']} kB."
        )
    if "index" in measured:
        one = measured["index"]
        lines.append(
            f"- {one['vectors']:,} photos in the index: a search takes "
            f"{one['search_ms']['p50']} ms (95 %: {one['search_ms']['p95']} ms) and "
            f"finds {one['recall_at_20']:.1%} of the 20 nearest; {one['peak_mb']:,} MB (the "
            f"whole process); built in {one['build_seconds']} s, all on one core; "
            f"a photo is taken out in {one['remove_micros']} microseconds."
        )
    return "\n".join(lines) + "\n"


def write_docs(results: dict[str, Any]) -> None:
    figures = {
        "geo-accuracy": accuracy_table(results["accuracy"]) + "\n" + measured_on(results),
        "geo-speed": speed_text(results),
    }
    PAGE.write_text(with_figures(PAGE.read_text(encoding="utf-8"), figures), encoding="utf-8")


_PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "accuracy": accuracy,
    "cells": cells,
    "index": index,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=list(_PARTS), action="append", default=None)
    parser.add_argument("--write-docs", action="store_true", help="measure nothing")
    parser.add_argument("--here", choices=list(_PARTS), help="print one part's figures as JSON")
    add_results_flag(parser)
    given = parser.parse_args()
    if given.here:
        print(json.dumps(_PARTS[given.here]()))
        return
    file = given.results / f"{NAME}.json"
    results: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    if not given.write_docs:
        results |= circumstances()
        for part in given.only or _PARTS:
            results[part] = last_json([sys.executable, __file__, "--here", part])
        save(given.results, NAME, results)
    write_docs(results)
    print(accuracy_table(results["accuracy"]) + "\n" + speed_text(results))


if __name__ == "__main__":
    main()
