"""A point on earth with its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """`lat` -90..90 and `lon` -180..180 in degrees, `radius_km` of the uncertainty, `name`."""

    lat: float
    lon: float
    radius_km: float
    name: str
