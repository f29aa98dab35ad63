from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.geo.distance import (
    EARTH_KM,
    from_unit,
    great_circle_km,
    round_km,
    to_unit,
    why_no_point,
    wrapped,
)

LAT = st.floats(-90, 90)
LON = st.floats(-180, 180)


def test_nashville_to_los_angeles_as_in_the_textbook():
    # BNA to LAX, the example of Rosetta Code's "Haversine formula": 2886.44 km with 6371 km.
    km = great_circle_km(36.12, -86.67, 33.94, -118.40)
    assert km == pytest.approx(2886.44, rel=1e-5)


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [
        ((0, 0), (0, 1), 111.195),  # a degree of the equator
        ((0, 179.5), (0, -179.5), 111.195),  # over the date line
        ((0, 180), (0, -180), 0),
        ((90, 0), (90, 123), 0),  # a pole has every longitude
        ((90, 0), (-90, 77), np.pi * EARTH_KM),
        ((89.5, 10), (89.5, -170), 111.195),  # over the pole
        ((51.5007, -0.1246), (40.6892, -74.0445), 5574.8),  # Big Ben to the Statue of Liberty
    ],
)
def test_known_distances(one, other, km):
    assert great_circle_km(*one, *other) == pytest.approx(km, rel=1e-4, abs=1e-6)


@given(LAT, LON, LAT, LON)
def test_a_distance_has_no_direction_and_an_end(lat, lon, other_lat, other_lon):
    there = great_circle_km(lat, lon, other_lat, other_lon)
    assert there == pytest.approx(great_circle_km(other_lat, other_lon, lat, lon), abs=1e-6)
    assert 0 <= there <= np.pi * EARTH_KM + 1e-6


@given(LAT, LON)
def test_unit_vectors_lead_back(lat, lon):
    vector = to_unit(lat, lon)
    assert np.linalg.norm(vector) == pytest.approx(1)
    assert great_circle_km(lat, lon, *from_unit(vector)) < 1e-3


def test_many_at_once_are_the_same_as_one_by_one(random):
    points = random.uniform((-90, -180), (90, 180), (50, 2))
    together = great_circle_km(points[:, None, 0], points[:, None, 1], points[:, 0], points[:, 1])
    assert together.shape == (50, 50)
    assert together[3, 7] == pytest.approx(great_circle_km(*points[3], *points[7]))


@pytest.mark.parametrize(
    ("lon", "same"), [(180, -180), (-180, -180), (190, -170), (-190, 170), (540, -180), (0, 0)]
)
def test_meridians_wrap(lon, same):
    assert wrapped(lon) == pytest.approx(same)


@pytest.mark.parametrize("point", [(90, 180), (-90, -180), (0, 0)])
def test_poles_and_the_date_line_are_points(point):
    assert why_no_point(*point) is None


@pytest.mark.parametrize("point", [(95, 0), (0, 181), (float("nan"), 0), (0, float("inf"))])
def test_what_is_no_point(point):
    assert why_no_point(*point)


@pytest.mark.parametrize(("km", "said"), [(0.2, 1), (3.21, 3.2), (1688, 1700), (44.9, 45)])
def test_two_digits_of_kilometres(km, said):
    assert round_km(km) == said
