"""Builds the heads that tell landmarks apart, for each embedded network, or for Coral's.

    python scripts/build_landmarks.py PHOTOS [--coral MODELS] [--out FOLDER]

PHOTOS has landmarks/train, imagenet/samples and dogs/train, each with a labels.csv; no other photo
is looked at. The same photos give the same heads: random numbers have a fixed seed.

A head has a row for each landmark of data/landmarks.csv and one, "background", for what is none of
them (scripts/discriminants.py). What shows no landmark is told from photos of other things, from
vectors drawn from the package's statistics of general photos, and from the corners of the
landmarks' own photos: sky, streets, trees and people are there too. Temperature and background are
set on photos that the rows were not made of, so that `KEPT` of the landmarks' photos pass, looked
at as frames of a video are (once, at the network's own size) and as photos are (twice, mirrored).

With --coral, MODELS has the network of which Google's Coral publishes the features; it takes one
size only, and the package has no statistics of it to draw from.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from discriminants import (
    CORNERS_IN_BACKGROUND,
    CORNERS_IN_OTHERS,
    OTHERS_IN_COVARIANCE,
    PENALTY,
    SHRINKAGE,
    Linear,
    Material,
    background_row,
    landmark_rows,
    space_of,
)
from landmark_views import CROPS, OWN, SIDES, Viewer, read_labelled

from edgevision.learning.background import load_background
from edgevision.learning.calibrate import log_sum_exp, temperature
from edgevision.values.reliability import expected_calibration_error, reliability
from edgevision.zoo.heads import Head, save_head, softmax
from edgevision.zoo.labels import DATA
from edgevision.zoo.landmarks import landmarks
from edgevision.zoo.registry import BACKGROUND, embedded, find

if TYPE_CHECKING:
    import numpy.typing as npt

    from edgevision.zoo.registry import Model

    Array = npt.NDArray[np.float64]
    Rows = npt.NDArray[np.bool_]

TRAIN: Final = "landmarks/train"
OTHERS: Final = {"imagenet/samples": None, "dogs/train": 2}
"""What shows no landmark, and how many photos of each label are taken."""

SEED: Final = 0
DRAWN: Final = 1000  # vectors drawn from the package's statistics of general photos
FOLDS: Final = 10
KEPT: Final = 0.95
"""Share of held-out photos of landmarks that pass."""

CORAL: Final = "mobilenet_v1_1.0_224_quant_embedding_extractor"

_MIDDLE: Final = f"square {OWN}"
_LARGE: Final = 256  # pixels at which Lite0 looks at photos: see docs/accuracy.md
_DIGITS: Final = 4


def main() -> None:
    """Write the head of each embedded network."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("photos", type=Path)
    parser.add_argument("--coral", type=Path, metavar="MODELS")
    parser.add_argument("--out", type=Path, default=DATA / "heads", metavar="FOLDER")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    labels = tuple(landmarks())
    for name in (CORAL,) if options.coral else embedded():
        model = find(name, folder=options.coral, heads={}) if options.coral else find(name)
        material, record = gathered(
            model, options.photos, labels, (OWN,) if options.coral else SIDES
        )
        head = built(model, material, labels, record)
        path = options.out / f"{name}.landmarks.npz"
        save_head(head, path, small=True)
        print(f"{path}: {head.provenance['cross_validation']}")


def gathered(
    model: Model, folder: Path, labels: tuple[str, ...], sides: tuple[int, ...]
) -> tuple[Material, list[dict[str, Any]]]:
    """All features that a head of `model` is made of, and what tells the photos from others.

    The first rows of `others` are the middle squares of the other photos.
    """
    viewer = Viewer(model, sides)
    photos = read_labelled(folder, TRAIN)
    others = [read_labelled(folder, name, most) for name, most in OTHERS.items()]
    seen = [viewer.views(one, SEED) for one in others]
    joined = {view: np.concatenate([one[view] for one in seen]) for view in seen[0]}
    background = load_background(DATA / "background" / f"{model.name}.npz", model.sha256)
    drawn = [] if background is None else [background.sample(DRAWN, SEED)]
    material = Material(
        landmarks=viewer.views(photos, SEED),
        classes=np.array([labels.index(label) for label in photos.labels], np.intp),
        corners=viewer.corners(photos),
        others=np.concatenate([joined.pop(_MIDDLE), *joined.values(), *drawn]),
    )
    return material, [one.record() for one in (photos, *others)]


def built(
    model: Model, material: Material, labels: tuple[str, ...], record: list[dict[str, Any]]
) -> Head:
    """The head, with the temperature and background that fit photos which it was not made of."""
    folds = _folds(material)
    scale = _temperature(material, folds, len(labels))
    told = {view: np.zeros((len(material.classes), len(labels))) for view in material.landmarks}
    floors = {view: np.zeros(len(material.classes)) for view in material.landmarks}
    of_others = int(sum(photos["photos"] for photos in record[1:]))
    refused = np.zeros(of_others)
    for number in range(FOLDS):
        out = folds == number
        other_out = np.arange(len(material.others)) % of_others % FOLDS == number
        rest = material.without(out, other_out)
        rows, row = _fit(rest, len(labels), scale)
        for view, vectors in material.landmarks.items():
            told[view][out] = rows(vectors[out])
            floors[view][out] = row(vectors[out])[:, 0]
        mine = other_out[:of_others]
        vectors = material.others[:of_others][mine]
        refused[mine] = _margin(rows(vectors), row(vectors)[:, 0], scale)
    for side in (view.removeprefix("square ") for view in list(told) if view.startswith("square")):
        pair = f"square {side}", f"mirror {side}"
        told[f"both {side}"] = (told[pair[0]] + told[pair[1]]) / 2
        floors[f"both {side}"] = (floors[pair[0]] + floors[pair[1]]) / 2
    squares = [view for view in told if view.startswith(("square", "mirror", "both"))]
    margins = {view: _margin(told[view], floors[view], scale) for view in squares}
    looks = [view for view in (_MIDDLE, f"both {OWN}", f"both {_LARGE}") if view in squares]
    shift = float(min(np.quantile(margins[view], 1 - KEPT) for view in looks))
    right = {view: told[view].argmax(axis=1) == material.classes for view in squares}
    rows, row = _fit(material, len(labels), scale)
    return Head(
        name="landmarks",
        backbone_sha256=model.sha256,
        labels=(*labels, BACKGROUND),
        weights=np.vstack([rows.weights, row.weights]).astype(np.float32),
        bias=np.append(rows.bias, row.bias + scale * shift).astype(np.float32),
        temperature=round(scale, _DIGITS),
        provenance={
            **_made(model, record),
            "cross_validation": {
                "folds": FOLDS,
                "top1": {view: _share(right[view]) for view in squares},
                "kept": {view: _share(margins[view] >= shift) for view in squares},
                "false_accepts_of_other_training_photos": _share(refused >= shift),
                "kept_set_on": looks,
                "calibration_error": {
                    view: round(_error(told[view], right[view], scale), _DIGITS) for view in looks
                },
            },
        },
    )


def _fit(material: Material, count: int, scale: float) -> tuple[Linear, Linear]:
    space = space_of(material, count)
    return landmark_rows(material, space), background_row(material, space, scale, SEED)


def _folds(material: Material) -> npt.NDArray[np.intp]:
    """A fold for each photo: each landmark's are dealt out in an order drawn from the seed."""
    random, classes = np.random.default_rng(SEED), material.classes
    folds = np.empty(len(classes), np.intp)
    for one in range(int(classes.max()) + 1):
        mine = random.permutation(np.flatnonzero(classes == one))
        folds[mine] = (np.arange(len(mine)) + random.integers(FOLDS)) % FOLDS
    return folds


def _temperature(material: Material, folds: npt.NDArray[np.intp], count: int) -> float:
    told = np.zeros((len(folds), count))
    nothing = np.zeros(len(material.others), bool)
    for number in range(FOLDS):
        out = folds == number
        rest = material.without(out, nothing)
        told[out] = landmark_rows(rest, space_of(rest, count))(material.landmarks[_MIDDLE][out])
    return temperature(told, material.classes)


def _margin(told: Array, floor: Array, scale: float) -> Array:
    """Above 0 where presence is above one half."""
    return log_sum_exp(told / scale) - floor / scale


def _made(model: Model, record: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "made": "scripts/build_landmarks.py: linear discriminants with a common covariance",
        "photos": record,
        "licence_of_photos": "not known; the weights hold no photo and no photo's embedding",
        "views": f"middle square and mirror image at {(OWN,) if model.name == CORAL else SIDES} "
        f"pixels, {CROPS} crops, one blurred, "
        "one in low light; corners for the background",
        "drawn": "none" if model.name == CORAL else f"{DRAWN} vectors from data/background",
        "seed": SEED,
        "shrinkage": SHRINKAGE,
        "others_in_covariance": OTHERS_IN_COVARIANCE,
        "corners_in_others": CORNERS_IN_OTHERS,
        "corners_in_background": CORNERS_IN_BACKGROUND,
        "penalty": PENALTY,
    }


def _share(hits: Rows) -> float:
    return round(float(hits.mean()), _DIGITS)


def _error(told: Array, right: Rows, scale: float) -> float:
    scores = softmax(told / scale).max(axis=1)
    return expected_calibration_error(reliability(scores, right))


if __name__ == "__main__":
    main()
