"""A point on earth with its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """`lat` -90..90 and `lon` -180..180 in degrees, `radius_km` of the uncertainty, `name`."""

    lat: float
    lon: float
    radius_km: float
    name: str

    def __str__(self) -> str:
        return f"{self.name} ±{self.radius_km:g} km"

    def to_dict(self) -> dict[str, Any]:
        """JSON types."""
        return {"lat": self.lat, "lon": self.lon, "radius_km": self.radius_km, "name": self.name}
