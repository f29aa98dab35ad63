"""How near a guess of a place is: the five scales of PlaNet, and what the papers reached.

Weyand, Kostrikov and Philbin 2016, "PlaNet - Photo Geolocation with Convolutional Neural Networks",
section 4, counts guesses within these distances of the truth on the 237 photos of the Im2GPS test
set (Hays and Efros 2008).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

SCALES_KM: Final = {"street": 1, "city": 25, "region": 200, "country": 750, "continent": 2500}


@dataclass(frozen=True, slots=True)
class Published:
    """Shares (0..1) of the 237 Im2GPS test photos within each of `SCALES_KM`, in its order."""

    name: str
    where: str
    within: tuple[float, ...]


_TABLE: Final = 'Howard et al. 2017, "MobileNets", table 11'
PUBLISHED: Final = (
    Published("Im2GPS", _TABLE, (0.025, 0.219, 0.321, 0.354, 0.519)),
    Published("PlaNet", _TABLE, (0.110, 0.317, 0.511, 0.640, 0.776)),
    Published("PlaNet MobileNet", _TABLE, (0.114, 0.317, 0.452, 0.603, 0.793)),
)
"""On other photos than any of ours: to be read beside our figures, not against them."""


@dataclass(frozen=True, slots=True)
class Nearness:
    """How far `n` guesses were from the truth.

    Attributes:
        n: photos.
        hits: how many of them lay within each of `SCALES_KM`, in its order.
        median_km: of the distances; None of no photo.
    """

    n: int
    hits: tuple[int, ...]
    median_km: float | None

    def within(self) -> tuple[float | None, ...]:
        """Shares (0..1) within each of `SCALES_KM`; None of no photo."""
        return tuple(hits / self.n if self.n else None for hits in self.hits)

    def to_dict(self) -> dict[str, Any]:
        """JSON types: `n`, `within_km` by kilometres (shares 0..1), `median_km`."""
        keys = [str(km) for km in SCALES_KM.values()]
        shares = self.within()
        return {
            "n": self.n,
            "within_km": dict(zip(keys, (_rounded(share) for share in shares), strict=True)),
            "median_km": None if self.median_km is None else round(self.median_km, 1),
        }


def nearness(km: npt.NDArray[np.float64]) -> Nearness:
    """Counts the distances `km` (n,) within each scale; a distance right at its end is within."""
    hits = tuple(int((km <= scale).sum()) for scale in SCALES_KM.values())
    return Nearness(len(km), hits, float(np.median(km)) if len(km) else None)


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
