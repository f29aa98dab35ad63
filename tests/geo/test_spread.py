from __future__ import annotations

import numpy as np
import pytest

from edgevision.geo.distance import great_circle_km
from edgevision.geo.spread import Spread, mixed


def test_the_peak_is_where_most_lies_close_not_where_one_point_is_heaviest():
    # Three photos about Paris outvote a heavier one in Lima.
    spread = Spread([48.8, 48.9, 49.0, -12.0], [2.3, 2.4, 2.2, -77.0], [0.2, 0.2, 0.2, 0.35])
    lat, lon = spread.peak(300)
    assert great_circle_km(lat, lon, 48.9, 2.3) < 20


def test_points_on_both_sides_of_the_date_line_are_neighbours():
    spread = Spread([0, 0, 0], [179, -179, 60], [0.3, 0.31, 0.4])
    assert spread.peak(500) == (0, -179)


def test_a_pole_is_one_place():
    spread = Spread([89.9, 89.9, 89.9, 0], [0, 120, -120, 0], [0.2, 0.2, 0.21, 0.4])
    assert spread.peak(500) == (89.9, -120)


def test_a_broad_kernel_finds_the_continent_and_a_narrow_one_the_town():
    # Europe has more photos than Peru, but Paris has more than the towns in between.
    europe = [(48.9, 2.3), (48.8, 2.4), (52.5, 13.4), (41.9, 12.5), (40.4, -3.7)]
    points = np.array([*europe, (-12.0, -77.0), (-12.1, -77.0), (-12.0, -77.1)])
    lat, lon = Spread(points[:, 0], points[:, 1], np.ones(8)).peak(1500)
    assert great_circle_km(lat, lon, 48.9, 2.3) < 20


def test_the_radius_holds_its_share():
    spread = Spread([0, 0, 0, 0], [0, 1, 2, 90], [0.4, 0.3, 0.2, 0.1])
    degree = great_circle_km(0, 0, 0, 1)
    assert spread.radius_km(0, 0, 0.4) == 0
    assert spread.radius_km(0, 0, 0.5) == pytest.approx(degree)
    assert spread.radius_km(0, 0, 0.9) == pytest.approx(2 * degree)
    assert spread.radius_km(0, 0, 1.0) == pytest.approx(90 * degree)


def test_a_single_point_is_not_known_to_the_metre():
    place = Spread([43.9], [4.8], [1]).place(100, least_km=25)
    assert (place.lat, place.lon, place.radius_km) == (43.9, 4.8, 25)


def test_weights_add_up_and_shares_mix():
    one, other = Spread([0], [0], [7]), Spread([10, 20], [0, 0], [1, 1])
    both = mixed([(one, 0.5), (other, 1.5)])
    assert both.weights == pytest.approx([0.25, 0.375, 0.375])


@pytest.mark.parametrize("weights", [[], [0.0], [float("nan")]])
def test_nothing_is_no_distribution(weights):
    with pytest.raises(ValueError, match="no distribution"):
        Spread(np.zeros(len(weights)), np.zeros(len(weights)), weights)
