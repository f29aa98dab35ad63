"""The landmarks that the package knows, and where they stand."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache

from edgevision.zoo.labels import DATA


@dataclass(frozen=True, slots=True)
class Landmark:
    """A landmark; its position is its own, not a camera's.

    Attributes:
        label: as heads and label files have it.
        name: for people.
        near: the town that it is in or near.
        country: empty where saying one would take a side in a dispute.
        lat, lon: degrees, right to about a kilometre; the middle of one that is wide.
        radius_km: within which its photos are taken: 1 for most, 3 for towers that are seen from
            afar, more for a bay, valleys or a wall.
    """

    label: str
    name: str
    near: str
    country: str
    lat: float
    lon: float
    radius_km: float

    @property
    def area(self) -> str:
        """Town and country: "Paris, France"."""
        return ", ".join(part for part in (self.near, self.country) if part)


@cache
def landmarks() -> dict[str, Landmark]:
    """All of them by label, in the order of the file."""
    with (DATA / "landmarks.csv").open(encoding="utf-8", newline="") as lines:
        return {
            row["label"]: Landmark(
                label=row["label"],
                name=row["name"],
                near=row["near"],
                country=row["country"],
                lat=float(row["lat"]),
                lon=float(row["lon"]),
                radius_km=float(row["radius_km"]),
            )
            for row in csv.DictReader(lines)
        }
