"""Straight-line classifiers of features, and the space in which they are found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]
    Vectors = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """logits = weights v + bias.

    Attributes:
        weights: (rows, features) float64, each number one that float16 has, as heads keep them.
        bias: (rows,) float64.
    """

    weights: Array
    bias: Array

    def logits(self, vectors: Vectors) -> Array:
        """(n, rows) float64, of `vectors` (n, features)."""
        return np.asarray(vectors, np.float64) @ self.weights.T + self.bias

    def shifted(self, row: int, by: float) -> Linear:
        """The same with `by` added to the bias of `row`."""
        bias = self.bias.copy()
        bias[row] += by
        return Linear(self.weights, bias)


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """Vectors less `centre`, divided by `radius`: of length 1 or so.

    A backbone's features are all above 0 (they come from a ReLU), so that any two vectors point
    much the same way; what tells them apart begins at the centre. Both are constants, so that what
    is linear here is linear in the vectors themselves.

    Attributes:
        centre: (features,) float64.
        radius: above 0.
    """

    centre: Array
    radius: float

    def of(self, vectors: Vectors) -> Array:
        """`vectors` (n, features) in this space."""
        return (np.asarray(vectors, np.float64) - self.centre) / self.radius

    def folded(self, weights: Array, bias: Array) -> Linear:
        """The classifier of plain vectors that gives what (weights, bias) give in this space."""
        kept = (weights / self.radius).astype(np.float16).astype(np.float64)
        return Linear(kept, bias - kept @ self.centre)


def space_of(vectors: Vectors, centre: Vectors | None = None) -> Space:
    """The space around `centre` (None: the mean) where `vectors` (n, features) have length 1."""
    rows = np.asarray(vectors, np.float64)
    middle = rows.mean(axis=0) if centre is None else np.asarray(centre, np.float64)
    radius = float(np.linalg.norm(rows - middle, axis=1).mean())
    return Space(middle, radius or 1.0)
