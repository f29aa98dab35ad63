"""Linear discriminants of landmarks, and one for what is none of them.

A landmark's row is Fisher's discriminant against one background with one covariance, as of
Hariharan, Malik and Ramanan 2012, "Discriminative Decorrelation for Clustering and Classification",
equation 6: w = S^-1 (m - m0), where S and m0 are of landmarks' photos and others together.

The row of the background is found by logistic regression: presence is the logistic function of
log(sum(exp(rows))) less that row, as in the softmax that reads them. What the landmarks' rows say
of their own photos comes from rows that were made without these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgevision.learning.calibrate import log_sum_exp

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]
    Classes = npt.NDArray[np.intp]
    Rows = npt.NDArray[np.bool_]
    Views = dict[str, npt.NDArray[np.float32]]

# Chosen by cross-validation on landmarks/train, from: 0.02, 0.05, 0.1; 0.1, 0.2, 0.5, 0.8; 0, 0.1,
# 0.3, 0.5; 0.3, 0.5; 0.1, 0.01, 0.001.
SHRINKAGE: Final = 0.05
OTHERS_IN_COVARIANCE: Final = 0.2
CORNERS_IN_OTHERS: Final = 0.3
CORNERS_IN_BACKGROUND: Final = 0.5
PENALTY: Final = 0.01

_SCALE: Final = 0.3  # of logits: what temperatures are near 1 with
_OTHERS_IN_MEAN: Final = 0.5
_INNER_FOLDS: Final = 3
_STEPS: Final = 25
_SMALL: Final = 1e-9


@dataclass(frozen=True)
class Material:
    """Features: of landmarks by view, with the photos' classes; of landmarks' corners; of others.

    Attributes:
        landmarks: (photos, features) by view.
        classes: (photos,).
        corners: as `landmarks`, of parts that show little or nothing of the landmark.
        others: (n, features) of what shows none.
    """

    landmarks: Views
    classes: Classes
    corners: Views
    others: npt.NDArray[np.float32]

    def without(self, photos: Rows, others: Rows) -> Material:
        """Those that are not among the landmarks' `photos` and the `others`."""
        return Material(
            {view: one[~photos] for view, one in self.landmarks.items()},
            self.classes[~photos],
            {view: one[~photos] for view, one in self.corners.items()},
            self.others[~others],
        )


@dataclass(frozen=True)
class Linear:
    """logits = weights v + bias."""

    weights: Array
    bias: Array

    def __call__(self, vectors: npt.NDArray[Any]) -> Array:
        """(n, rows) of `vectors` (n, features)."""
        return np.asarray(vectors, np.float64) @ self.weights.T + self.bias


@dataclass(frozen=True)
class Space:
    """What all rows have in common: m0, S, and how many landmarks there are."""

    centre: Array
    spread: Array
    count: int

    def rows(self, vectors: npt.NDArray[Any], classes: Classes) -> Linear:
        """A row for each landmark; the bias makes it the log-ratio of two normal densities."""
        means = np.stack(
            [np.asarray(vectors[classes == one], np.float64).mean(0) for one in range(self.count)]
        )
        weights = np.asarray(
            _SCALE * np.linalg.solve(self.spread, (means - self.centre).T).T, np.float64
        )
        return Linear(weights, -0.5 * ((means + self.centre) * weights).sum(axis=1))


def space_of(material: Material, count: int) -> Space:
    """The space of `count` landmarks."""
    landmarks, corners = _stacked(material.landmarks), _stacked(material.corners)
    others, part = np.asarray(material.others, np.float64), CORNERS_IN_OTHERS
    mean = (1 - part) * others.mean(axis=0) + part * corners.mean(axis=0)
    centre = (1 - _OTHERS_IN_MEAN) * landmarks.mean(axis=0) + _OTHERS_IN_MEAN * mean
    of_others = (1 - part) * _covariance(others) + part * _covariance(corners)
    part = OTHERS_IN_COVARIANCE
    return Space(centre, (1 - part) * _covariance(landmarks) + part * of_others, count)


def landmark_rows(material: Material, space: Space) -> Linear:
    """The landmarks' rows from all views of all photos."""
    classes = np.tile(material.classes, len(material.landmarks))
    return space.rows(_stacked(material.landmarks), classes)


def background_row(material: Material, space: Space, temperature: float, seed: int) -> Linear:
    """The row of the background, beside rows whose logits are divided by `temperature`."""
    vectors, says, there, shares = [], [], [], []
    fold = np.random.default_rng(seed).integers(_INNER_FOLDS, size=len(material.classes))
    for number in range(_INNER_FOLDS):
        out = fold == number
        nothing = np.zeros(len(material.others), bool)
        rows = landmark_rows(material.without(out, nothing), space)
        for views, is_there in ((material.landmarks, True), (material.corners, False)):
            held_out = _stacked({view: one[out] for view, one in views.items()})
            vectors.append(held_out)
            says.append(log_sum_exp(rows(held_out) / temperature))
            there.append(np.full(len(held_out), is_there))
            weight = 1.0 if is_there else CORNERS_IN_BACKGROUND
            shares.append(np.full(len(held_out), weight / (len(views) * len(fold))))
    others = np.asarray(material.others, np.float64)
    vectors.append(others)
    says.append(log_sum_exp(landmark_rows(material, space)(others) / temperature))
    there.append(np.zeros(len(others), bool))
    shares.append(np.full(len(others), (1 - CORNERS_IN_BACKGROUND) / len(others)))
    # White: of equal spread in all directions, so that the penalty is fair.
    white = np.linalg.cholesky(np.linalg.inv(space.spread))
    inputs = (np.concatenate(vectors) - space.centre) @ white
    radius = float(np.linalg.norm(inputs, axis=1).mean())
    inputs = np.column_stack([inputs / radius, np.ones(len(inputs))])
    point = _logistic(inputs, np.concatenate(says), np.concatenate(there), np.concatenate(shares))
    weights = temperature * white @ point[:-1] / radius
    return Linear(weights[None], np.array([temperature * point[-1] - space.centre @ weights]))


def _logistic(inputs: Array, says: Array, there: Rows, shares: Array) -> Array:
    """The row r that makes logistic(says - inputs r) the probability of `there`; Newton's method.

    The last input is 1 and is not penalised.
    """
    point = np.zeros(inputs.shape[1])
    penalty = np.full(len(point), PENALTY)
    penalty[-1] = _SMALL

    def loss(at: Array) -> float:
        logit = says - inputs @ at
        told = np.logaddexp(0, np.where(there, -logit, logit))
        return float(shares @ told + (penalty * at**2).sum() / 2)

    value = loss(point)
    for _ in range(_STEPS):
        present = 1 / (1 + np.exp(inputs @ point - says))
        slope = inputs.T @ (shares * (there - present)) + penalty * point
        bend = (inputs * (shares * present * (1 - present))[:, None]).T @ inputs
        step = np.linalg.solve(bend + np.diag(penalty), slope)
        length, before = 1.0, value
        value = loss(point - step)
        while value > before and length > _SMALL:
            length /= 2
            value = loss(point - length * step)
        point -= length * step
        if before - value < _SMALL:
            break
    return point


def _stacked(views: Views) -> Array:
    return np.concatenate(list(views.values())).astype(np.float64)


def _covariance(vectors: Array) -> Array:
    """Shrunk to a multiple of the identity (Ledoit and Wolf 2004), by `SHRINKAGE`."""
    apart = vectors - vectors.mean(axis=0)
    found = apart.T @ apart / len(apart)
    diagonal = np.eye(len(found)) * np.trace(found) / len(found)
    return np.asarray((1 - SHRINKAGE) * found + SHRINKAGE * diagonal, np.float64)
