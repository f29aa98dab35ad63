"""What the neighbours of a photo say of its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from edgevision.geo.spread import Spread

if TYPE_CHECKING:
    from collections.abc import Sequence

NEIGHBOURS: Final = 20
"""Of which a place is voted."""

_TEMPERATURE: Final = 0.2


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A photo of the gallery: its name, where it was taken, and cosine similarity -1..1."""

    name: str
    lat: float
    lon: float
    similarity: float


def voted(neighbours: Sequence[Neighbour]) -> Spread:
    """The distribution that neighbours vote for: weights exp(similarity / 0.2).

    Raises:
        ValueError: if there are none.
    """
    near = np.array([one.similarity for one in neighbours])
    return Spread(
        np.array([one.lat for one in neighbours]),
        np.array([one.lon for one in neighbours]),
        np.exp((near - near.max(initial=-1)) / _TEMPERATURE),
    )
