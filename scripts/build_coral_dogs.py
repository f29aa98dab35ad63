"""Fits a head for breeds on the backbone that Coral made for learning on the device.

    python scripts/build_coral_dogs.py PHOTOS MODELS [--out FOLDER]

PHOTOS has dogs/train, imagenet/samples, imagenet/val, landmarks/train and geotagged, each with a
labels.csv; MODELS has the network's file. That network has no classifier of its own, whose rows
could serve: the head is a softmax regression on the features of twelve photos a breed, each as it
is, mirrored, and as six random crops, and one more class for photos without a dog. The penalty is
the best of some in cross-validation over photos; the temperature is found on the same held-out
photos; and the bias of the last class is shifted so that few of imagenet/val's photos without a dog
pass for one. The same photos give the same file.
"""

from __future__ import annotations

import argparse
import csv
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgevision.engines.litert import LiteRt
from edgevision.learning.calibrate import log_sum_exp, temperature
from edgevision.learning.linear import Linear, space_of
from edgevision.learning.softmax import Problem, solve
from edgevision.pixels.photo import read_photo
from edgevision.pixels.prepare import Preparer
from edgevision.values.box import Box, centred_square
from edgevision.zoo.heads import Head, save_head
from edgevision.zoo.labels import DATA, breeds
from edgevision.zoo.registry import BACKGROUND, Model, find

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]
    Rows = npt.NDArray[np.float32]

NETWORK: Final = "mobilenet_v1_1.0_224_quant_embedding_extractor"
STRENGTHS: Final = (1e-5, 3e-5, 1e-4, 3e-4)
_WITHOUT_DOGS: Final = ("imagenet/samples", "landmarks/train", "geotagged")
_CROPS: Final = 6
_SMALLEST: Final = 0.55  # side of a crop, of the photo's shorter side
_FOLDS: Final = 4
_SEED: Final = 11
_FALSE_ACCEPTS: Final = 0.015  # of the photos by which the bias is set; 2 % is to hold for others
_TOLERANCE: Final = 3e-4
_DALMATIAN: Final = 251


def main() -> None:
    """Write the head."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("photos", type=Path)
    parser.add_argument("models", type=Path)
    parser.add_argument("--out", type=Path, default=DATA / "heads", metavar="FOLDER")
    options = parser.parse_args()
    model = find(NETWORK, folder=options.models, heads={})
    views = Views(model)
    rows = rows_of(options.photos / "dogs/train")
    classes = np.array([list(breeds()).index(label) for _, label in rows], np.intp)
    dogs = np.stack([views.of(path, _CROPS) for path, _ in rows])
    others = np.stack([views.of(path, 0) for path in without_dogs(options.photos)])
    new = [path for path, label in rows_of(options.photos / "imagenet/val") if not is_dog(label)]
    head, figures = fitted(model, dogs, classes, others, np.stack([views.of(p, 0) for p in new]))
    path = options.out / f"{NETWORK}.dogs.npz"
    save_head(head, path, small=True)
    print(f"{path}: {figures}")


class Views:
    """Features of the ways to look at a photo; crops are drawn one after the other from a seed."""

    def __init__(self, model: Model) -> None:
        self._engine = LiteRt(model.path, model.name, model.sha256)
        self._prepare = Preparer(self._engine.spec.input)
        self._random = np.random.default_rng(_SEED)

    def of(self, path: Path, crops: int) -> Rows:
        """(2 + crops, features): the middle square, its mirror image, and random squares."""
        pixels = read_photo(path)
        turned = np.ascontiguousarray(pixels[:, ::-1])
        height, width = pixels.shape[:2]
        middle = centred_square(width, height)
        found = [self._look(pixels, middle), self._look(turned, middle)]
        for number in range(crops):
            side = min(height, width) * self._random.uniform(_SMALLEST, 1.0)
            left, top = (self._random.uniform(0, whole - side) for whole in (width, height))
            box = Box(left / width, top / height, side / width, side / height)
            found.append(self._look(turned if number % 2 else pixels, box))
        return np.stack(found)

    def _look(self, pixels: npt.NDArray[np.uint8], box: Box) -> Rows:
        vector = self._engine.infer(partial(self._prepare, pixels, box)).vector
        if vector is None:
            raise SystemExit(f"{NETWORK} gives no embedding")
        return vector.real()


def rows_of(folder: Path) -> list[tuple[Path, str]]:
    """Photos with their labels, which some folders have none of."""
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as lines:
        return [(folder / row["path"], row.get("label", "")) for row in csv.DictReader(lines)]


def is_dog(label: str) -> bool:
    """True for an ImageNet class of a dog."""
    return int(label) in {*breeds().values(), _DALMATIAN}


def without_dogs(photos: Path) -> list[Path]:
    """Photos of everything else, from the folders that are there to learn from."""
    found = []
    for name in _WITHOUT_DOGS:
        rows = rows_of(photos / name)
        found += [path for path, label in rows if name != "imagenet/samples" or not is_dog(label)]
    return found


def fitted(
    model: Model, dogs: Rows, classes: npt.NDArray[np.intp], others: Rows, new: Rows
) -> tuple[Head, dict[str, Any]]:
    """The head, and what was found on the way.

    Args:
        model: the network.
        dogs: (n, views, features); the first two views are those of recognition.
        classes: (n,) the breeds.
        others: (m, 2, features) of photos without a dog.
        new: (k, 2, features) of others, by which the bias of the last class is set.
    """
    folds = _folds(classes), np.arange(len(others)) % _FOLDS
    held = {strength: _held_out(dogs, classes, others, folds, strength) for strength in STRENGTHS}
    right = {one: float((held[one].argmax(axis=1) == classes).mean()) for one in STRENGTHS}
    strength = max(STRENGTHS, key=lambda one: right[one])
    warm = temperature(held[strength], classes)
    line = _solved(dogs, classes, others, strength)
    logits = line.logits(new.mean(axis=1)) / warm
    lead = log_sum_exp(logits[:, :-1]) - logits[:, -1]
    shift = float(np.quantile(lead, 1 - _FALSE_ACCEPTS)) * warm
    line = line.shifted(len(line.bias) - 1, shift)
    figures = {
        "breeds_right_in_cross_validation": {str(key): round(one, 4) for key, one in right.items()},
        "penalty": strength,
        "seed": _SEED,
        "folds": _FOLDS,
        "photos": {"dogs/train": len(dogs), "+".join(_WITHOUT_DOGS): len(others)},
        "background_shifted_by": round(shift, 3),
        "shifted_on": f"{len(new)} photos of imagenet/val without a dog, {_FALSE_ACCEPTS:.1%} pass",
    }
    provenance = {
        "made": "scripts/build_coral_dogs.py",
        "backbone": f"{NETWORK} of Google's Coral, Apache-2.0",
        "fitted": figures,
    }
    head = Head(
        "dogs",
        model.sha256,
        (*breeds(), BACKGROUND),
        line.weights.astype(np.float32),
        line.bias.astype(np.float32),
        provenance,
        temperature=round(warm, 3),
    )
    return head, figures


def _folds(classes: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Each breed's photos in turn."""
    turn = np.zeros(len(classes), np.intp)
    for one in np.unique(classes):
        where = np.flatnonzero(classes == one)
        turn[where] = np.arange(len(where)) % _FOLDS
    return turn


def _held_out(
    dogs: Rows,
    classes: npt.NDArray[np.intp],
    others: Rows,
    folds: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]],
    strength: float,
) -> Array:
    """Logits of the breeds (n, breeds) of each photo, by what was learnt from other folds."""
    found = np.zeros((len(dogs), len(breeds())))
    for fold in range(_FOLDS):
        mine = folds[0] == fold
        line = _solved(dogs[~mine], classes[~mine], others[folds[1] != fold], strength)
        found[mine] = line.logits(dogs[mine, :2].mean(axis=1))[:, :-1]
    return found


def _solved(dogs: Rows, classes: npt.NDArray[np.intp], others: Rows, strength: float) -> Linear:
    rows = np.concatenate([part.reshape(-1, part.shape[-1]) for part in (dogs, others)])
    last = len(breeds())
    labels = np.concatenate(
        [np.repeat(classes, dogs.shape[1]), np.full(others.shape[0] * others.shape[1], last)]
    )
    space = space_of(rows)
    found = solve(Problem(space.of(rows), labels, last + 1, strength), tolerance=_TOLERANCE)
    return space.folded(found.weights, found.bias)


if __name__ == "__main__":
    main()
