"""From a backbone's embedding to the short, evened-out vector that a gallery compares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.float32]

DIMENSIONS: Final = 128
"""Of a whitened vector: on street photos 64 lose two points within 2500 km, 256 gain one."""

_PHOTOS_A_DIMENSION: Final = 4
_NOISE: Final = 0.01  # of the largest variance
_TINY: Final = 1e-12
_FEWEST: Final = 8  # dimensions below which whitening would only amplify noise


@dataclass(frozen=True, eq=False)
class Projection:
    """Subtracts `mean` (features,) and multiplies with `matrix` (features, dimensions)."""

    mean: Array
    matrix: Array

    def __call__(self, vectors: npt.NDArray[Any]) -> Array:
        """Unit vectors (n, dimensions) of embeddings (n, features)."""
        return unit((unit(vectors) - self.mean) @ self.matrix)


def fit_projection(vectors: npt.NDArray[Any]) -> Projection | None:
    """Principal components with equal variance: PCA whitening.

    Jegou and Chum 2012, "Negative Evidences and Co-occurences in Image Retrieval: The Benefit of
    PCA and Whitening", section 3: what all photos share (sky, road) no longer hides the rest.

    Args:
        vectors: (n, features) embeddings.

    Returns:
        None for so few photos (under 32) that nothing can be said of how they vary.
    """
    n, features = vectors.shape
    dimensions = min(DIMENSIONS, features, n // _PHOTOS_A_DIMENSION)
    if dimensions < min(_FEWEST, features):
        return None
    rows = unit(vectors)
    mean = rows.mean(axis=0)
    _, deviations, axes = np.linalg.svd(rows - mean, full_matrices=False)
    # Added to each variance: what hardly varies is noise, and is not blown up to full size.
    noise = _NOISE * float(deviations[0]) ** 2 + _TINY
    scale = 1 / np.sqrt(deviations[:dimensions] ** 2 + noise)
    matrix = axes[:dimensions].T * scale * np.sqrt(n)
    return Projection(mean.astype(np.float32), matrix.astype(np.float32))


def unit(vectors: npt.NDArray[Any]) -> Array:
    """The same directions with length 1, float32; a vector of zeros stays so."""
    rows = np.asarray(vectors, np.float32)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12))
