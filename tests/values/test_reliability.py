from __future__ import annotations

import numpy as np
import pytest

from edgevision.values.reliability import error_by_chance, expected_calibration_error, reliability


def test_answers_fall_into_the_bin_that_ends_at_or_above_them():
    bins = reliability(np.array([0.1, 0.2, 0.21, 1.0]), np.array([1, 0, 1, 1], bool), 5)
    assert [one.n for one in bins] == [2, 1, 0, 0, 1]
    assert bins[0].accuracy == 0.5
    assert bins[0].confidence == pytest.approx(0.15)


def test_sure_and_wrong_is_an_error_of_one():
    assert expected_calibration_error(reliability(np.ones(4), np.zeros(4, bool))) == 1
    assert expected_calibration_error([]) == 0


def test_chance_makes_less_of_an_error_the_more_answers_there_are():
    few, many = (error_by_chance(np.linspace(0.3, 1, n)) for n in (50, 5000))
    assert few > 0.06
    assert many < 0.02
    assert error_by_chance(np.linspace(0.3, 1, 50)) == few
