"""Photos as a camera may show them: their features in many views.

The networks were quantised with photos as they are; a camera sees the same things smaller, cut
off, blurred and dark. Each training photo is shown to the network in all these ways.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from edgevision.engines.litert import LiteRt
from edgevision.pixels.photo import read_photo
from edgevision.pixels.prepare import Preparer
from edgevision.values.box import Box, centred_square

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from edgevision.zoo.registry import Model

    Pixels = npt.NDArray[np.uint8]
    Vectors = npt.NDArray[np.float32]

OWN: Final = 224
SIDES: Final = (192, OWN, 256)
CROPS: Final = 4

_LEAST_CROP: Final = 0.35  # of the area of the largest square
_HAZY_CROP: Final = 0.6
_CORNER: Final = 0.4  # of the shorter side
_BLUR: Final = (1.0, 2.0)  # standard deviation in pixels of a picture of 224
_LIGHT: Final = (0.25, 0.5)
_CONTRAST: Final = 1.2
_NOISE: Final = 6.0


@dataclass(frozen=True)
class Photos:
    """Photos of a folder with their labels."""

    name: str
    paths: Sequence[Path]
    labels: Sequence[str]

    def record(self) -> dict[str, Any]:
        """What tells these photos from others."""
        digest = hashlib.sha256()
        for path in self.paths:
            digest.update(path.read_bytes())
        return {"folder": self.name, "photos": len(self.paths), "sha256": digest.hexdigest()}


class Viewer:
    """Gives the features of parts of photos at any of `sides`.

    Args:
        model: the network.
        sides: of its input in pixels; `OWN` is among them.
    """

    def __init__(self, model: Model, sides: Sequence[int] = SIDES) -> None:
        self._engines = {
            side: LiteRt(
                model.path, model.name, model.sha256, resolution=None if side == OWN else side
            )
            for side in sides
        }
        self._prepare = {side: Preparer(one.spec.input) for side, one in self._engines.items()}

    def look(self, pixels: Pixels, box: Box, side: int = OWN) -> Vectors:
        """(features,) of the part `box` of `pixels`."""
        fill: Callable[[Any], None] = partial(self._prepare[side], pixels, box)
        vector = self._engines[side].infer(fill).vector
        if vector is None:
            raise SystemExit("the network gives no embedding")
        return vector.real()

    def views(self, photos: Photos, seed: int) -> dict[str, Vectors]:
        """Features (photos, features) by view; each photo has random numbers of its own."""
        rows = []
        for number, path in enumerate(photos.paths):
            pixels = read_photo(path)
            random = np.random.default_rng((seed, number))
            rows.append(self.squares(pixels) | self.crops(pixels, random))
        return {view: np.stack([row[view] for row in rows]) for view in rows[0]}

    def corners(self, photos: Photos) -> dict[str, Vectors]:
        """Features (photos, features) of each of the four corners."""
        found: dict[str, list[Vectors]] = {}
        for path in photos.paths:
            pixels = read_photo(path)
            high, wide = pixels.shape[:2]
            side = _CORNER * min(high, wide)
            for number, (x, y) in enumerate(((0, 0), (1, 0), (0, 1), (1, 1))):
                left, top = x * (wide - side), y * (high - side)
                box = Box(left / wide, top / high, side / wide, side / high)
                found.setdefault(f"corner {number}", []).append(self.look(pixels, box))
        return {view: np.stack(rows) for view, rows in found.items()}

    def squares(self, pixels: Pixels) -> dict[str, Vectors]:
        """The middle square and its mirror image, at each side."""
        box = centred_square(pixels.shape[1], pixels.shape[0])
        mirrored = np.ascontiguousarray(pixels[:, ::-1])
        plain = {f"square {side}": self.look(pixels, box, side) for side in self._engines}
        return plain | {f"mirror {side}": self.look(mirrored, box, side) for side in self._engines}

    def crops(self, pixels: Pixels, random: np.random.Generator) -> dict[str, Vectors]:
        """Parts of it, half of them mirrored, one of them blurred and one as in low light."""
        found = {}
        for number in range(CROPS):
            one = pixels if random.random() < 0.5 else np.ascontiguousarray(pixels[:, ::-1])  # noqa: PLR2004
            found[f"crop {number}"] = self.look(one, _part(one, random, _LEAST_CROP))
        hazy = _blurred(pixels, random)
        found["blurred"] = self.look(hazy, _part(hazy, random, _HAZY_CROP))
        dim = _dimmed(pixels, random)
        found["low light"] = self.look(dim, _part(dim, random, _HAZY_CROP))
        return found


def read_labelled(folder: Path, name: str, most: int | None = None) -> Photos:
    """The photos of `folder`/`name` by its labels.csv; at most the first `most` of each label."""
    counts: dict[str, int] = {}
    kept = []
    with (folder / name / "labels.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            counts[row["label"]] = counts.get(row["label"], 0) + 1
            if most is None or counts[row["label"]] <= most:
                kept.append((folder / name / row["path"], row["label"]))
    return Photos(name, [path for path, _ in kept], [label for _, label in kept])


@dataclass(frozen=True)
class Elsewhere:
    """Photos of which is known where they were taken: degrees, (photos,)."""

    photos: Photos
    lat: npt.NDArray[np.float64]
    lon: npt.NDArray[np.float64]


def read_elsewhere(folder: Path, name: str, left_out: Collection[str]) -> Elsewhere:
    """The photos of `folder`/`name` by its labels.csv, but for the files `left_out`."""
    with (folder / name / "labels.csv").open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["path"] not in left_out]
    paths = [folder / name / row["path"] for row in rows]
    lat, lon = (np.array([float(row[key]) for row in rows]) for key in ("lat", "lon"))
    return Elsewhere(Photos(name, paths, [""] * len(paths)), lat, lon)


def _part(pixels: Pixels, random: np.random.Generator, least: float) -> Box:
    """A square anywhere, of `least` to all of the area of the largest one."""
    high, wide = pixels.shape[:2]
    side = float(np.sqrt(random.uniform(least, 1.0))) * min(high, wide)
    left, top = random.uniform(0, wide - side), random.uniform(0, high - side)
    return Box(left / wide, top / high, side / wide, side / high)


def _blurred(pixels: Pixels, random: np.random.Generator) -> Pixels:
    deviation = random.uniform(*_BLUR) * min(pixels.shape[:2]) / OWN
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), deviation), np.uint8)


def _dimmed(pixels: Pixels, random: np.random.Generator) -> Pixels:
    """As a camera's gain leaves a dark scene: less light, more contrast, noise."""
    light = (pixels / 255.0) ** _CONTRAST * random.uniform(*_LIGHT) * 255
    noisy = light + random.normal(0, _NOISE, pixels.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)
