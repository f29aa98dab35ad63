"""Builds what is known of other photos' features: mean and covariance for each embedded network.

    python scripts/build_background.py --photos FOLDER N [--photos FOLDER N ...] [--out FOLDER]

Each FOLDER has a labels.csv with the columns path and label. N photos of it are taken, spread
evenly over its classes. The package's own were made of training photos alone: all 150 of
imagenet/samples, each of another class, 48 of landmarks/train and 40 of dogs/train. More of one
kind would make "none" of whatever is like it.
"""

from __future__ import annotations

import argparse
import csv
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgevision.engines.litert import LiteRt
from edgevision.learning.background import measure, save_background
from edgevision.pixels.photo import read_photo
from edgevision.pixels.prepare import Preparer
from edgevision.values.box import centred_square
from edgevision.zoo.registry import embedded, find

if TYPE_CHECKING:
    import numpy.typing as npt

DATA: Final = Path(__file__).resolve().parent.parent / "edgevision" / "data"
RANK: Final = 32
SIDE: Final = 224


def main() -> None:
    """Write a file for each embedded network."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument(
        "--photos", nargs=2, action="append", required=True, metavar=("FOLDER", "N")
    )
    parser.add_argument("--out", type=Path, default=DATA / "background", metavar="FOLDER")
    parser.add_argument("--only", action="append", choices=list(embedded()), help="one network")
    options = parser.parse_args()
    photos = [path for folder, most in options.photos for path in spread(Path(folder), int(most))]
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.only or embedded():
        vectors, digest = features(name, photos)
        path = options.out / f"{name}.npz"
        save_background(measure(vectors, digest, RANK), path)
        print(f"{path}: {len(photos)} photos, {path.stat().st_size / 1e3:.0f} kB")


def spread(folder: Path, at_most: int) -> list[Path]:
    """At most `at_most` photos of `folder`: the first of each class, then the second, and so on."""
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as lines:
        rows = [(row["label"], folder / row["path"]) for row in csv.DictReader(lines)]
    turns: dict[str, int] = {}
    ranked = []
    for label, path in rows:
        turns[label] = turns.get(label, 0) + 1
        ranked.append((turns[label], str(path), path))
    return [path for _, _, path in sorted(ranked)[:at_most]]


def features(name: str, photos: list[Path]) -> tuple[npt.NDArray[np.float32], str]:
    """Vectors (n, features) of the middle squares, and the digest of the network."""
    model = find(name)
    engine = LiteRt(model.path, model.name, model.sha256, resolution=SIDE)
    prepare = Preparer(engine.spec.input)
    found: list[npt.NDArray[Any]] = []
    for path in photos:
        pixels = read_photo(path)
        box = centred_square(pixels.shape[1], pixels.shape[0])
        vector = engine.infer(partial(prepare, pixels, box)).vector
        if vector is None:
            raise SystemExit(f"{name} gives no embedding")
        found.append(vector.real().copy())
    engine.close()
    return np.stack(found), model.sha256


if __name__ == "__main__":
    main()
