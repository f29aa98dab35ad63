from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.values.box import FULL, Box, clipped

side = st.floats(0.001, 1.0)


@st.composite
def boxes(draw) -> Box:
    width, height = draw(side), draw(side)
    return Box(draw(st.floats(0, 1 - width)), draw(st.floats(0, 1 - height)), width, height)


sizes = st.integers(1, 4000)


@given(boxes(), sizes, sizes)
def test_pixels_are_in_the_frame_and_never_empty(box, width, height):
    left, top, right, bottom = box.to_pixels(width, height)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height


@given(boxes(), st.integers(10, 2000), st.integers(10, 2000), st.floats(0, 1))
def test_a_squared_box_is_square_in_pixels_unless_the_frame_is_too_small(
    box, width, height, padding
):
    squared = box.squared(width, height, padding)
    wide, high = squared.width * width, squared.height * height
    wanted = max(box.width * width, box.height * height) * (1 + 2 * padding)
    assert math.isclose(wide, min(wanted, width), rel_tol=1e-6)
    assert math.isclose(high, min(wanted, height), rel_tol=1e-6)


@given(boxes(), st.integers(10, 2000), st.integers(10, 2000))
def test_a_squared_box_holds_the_box_when_it_fits(box, width, height):
    squared = box.squared(width, height)
    if squared.width < 1 and squared.height < 1:
        slack = 1e-6
        assert squared.x <= box.x + slack
        assert squared.x + squared.width >= box.x + box.width - slack
        assert squared.y <= box.y + slack
        assert squared.y + squared.height >= box.y + box.height - slack


@given(boxes(), boxes())
def test_overlap_is_a_symmetric_share(one, other):
    assert math.isclose(one.overlap(other), other.overlap(one), abs_tol=1e-9)
    assert -1e-9 <= one.overlap(other) <= 1 + 1e-9
    assert math.isclose(one.overlap(one), 1.0, rel_tol=1e-6)


def test_overlap_of_halves_that_share_a_third():
    assert Box(0, 0, 0.5, 1).overlap(Box(0.25, 0, 0.5, 1)) == pytest.approx(1 / 3)
    assert Box(0, 0, 0.4, 1).overlap(Box(0.5, 0, 0.4, 1)) == 0


@given(boxes(), boxes())
def test_a_box_within_another_lies_in_it(inner, outer):
    placed = inner.within(outer)
    assert placed.x >= outer.x - 1e-6
    assert placed.x + placed.width <= outer.x + outer.width + 1e-6


def test_full_within_is_the_box_itself():
    box = Box(0.1, 0.2, 0.3, 0.4)
    assert FULL.within(box).as_tuple() == pytest.approx(box.as_tuple())


@pytest.mark.parametrize(
    "sides",
    [(0, 0, 0, 1), (0, 0, 1.1, 1), (-0.1, 0, 0.5, 0.5), (0.6, 0, 0.5, 1), (math.nan, 0, 1, 1)],
)
def test_what_is_no_part_of_the_frame_is_refused(sides):
    with pytest.raises(ValueError, match="not inside"):
        Box(*sides)


def test_clipped_keeps_the_part_inside():
    assert clipped(-0.5, 0.5, 1.0, 1.0) == Box(0, 0.5, 0.5, 0.5)
    with pytest.raises(ValueError, match="not inside"):
        clipped(1.5, 0, 0.5, 0.5)
