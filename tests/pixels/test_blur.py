from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgevision.pixels.blur import blurred
from edgevision.values.box import FULL, Box

BOX = Box(0.25, 0.25, 0.5, 0.5)


def test_the_box_stays_and_the_picture_is_left_as_it_was(random):
    pixels = random.integers(0, 256, (90, 120, 3), dtype=np.uint8)
    before = pixels.copy()
    shown = blurred(pixels, [BOX])
    left, top, right, bottom = BOX.to_pixels(120, 90)
    assert (shown[top:bottom, left:right] == pixels[top:bottom, left:right]).all()
    assert (pixels == before).all()
    assert (blurred(pixels, [FULL]) == pixels).all()


def test_the_rest_holds_no_more_than_twelve_by_nine_colours(random):
    pixels = random.integers(0, 256, (360, 480, 3), dtype=np.uint8)
    # Another picture with the same means: its details are gone without a trace.
    other = np.ascontiguousarray(pixels.reshape(9, 40, 12, 40, 3)[:, ::-1, :, ::-1])
    other = other.reshape(360, 480, 3)
    assert (pixels != other).any()
    assert (blurred(pixels) == blurred(other)).all()


@given(st.integers(1, 200), st.integers(1, 200))
def test_any_size_is_blurred(width, height):
    pixels = np.zeros((height, width, 3), np.uint8)
    assert blurred(pixels, [BOX]).shape == pixels.shape


def test_of_a_photo_no_edge_is_left(shared):
    photo = cv2.imread(str(min((shared / "photos" / "dogs" / "test").glob("**/*.jpg"))))
    assert cv2.Canny(photo, 100, 200).mean() > 1
    assert cv2.Canny(blurred(photo), 100, 200).mean() == 0
