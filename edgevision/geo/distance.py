"""Distances and means on the sphere."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]

EARTH_KM: Final = 6371.0088
"""Mean radius of the earth (2a + b) / 3 of WGS 84, as the IUGG defines it (Moritz 2000)."""

_TOP = 90.0
_HALF_TURN, _TURN = 180.0, 360.0


def great_circle_km(
    lat: npt.ArrayLike, lon: npt.ArrayLike, other_lat: npt.ArrayLike, other_lon: npt.ArrayLike
) -> Array:
    """Kilometres along the sphere between points in degrees; the arguments broadcast.

    The haversine formula (Sinnott 1984, "Virtues of the Haversine"), which keeps its digits where
    points lie close together. The earth is no sphere: up to 0.6 % beside the ellipsoid's geodesic.
    """
    phi, other_phi = np.radians(lat), np.radians(other_lat)
    across = np.radians(np.subtract(other_lon, lon))
    down = other_phi - phi
    haversine = np.sin(down / 2) ** 2 + np.cos(phi) * np.cos(other_phi) * np.sin(across / 2) ** 2
    # Rounding may lead past 1 for antipodes.
    return np.asarray(2 * EARTH_KM * np.arcsin(np.sqrt(np.minimum(haversine, 1))), np.float64)


def to_unit(lat: npt.ArrayLike, lon: npt.ArrayLike) -> Array:
    """Unit vectors (..., 3) of points in degrees: z to the north pole, x to 0 N 0 E."""
    phi, theta = np.radians(lat), np.radians(lon)
    parts = (np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi))
    return np.stack(np.broadcast_arrays(*parts), axis=-1)


def from_unit(vector: npt.NDArray[Any]) -> tuple[Array, Array]:
    """Latitude and longitude in degrees of vectors (..., 3) of any length but 0."""
    x, y, z = vector[..., 0], vector[..., 1], vector[..., 2]
    return np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x))


def wrapped(lon: npt.ArrayLike) -> Array:
    """The same meridians, from -180 up to but without 180 degrees."""
    given = np.asarray(lon, np.float64)
    turned = np.mod(given + _HALF_TURN, _TURN) - _HALF_TURN
    # A tiny negative number is rounded to a whole turn.
    turned = np.where(turned >= _HALF_TURN, -_HALF_TURN, turned)
    # Turning costs digits, which most do not need.
    return np.asarray(np.where((given >= -_HALF_TURN) & (given < _HALF_TURN), given, turned))


def why_no_point(lat: float, lon: float) -> str | None:
    """What is wrong with a coordinate in degrees; None: it is a point on earth."""
    if not (np.isfinite(lat) and np.isfinite(lon)):
        return f"{lat}, {lon} is no number"
    if abs(lat) > _TOP:
        return f"latitude {lat:g} is not within -90 to 90"
    if abs(lon) > _HALF_TURN:
        return f"longitude {lon:g} is not within -180 to 180"
    return None


def round_km(km: float) -> float:
    """Kilometres with at most two digits that count, and never under 1."""
    if km < 1:
        return 1.0
    return round(km, 1 - math.floor(math.log10(km)))
