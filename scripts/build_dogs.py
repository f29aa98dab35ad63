"""Finds the temperatures of the embedded networks' heads, and writes them into their files.

    python scripts/build_dogs.py PHOTOS [--out FOLDER] [--only NETWORK]

PHOTOS has dogs/train, imagenet/samples and imagenet/val, each with a labels.csv. Weights, biases
and labels of the heads stay what they are; nothing is drawn at random, so that the same photos
give the same files. What was found, and on what, stands in each head's provenance.

A head's temperature depends on the side of the input, and is found for each. For "imagenet1k" it is
the one that fits photos which no training saw: those of imagenet/val that show no dog. For "dogs"
there are no such photos (the dogs among them are the test), only those of dogs/train, which
are from ImageNet's training set: the network is surer of them than of others, and so would the
temperature be. How much is told by the other classes: it is the ratio of the temperatures that fit
imagenet/val, never seen, and imagenet/samples, which are from the training set, too.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgevision.engines.litert import LiteRt
from edgevision.engines.mirrored import Mirrored
from edgevision.learning.calibrate import temperature
from edgevision.pixels.photo import read_photo
from edgevision.pixels.prepare import Preparer
from edgevision.values.box import centred_square
from edgevision.values.reliability import expected_calibration_error, reliability
from edgevision.zoo.heads import Head, save_head, softmax
from edgevision.zoo.labels import DATA, breeds
from edgevision.zoo.registry import Model, embedded, find

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

SIDES: Final = (128, 160, 192, 224, 256, 288)
OWN: Final = 224  # the networks' own, which stands where the side is not known
OF_TRAINING: Final = "dogs/train"
SEEN: Final = "imagenet/samples"
NEW: Final = "imagenet/val"
_DALMATIAN: Final = 251  # a dog, but none of the breeds
_DIGITS: Final = 3


@dataclass(frozen=True)
class Photos:
    """Photos with the class of a head that each shows."""

    name: str
    paths: Sequence[Path]
    classes: npt.NDArray[np.intp]

    def record(self) -> dict[str, Any]:
        """What tells these photos from others."""
        digest = hashlib.sha256()
        for path in self.paths:
            digest.update(path.read_bytes())
        return {"folder": self.name, "photos": len(self.paths), "sha256": digest.hexdigest()}


def main() -> None:
    """Write the heads of each embedded network."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("photos", type=Path)
    parser.add_argument("--out", type=Path, default=DATA / "heads", metavar="FOLDER")
    parser.add_argument("--only", action="append", choices=list(embedded()), help="one network")
    options = parser.parse_args()
    sets = photos_of(options.photos)
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.only or embedded():
        model = find(name)
        for head in calibrated(model, sets):
            path = options.out / f"{name}.{head.name}.npz"
            save_head(head, path, small=True, rows_of_parent=bool(head.parent))
            print(f"{path}: {head.provenance['temperatures']['by_side']}")


def photos_of(folder: Path) -> dict[str, Photos]:
    """The three sets, by their folders; those of ImageNet without dogs."""
    names = list(breeds())
    dogs = {*breeds().values(), _DALMATIAN}
    found = {OF_TRAINING: _photos(folder, OF_TRAINING, names.index)}
    for name in (SEEN, NEW):
        every = _photos(folder, name, int)
        kept = [index for index, label in enumerate(every.classes) if int(label) not in dogs]
        found[name] = Photos(name, [every.paths[index] for index in kept], every.classes[kept])
    return found


def _photos(folder: Path, name: str, class_of: Any) -> Photos:
    with (folder / name / "labels.csv").open(encoding="utf-8", newline="") as lines:
        rows = [
            (folder / name / row["path"], class_of(row["label"])) for row in csv.DictReader(lines)
        ]
    return Photos(name, [path for path, _ in rows], np.array([label for _, label in rows], np.intp))


def calibrated(model: Model, sets: dict[str, Photos]) -> list[Head]:
    """The heads of `model` with temperatures."""
    every, dogs = model.heads["imagenet1k"], model.heads["dogs"]
    logits: dict[tuple[str, int], npt.NDArray[np.float32]] = {}
    for side in SIDES:
        for name, photos in sets.items():
            head = dogs if name == OF_TRAINING else every
            logits[name, side] = head.logits(features(model, side, photos.paths))
    fits = {key: temperature(one, sets[key[0]].classes) for key, one in logits.items()}
    ratio = float(np.exp(np.mean([np.log(fits[NEW, side] / fits[SEEN, side]) for side in SIDES])))
    of_every = {side: round(fits[NEW, side], _DIGITS) for side in SIDES}
    of_dogs = {side: round(fits[OF_TRAINING, side] * ratio, _DIGITS) for side in SIDES}
    record: dict[str, Any] = {
        "made": "scripts/build_dogs.py",
        "views": "middle square and its mirror image, mean of the features",
    }
    return [
        _with(every, of_every, {**record, "photos": [sets[NEW].record()]}, logits, sets[NEW]),
        _with(
            dogs,
            of_dogs,
            {
                **record,
                "photos": [one.record() for one in sets.values()],
                "times": round(ratio, _DIGITS),
                "times_is": "ratio of temperatures on photos never seen and seen in training",
            },
            logits,
            sets[OF_TRAINING],
        ),
    ]


def features(model: Model, side: int, paths: Sequence[Path]) -> npt.NDArray[np.float32]:
    """(n, features) of middle squares and their mirror images at `side` pixels."""
    engine = Mirrored(LiteRt(model.path, model.name, model.sha256, resolution=side))
    prepare = Preparer(engine.spec.input)
    found = []
    for path in paths:
        pixels = read_photo(path)
        box = centred_square(pixels.shape[1], pixels.shape[0])
        vector = engine.infer(partial(prepare, pixels, box)).vector
        if vector is None:
            raise SystemExit(f"{model.name} gives no embedding")
        found.append(vector.real())
    engine.close()
    return np.stack(found)


def _with(
    head: Head,
    by_side: dict[int, float],
    record: dict[str, Any],
    logits: dict[tuple[str, int], npt.NDArray[np.float32]],
    photos: Photos,
) -> Head:
    """`head` with the temperatures, and the errors on the photos that they were found on."""
    errors = {
        str(side): [
            round(_error(logits[photos.name, side], photos.classes, value), _DIGITS)
            for value in (1.0, by_side[side])
        ]
        for side in by_side
    }
    found = {
        **record,
        "by_side": {str(side): value for side, value in by_side.items()},
        "calibration_error_before_and_after": {"photos": photos.name, "by_side": errors},
    }
    return replace(
        head,
        temperature=by_side[OWN],
        temperatures=by_side,
        provenance={**head.provenance, "temperatures": found},
    )


def _error(logits: npt.NDArray[np.float32], classes: npt.NDArray[np.intp], at: float) -> float:
    scores = softmax(logits / np.float32(at))
    return expected_calibration_error(
        reliability(scores.max(axis=1), scores.argmax(axis=1) == classes)
    )


if __name__ == "__main__":
    main()
