"""Builds the heads that tell landmarks apart, for each embedded network, or for Coral's.

    python scripts/build_landmarks.py PHOTOS [--coral MODELS] [--out FOLDER]

PHOTOS has landmarks/train, imagenet/samples, dogs/train and geotagged, each with a labels.csv; no
other photo is looked at. The same photos give the same heads: random numbers have a fixed seed.

A head has a row for each landmark of data/landmarks.csv and one, "background", for what is none of
them (scripts/discriminants.py). What shows no landmark is told from photos of other things, from
views of streets all over the world, from vectors drawn from the package's statistics of general
photos, and from the corners of the landmarks' own photos: sky, trees and people are there too.
Temperatures and background are set on photos that the rows were not made of (scripts/held_out.py),
so that no more than `SPENT` of the landmarks' photos are lost, looked at as frames of a video are
(once, at the network's own size) and as photos are (twice, mirrored).

As the streets are learned from, what can be said of them is what heads made without them say: that
is cross_validation in the file. For a network beside which another one looks at photos it has the
two together, too.

With --coral, MODELS has the network of which Google's Coral publishes the features; it takes one
size only, and the package has no statistics of it to draw from.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from discriminants import (
    CORNERS_IN_BACKGROUND,
    CORNERS_IN_OTHERS,
    OTHERS_IN_COVARIANCE,
    PENALTY,
    SHRINKAGE,
    Material,
)
from held_out import FOLDS, NEAR_KM, SEED, TRAIN, Others, by_class, by_place, fitted, tried
from landmark_views import CROPS, OWN, SIDES, Viewer, read_elsewhere, read_labelled

from edgevision.learning.background import load_background
from edgevision.zoo.heads import Head, save_head
from edgevision.zoo.labels import DATA
from edgevision.zoo.landmarks import landmarks
from edgevision.zoo.registry import BACKGROUND, embedded, find

if TYPE_CHECKING:
    from held_out import Trial

    from edgevision.zoo.registry import Model

OTHERS: Final = {"imagenet/samples": None, "dogs/train": 2}
"""What shows no landmark, and how many photos of each label are taken."""

STREETS: Final = "geotagged"
SHOWING: Final = {
    "photo_0002.jpg": "forbidden_city",
    "photo_0008.jpg": "grande_arche_la_defense",
    "photo_0017.jpg": "eiffel_tower",
    "street_0105.jpg": "forbidden_city",
}
"""Photos of `STREETS` that do show a landmark: they are left out."""

DRAWN: Final = 1000  # vectors drawn from the package's statistics of general photos
SPENT: Final = 0.03
"""Share of held-out photos of landmarks that would be named rightly, but may not pass."""

CORAL: Final = "mobilenet_v1_1.0_224_quant_embedding_extractor"

_LARGE: Final = 256  # pixels at which Lite0 looks at photos: see docs/accuracy.md
_DIGITS: Final = 4


@dataclass(frozen=True)
class Gathered:
    """All that heads of a network are made of, and what tells the photos from others."""

    material: Material
    kinds: dict[str, Others]
    record: list[dict[str, Any]]


def main() -> None:
    """Write the head of each embedded network."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("photos", type=Path)
    parser.add_argument("--coral", type=Path, metavar="MODELS")
    parser.add_argument("--out", type=Path, default=DATA / "heads", metavar="FOLDER")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    labels = tuple(landmarks())
    heads: dict[str, Head] = {}
    trials: dict[str, Trial] = {}
    for name in (CORAL,) if options.coral else embedded():
        model = find(name, folder=options.coral, heads={}) if options.coral else find(name)
        sides = (OWN,) if options.coral else SIDES
        found = gathered(model, options.photos, labels, sides)
        heads[name], trials[name] = built(model, found, labels)
    for name, head in heads.items():
        path = options.out / f"{name}.landmarks.npz"
        save_head(_with_pair(head, name, trials), path, small=True)
        print(f"{path}: {head.provenance['cross_validation']}")


def gathered(
    model: Model, folder: Path, labels: tuple[str, ...], sides: tuple[int, ...]
) -> Gathered:
    """All features that a head of `model` is made of."""
    viewer = Viewer(model, sides)
    photos = read_labelled(folder, TRAIN)
    others = [read_labelled(folder, name, most) for name, most in OTHERS.items()]
    streets = read_elsewhere(folder, STREETS, SHOWING)
    kinds = {
        one.name: Others(viewer.views(one, SEED), np.arange(len(one.paths)) % FOLDS)
        for one in others
    }
    kinds[STREETS] = Others(viewer.views(streets.photos, SEED), by_place(streets.lat, streets.lon))
    background = load_background(DATA / "background" / f"{model.name}.npz", model.sha256)
    drawn = [] if background is None else [background.sample(DRAWN, SEED)]
    seen = [view for one in kinds.values() for view in one.views.values()]
    material = Material(
        landmarks=viewer.views(photos, SEED),
        classes=np.array([labels.index(label) for label in photos.labels], np.intp),
        corners=viewer.corners(photos),
        others=np.concatenate([*seen, *drawn]),
    )
    record = [one.record() for one in (photos, *others, streets.photos)]
    record[-1]["left_out"] = SHOWING
    return Gathered(material, kinds, record)


def built(model: Model, found: Gathered, labels: tuple[str, ...]) -> tuple[Head, Trial]:
    """The head, with the temperatures and background that fit photos which it was not made of."""
    material = found.material
    sides = [side for side in (OWN, _LARGE) if f"square {side}" in material.landmarks]
    folds = by_class(material.classes)
    trial = tried(material, found.kinds, folds, len(labels), sides)
    looks, scale = list(trial.scales), trial.scales[f"square {OWN}"]
    lift = min(trial.lift(view, SPENT) for view in looks)
    trial = trial.lifted(lift)
    rows, row = fitted(material, len(labels), scale)
    head = Head(
        name="landmarks",
        backbone_sha256=model.sha256,
        labels=(*labels, BACKGROUND),
        weights=np.vstack([rows.weights, row.weights]).astype(np.float32),
        bias=np.append(rows.bias, row.bias + lift).astype(np.float32),
        temperature=round(scale, _DIGITS),
        temperatures={side: round(trial.scales[f"both {side}"], _DIGITS) for side in sides}
        if len(sides) > 1
        else {},
        provenance={
            **_made(model, found.record),
            "cross_validation": {
                "folds": FOLDS,
                "same_fold_km": NEAR_KM,
                "spent": SPENT,
                "looks": {view: trial.figures(view) for view in looks},
            },
        },
    )
    return head, trial


def _with_pair(head: Head, name: str, trials: dict[str, Trial]) -> Head:
    """With the figures of the two networks that look at a photo together, if there is a second."""
    entry = find(name, heads={}).entry if name in embedded() else None
    if entry is None or entry.second_look not in trials:
        return head
    view = f"pair {_LARGE}"
    pair = trials[name].beside(trials[entry.second_look], _LARGE, view)
    measured = head.provenance["cross_validation"]
    looks = {**measured["looks"], view: pair.figures(view)}
    crossed = {**measured, "second_look": entry.second_look, "looks": looks}
    return replace(head, provenance={**head.provenance, "cross_validation": crossed})


def _made(model: Model, record: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "made": "scripts/build_landmarks.py: linear discriminants with a common covariance",
        "photos": record,
        "licence_of_photos": "for the most part not known; those of streets are Google's for the "
        "most part. The weights hold no photo and no photo's embedding",
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


if __name__ == "__main__":
    main()
