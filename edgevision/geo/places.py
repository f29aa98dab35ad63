"""Names for points on earth, offline, and no more digits of them than are known.

Cities are GeoNames' with 30,000 inhabitants or more, right to about a kilometre.
"""

from __future__ import annotations

import gzip
import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from edgevision.errors import ModelError
from edgevision.geo.distance import EARTH_KM, great_circle_km, round_km, wrapped
from edgevision.values.place import Place

if TYPE_CHECKING:
    import numpy.typing as npt

_FILE: Final = Path(__file__).parent.parent / "data" / "cities.json.gz"
_KM_A_DEGREE: Final = EARTH_KM * math.pi / 180

# Up to these radii a city, or a country, is still an answer.
_CITY_KM: Final = 60.0
_COUNTRY_KM: Final = 800.0
# A point farther than this from every city is not "near" one.
_REMOTE_KM: Final = 100.0


@dataclass(frozen=True, slots=True)
class City:
    """The city nearest to a point, and how far it is."""

    name: str
    country: str
    km: float


def nearest_city(lat: float, lon: float) -> City:
    """The city nearest to a point in degrees.

    Raises:
        ModelError: if the package's list of cities is missing or damaged.
    """
    names, lats, lons = _cities()
    km = great_circle_km(lat, lon, lats, lons)
    row = int(km.argmin())
    name, country = names[row]
    return City(name, country, float(km[row]))


def named(place: Place) -> Place:
    """The same place with a name as exact as its radius, and its coordinates rounded to it."""
    lat, lon = rounded(place.lat, place.lon, place.radius_km)
    return Place(lat, lon, place.radius_km, describe(place.lat, place.lon, place.radius_km))


def describe(lat: float, lon: float, radius_km: float) -> str:
    """In words where a point in degrees is, known to `radius_km`: "near Avignon, France, ±3 km".

    A radius over 60 km leaves the city out, and one over 800 km says only around which country it
    lies; far from any city the coordinates are said.
    """
    city, size = nearest_city(lat, lon), f"{round_km(radius_km):,.0f} km"
    if city.km > max(radius_km, _REMOTE_KM):
        return f"{_coordinates(*rounded(lat, lon, radius_km), radius_km)}, ±{size}"
    if radius_km <= _CITY_KM:
        return f"near {city.name}, {city.country}, ±{size}"
    if radius_km <= _COUNTRY_KM:
        return f"in or near {city.country}, ±{size}"
    return f"within {size} of {city.country}"


def rounded(lat: float, lon: float, radius_km: float) -> tuple[float, float]:
    """Degrees with the digits that `radius_km` allows: the last is worth about that much."""
    digits = _digits(radius_km)
    # Rounding may lead across the date line.
    return max(-90.0, min(90.0, round(lat, digits))), float(wrapped(round(lon, digits)))


def _digits(radius_km: float) -> int:
    return max(-1, min(4, round(-math.log10(max(radius_km, 1e-3) / _KM_A_DEGREE))))


def _coordinates(lat: float, lon: float, radius_km: float) -> str:
    digits = max(_digits(radius_km), 0)
    north, east = "N" if lat >= 0 else "S", "E" if lon >= 0 else "W"
    return f"{abs(lat):.{digits}f}° {north} {abs(lon):.{digits}f}° {east}"


@cache
def _cities() -> tuple[list[tuple[str, str]], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    try:
        content = json.loads(gzip.decompress(_FILE.read_bytes()))
        countries = content["countries"]
        names = [(name, countries[code]) for name, code, _, _ in content["cities"]]
        points = np.array([[lat, lon] for _, _, lat, lon in content["cities"]], np.float64)
        return names, points[:, 0], points[:, 1]
    except (OSError, EOFError, ValueError, LookupError, TypeError) as error:
        raise ModelError(f"{_FILE}: is damaged ({error}): reinstall edgevision") from error
