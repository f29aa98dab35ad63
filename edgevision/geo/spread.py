"""A distribution over the earth, as weighted points: what every method of finding a place gives.

Its best place is where it is densest: the mode of a kernel density estimate (Parzen 1962), which
Hays and Efros 2008, "im2gps", section 5, seek among their neighbours too, by mean shift.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from edgevision.geo.distance import great_circle_km
from edgevision.values.place import Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    Array = npt.NDArray[np.float64]

_CANDIDATES: Final = 256


@dataclass(frozen=True, eq=False)
class Spread:
    """Points (n,) in degrees with weights (n,) that add up to 1; n is 1 or more.

    Raises:
        ValueError: if there is no point, or no weight above 0.
    """

    lat: Array
    lon: Array
    weights: Array

    def __post_init__(self) -> None:
        lat, lon, weights = (np.array(x, np.float64) for x in (self.lat, self.lon, self.weights))
        total = weights.sum()
        if not (lat.shape == lon.shape == weights.shape and total > 0 and np.isfinite(total)):
            raise ValueError(f"no distribution: {lat.size} points with weights that sum to {total}")
        for name, array in (("lat", lat), ("lon", lon), ("weights", weights / total)):
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    def peak(self, bandwidth_km: float) -> tuple[float, float]:
        """The point where it is densest, in degrees.

        The kernel is exp(-distance / bandwidth), whose long tail lets far points of the same
        continent count. Half a bandwidth about the densest point a kernel of a third decides, so
        that a broad one finds the continent and a narrow one the town. The answer is always one of
        the points: between towns there may be sea.
        """
        everywhere = np.arange(len(self.weights))
        best = self._densest(everywhere, bandwidth_km)
        km = great_circle_km(self.lat[best], self.lon[best], self.lat, self.lon)
        best = self._densest(np.flatnonzero(km <= bandwidth_km / 2), bandwidth_km / 3)
        return float(self.lat[best]), float(self.lon[best])

    def _densest(self, rows: npt.NDArray[np.intp], bandwidth_km: float) -> int:
        """Of the heaviest of these points, the one with most weight of all of them about it."""
        heaviest = rows[np.argsort(-self.weights[rows], kind="stable")[:_CANDIDATES]]
        lat, lon = self.lat[rows], self.lon[rows]
        km = great_circle_km(self.lat[heaviest][:, None], self.lon[heaviest][:, None], lat, lon)
        return int(heaviest[(np.exp(-km / bandwidth_km) @ self.weights[rows]).argmax()])

    def radius_km(self, lat: float, lon: float, share: float) -> float:
        """The least radius about a point in degrees that holds `share` (0..1) of the mass."""
        km = great_circle_km(lat, lon, self.lat, self.lon)
        order = np.argsort(km)
        held = np.cumsum(self.weights[order])
        # Rounding may leave the last sum a hair under 1.
        place = min(int(np.searchsorted(held, share - 1e-12)), len(held) - 1)
        return float(km[order[place]])

    def place(self, bandwidth_km: float, share: float = 0.5, least_km: float = 1.0) -> Place:
        """The densest point with the radius that holds `share` of the mass, without a name.

        A single point has no radius of its own: `least_km` is what is known at best.
        """
        lat, lon = self.peak(bandwidth_km)
        return Place(lat, lon, max(self.radius_km(lat, lon, share), least_km), "")


def mixed(parts: Sequence[tuple[Spread, float]]) -> Spread:
    """The mixture of distributions with their shares; the shares need not add up to 1."""
    return Spread(
        np.concatenate([spread.lat for spread, _ in parts]),
        np.concatenate([spread.lon for spread, _ in parts]),
        np.concatenate([spread.weights * share for spread, share in parts]),
    )
