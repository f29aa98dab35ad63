from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.geo.places import describe, named, nearest_city, rounded
from edgevision.values.place import Place


@pytest.mark.parametrize(
    ("lat", "lon", "city", "country"),
    [
        (43.951, 4.807, "Avignon", "France"),  # the palace of the popes
        (48.8584, 2.2945, "Paris", "France"),
        (-13.1631, -72.545, "Cusco", "Peru"),  # Machu Picchu
        (-18.13, 178.44, "Suva", "Fiji"),  # near the date line
    ],
)
def test_cities(lat, lon, city, country):
    found = nearest_city(lat, lon)
    assert found.country == country
    assert city in found.name or found.km < 80


def test_words_as_exact_as_the_radius():
    assert describe(43.951, 4.807, 3) == "near Avignon, France, ±3 km"
    assert describe(43.951, 4.807, 324) == "in or near France, ±320 km"
    assert describe(43.951, 4.807, 2345) == "within 2,300 km of France"


def test_far_from_all_cities_coordinates_are_said():
    assert describe(-48.9, -123.4, 30) == "48.9° S 123.4° W, ±30 km"
    assert describe(-48.9, -123.4, 120) == "49° S 123° W, ±120 km"


@pytest.mark.parametrize(
    ("radius", "lat", "lon"),
    [
        (0.05, 43.949, 4.806),
        (0.5, 43.95, 4.81),
        (3, 43.95, 4.81),
        (25, 43.9, 4.8),
        (200, 44, 5),
        (2500, 40, 0),
    ],
)
def test_digits_go_with_the_radius(radius, lat, lon):
    found = rounded(43.9493, 4.8055, radius)
    assert found == (lat, lon)


def test_rounding_stays_on_earth():
    assert rounded(89.9, 179.96, 300) == (90, -180)


@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(1, 20000))
def test_every_point_has_a_name(lat, lon, radius):
    place = named(Place(lat, lon, radius, ""))
    assert "km" in place.name
    assert -90 <= place.lat <= 90
    assert -180 <= place.lon <= 180
