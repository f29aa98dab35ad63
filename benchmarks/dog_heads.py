"""Heads for breeds that learn from training photos, beside the trained networks' own rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from dog_looks import KNOWN, LITE0, LITE2, against, photos_of

from edgevision.zoo.labels import breeds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt
    from dog_looks import Looks

    Array = npt.NDArray[np.floating]
    Classes = npt.NDArray[np.intp]
    # From features and classes, heads by what they are.
    Learner = Callable[[Array, Classes], Mapping[str, "Rows"]]

TRAINED: Final = "trained rows"
_FOLDS: Final = 5
_SHRUNK: Final = 0.3  # of the covariance within breeds, towards a multiple of the identity
_SHARES: Final = (0.1, 0.25, 0.5, 1.0)  # of what is added to the trained rows
_RIDGES: Final = (1e2, 1e3, 1e4)


@dataclass(frozen=True)
class Rows:
    """A classifier: weights (classes, features) and biases (classes,)."""

    weights: Array
    bias: Array

    def logits(self, features: Array) -> Array:
        """(..., classes) of (..., features); a head of fewer reads the first ones."""
        features = features[..., : self.weights.shape[1]]
        return np.asarray(features @ self.weights.T + self.bias)

    def plus(self, other: Rows, share: float, features: Array) -> Rows:
        """These and `share` times `other`, made as wide as these are on `features`."""
        own, added = (one.logits(features).std(axis=1).mean() for one in (self, other))
        scale = share * own / added
        return Rows(self.weights + scale * other.weights, self.bias + scale * other.bias)


def prototypes(features: Array, classes: Classes) -> Rows:
    """Means of each class, of length 1 as the features are (Qi et al. 2018, imprinting)."""
    means = _means(features / np.linalg.norm(features, axis=1, keepdims=True), classes)
    return Rows(means / np.linalg.norm(means, axis=1, keepdims=True), np.zeros(len(means)))


def discriminants(features: Array, classes: Classes) -> Rows:
    """Linear discriminant analysis, all classes alike often, its covariance shrunk."""
    means = _means(features, classes)
    apart = features - means[classes]
    covariance = apart.T @ apart / len(apart)
    level = np.trace(covariance) / len(covariance)
    shrunk = (1 - _SHRUNK) * covariance + _SHRUNK * level * np.eye(len(covariance))
    weights = np.linalg.solve(shrunk, means.T).T
    return Rows(weights, -0.5 * (weights * means).sum(axis=1))


def _means(features: Array, classes: Classes) -> Array:
    """(breeds, features): of each breed; of all photos for one that none of them shows."""
    every = features.mean(axis=0)
    found = np.tile(every, (len(breeds()), 1))
    for one in np.unique(classes):
        found[one] = features[classes == one].mean(axis=0)
    return found


def distilled(before: Rows, features: Array, wanted: Array, ridge: float) -> Rows:
    """`before`, moved towards logits that are `wanted` (Ba & Caruana 2014), by least squares."""
    missing = wanted - before.logits(features)
    missing = missing - missing.mean(axis=1, keepdims=True)
    centre, middle = features.mean(axis=0), missing.mean(axis=0)
    apart = features - centre
    grams = apart.T @ apart + ridge * np.eye(features.shape[1])
    moved = np.linalg.solve(grams, apart.T @ (missing - middle)).T
    return Rows(before.weights + moved, before.bias + middle - moved @ centre)


@dataclass(frozen=True)
class Photos:
    """What the networks make of photos, one network's features behind the other's.

    Attributes:
        plain: (photos, features).
        camera: (photos, ways, features), as a camera may have made them.
        classes: (photos,).
    """

    plain: Array
    camera: Array
    classes: Classes


def heads(looks: Looks) -> list[dict[str, Any]]:
    """By head: what is right of the photos held out, as they are and as a camera makes them."""
    rows, plain, camera = [], [], []
    for model, look in ((LITE0, 0), (LITE2, 1)):
        head = looks.head(model, "dogs")
        rows.append(Rows(head.weights.astype(np.float64), head.bias.astype(np.float64)))
        plain.append(looks.features(model, 256, KNOWN)[:, look].astype(np.float64))
        camera.append(looks.camera(model, 256, KNOWN, look).astype(np.float64))
    first, second = rows
    both = Rows(np.hstack([first.weights, second.weights]) / 2, (first.bias + second.bias) / 2)
    classes = photos_of(KNOWN, looks.limit)[1]
    photos = Photos(np.hstack(plain), np.concatenate(camera, axis=-1), classes)
    found = _compared(both, partial(_beside, both), photos)
    distilling = _compared(first, partial(_taught, first, both), photos)
    return [{"network": "both", **one} for one in found] + [
        {"network": LITE0, **one} for one in distilling
    ]


def _beside(trained: Rows, features: Array, classes: Classes) -> dict[str, Rows]:
    made: dict[str, Rows] = {}
    for says, make in (("prototypes", prototypes), ("discriminants", discriminants)):
        learned = make(features, classes)
        made[f"{says} alone"] = learned
        for share in _SHARES:
            made[f"{TRAINED} + {share:g} x {says}"] = trained.plus(learned, share, features)
    return made


def _taught(first: Rows, both: Rows, features: Array, _: Classes) -> dict[str, Rows]:
    own, wanted = features[:, : first.weights.shape[1]], both.logits(features)
    return {
        f"distilled from both, ridge {ridge:g}": distilled(first, own, wanted, ridge)
        for ridge in _RIDGES
    }


def _folds(classes: Classes) -> Classes:
    """(photos,): which part each is in, with as many of each breed in each."""
    fold = np.zeros(len(classes), np.intp)
    for one in np.unique(classes):
        fold[classes == one] = (one + np.arange((classes == one).sum())) % _FOLDS
    return fold


def _compared(trained: Rows, learn: Learner, photos: Photos) -> list[dict[str, Any]]:
    """Cross-validated: each head is read on the fifth that it has not learned from."""
    count, ways = photos.camera.shape[:2]
    fold = _folds(photos.classes)
    plain: dict[str, npt.NDArray[np.bool_]] = {}
    camera: dict[str, npt.NDArray[np.bool_]] = {}
    for held in range(_FOLDS):
        out = fold == held
        answers = photos.classes[out]
        known = np.concatenate([photos.plain[~out], *photos.camera[~out].swapaxes(0, 1)])
        learned = learn(known, np.tile(photos.classes[~out], ways + 1))
        for says, rows in {TRAINED: trained, **learned}.items():
            right = plain.setdefault(says, np.zeros(count, bool))
            right[out] = rows.logits(photos.plain[out]).argmax(axis=-1) == answers
            told = rows.logits(photos.camera[out]).argmax(axis=-1)
            seen = camera.setdefault(says, np.zeros((count, ways), bool))
            seen[out] = told == answers[:, None]
    return [
        {
            "head": says,
            "plain": against(right, plain[TRAINED]),
            "camera": against(camera[says].ravel(), camera[TRAINED].ravel()),
        }
        for says, right in plain.items()
    ]
