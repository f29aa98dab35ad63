"""Answers for photos that the head which gave them has not seen: cross-validation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgevision.errors import WrittenError
from edgevision.geo.cells import partition
from edgevision.geo.planet import train_planet

if TYPE_CHECKING:
    import numpy.typing as npt

    from edgevision.geo.planet import Training
    from edgevision.geo.spread import Spread

FOLDS: Final = 10
T1, T2 = 10, 3
"""Photos a cell for a few hundred photos; PlaNet's 10,000 and 50 are for a hundred million."""


def cross_validated(
    vectors: npt.NDArray[Any],
    lat: npt.NDArray[np.float64],
    lon: npt.NDArray[np.float64],
    *,
    folds: int = FOLDS,
    t1: int = T1,
    t2: int = T2,
    training: Training | None = None,
    seed: int = 0,
) -> list[Spread]:
    """A distribution for each photo, by a head (and cells) made from the other folds.

    Args:
        vectors: (n, features) embeddings.
        lat, lon: (n,) degrees.
        folds: parts; each is answered by a head of its own.
        t1, t2: see `partition`.
        training: see `train_planet`.
        seed: of how the photos are dealt out.

    Raises:
        WrittenError: if there are fewer photos than folds, or too few for a cell.
    """
    n = len(vectors)
    if n < folds:
        raise WrittenError(f"{n} photos are too few for {folds} folds of cross-validation")
    part = np.random.default_rng(seed).permutation(n) % folds
    answers: dict[int, Spread] = {}
    for number in range(folds):
        known = part != number
        cells = partition(lat[known], lon[known], t1, t2)
        head = train_planet(
            vectors[known], lat[known], lon[known], cells, backbone_sha256="", training=training
        )
        asked = np.flatnonzero(~known).tolist()
        answers.update({row: head.spread(vectors[row]) for row in asked})
    return [answers[row] for row in range(n)]
