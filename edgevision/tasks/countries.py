"""A distribution over the earth in words: countries, and the place where it is densest."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from edgevision.geo.distance import round_km
from edgevision.geo.locate import BANDWIDTH_KM
from edgevision.geo.places import named, nearest_city
from edgevision.values.place import Place

if TYPE_CHECKING:
    from edgevision.geo.spread import Spread

# Finding a point's country takes a millisecond on a Pi: only the heaviest are looked up, once each.
_POINTS: Final = 64
_KEPT: Final = 4096


def countries_of(spread: Spread, count: int) -> tuple[tuple[str, float], ...]:
    """The `count` heaviest countries with their shares (0..1) of the distribution, best first.

    A point counts for the country of the city that is nearest to it.
    """
    shares: dict[str, float] = {}
    for row in np.argsort(-spread.weights, kind="stable")[:_POINTS]:
        country = _country(float(spread.lat[row]), float(spread.lon[row]))
        shares[country] = shares.get(country, 0.0) + float(spread.weights[row])
    order = sorted(shares.items(), key=lambda pair: -pair[1])[:count]
    return tuple((country, min(share, 1.0)) for country, share in order)


def place_of(spread: Spread, finest_km: float) -> Place:
    """Where it is densest, with the radius of half of it, but at least `finest_km`.

    The name comes without the radius, which is told beside it.
    """
    place = named(spread.place(BANDWIDTH_KM, least_km=finest_km))
    name = place.name.removesuffix(f", ±{round_km(place.radius_km):,.0f} km")
    return Place(place.lat, place.lon, round_km(place.radius_km), name)


@lru_cache(_KEPT)
def _country(lat: float, lon: float) -> str:
    return nearest_city(lat, lon).country
