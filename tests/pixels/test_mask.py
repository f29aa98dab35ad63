from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.pixels.mask import MaskPainter

SHARES = st.integers(0, 1000).map(lambda thousandths: thousandths / 1000)


def inside(polygon, width: int, height: int):
    """Pixels whose middle lies in the polygon, by the even-odd rule."""
    ys, xs = np.mgrid[0:height, 0:width] + 0.5
    found = np.zeros((height, width), bool)
    corners = [(x * width, y * height) for x, y in polygon]
    for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if y0 == y1:
            continue
        crosses = (y0 <= ys) != (y1 <= ys)
        found ^= crosses & (xs < x0 + (ys - y0) / (y1 - y0) * (x1 - x0))
    return found


@given(
    st.lists(st.tuples(SHARES, SHARES), min_size=3, max_size=8),
    st.integers(2, 90),
    st.integers(2, 90),
)
@settings(max_examples=200)
def test_no_pixel_whose_middle_lies_in_a_polygon_is_left(polygon, width, height):
    pixels = np.full((height, width, 3), 255, np.uint8)
    MaskPainter([polygon]).paint(pixels)
    assert not pixels[inside(polygon, width, height)].any()


def test_what_is_well_outside_stays():
    pixels = np.full((100, 200, 3), 255, np.uint8)
    MaskPainter([[(0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75)]]).paint(pixels)
    left = pixels.any(axis=2)
    assert left[:23].all()
    assert left[:, :48].all()
    assert left[77:].all()
    assert left[:, 152:].all()


@pytest.mark.parametrize("order", [1, -1])
def test_where_two_overlap_it_is_black(order):
    pixels = np.full((60, 60, 3), 255, np.uint8)
    square = [(0.1, 0.1), (0.6, 0.1), (0.6, 0.6), (0.1, 0.6)]
    other = [(0.3, 0.3), (0.9, 0.3), (0.9, 0.9), (0.3, 0.9)][::order]
    MaskPainter([square, other]).paint(pixels)
    assert not pixels[20:34, 20:34].any()
