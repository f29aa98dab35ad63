from __future__ import annotations

import numpy as np
import pytest

from edgevision.geo.scales import PUBLISHED, SCALES_KM, nearness


def test_the_scales_are_those_of_planet():
    assert list(SCALES_KM.values()) == [1, 25, 200, 750, 2500]


def test_the_published_columns_are_those_of_the_table():
    # MobileNets, table 11, from the continent down to the street.
    columns = {paper.name: [100 * share for share in paper.within[::-1]] for paper in PUBLISHED}
    assert columns["Im2GPS"] == pytest.approx([51.9, 35.4, 32.1, 21.9, 2.5])
    assert columns["PlaNet"] == pytest.approx([77.6, 64.0, 51.1, 31.7, 11.0])
    assert columns["PlaNet MobileNet"] == pytest.approx([79.3, 60.3, 45.2, 31.7, 11.4])


def test_a_published_count_comes_back_as_its_share():
    # 237 photos of which 6, 52, 76, 84 and 123 are within are Im2GPS' figures.
    counts = np.diff([0, 6, 52, 76, 84, 123, 237])
    km = np.repeat([0.5, 20, 150, 500, 2000, 9000], counts)
    found = nearness(km)
    assert [round(share, 3) for share in found.within()] == [0.025, 0.219, 0.321, 0.354, 0.519]
    assert found.median_km == 2000


def test_the_end_of_a_scale_is_within_it():
    assert nearness(np.array([1.0, 25.0, 2500.0001])).hits == (1, 2, 2, 2, 2)


def test_json_has_the_form_that_is_documented():
    told = nearness(np.array([0.2, 300.0])).to_dict()
    within = {"1": 0.5, "25": 0.5, "200": 0.5, "750": 1.0, "2500": 1.0}
    assert told == {"n": 2, "within_km": within, "median_km": 150.1}


def test_no_photo_has_no_share():
    told = nearness(np.zeros(0)).to_dict()
    assert told["n"] == 0
    assert told["median_km"] is None
    assert set(told["within_km"].values()) == {None}
