from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.learning.duplicates import Print, difference_hash, groups
from edgevision.learning.split import folds, hold_out


@st.composite
def albums(draw):
    """Classes and groups of photos; some groups reach over classes."""
    classes = np.array(draw(st.lists(st.integers(0, 4), min_size=1, max_size=60)))
    most = draw(st.integers(1, len(classes)))
    found = draw(st.lists(st.integers(0, most), min_size=len(classes), max_size=len(classes)))
    return classes, np.array(found)


@settings(max_examples=150)
@given(albums(), st.integers(0, 5))
def test_no_group_lies_on_both_sides_and_every_class_stays(album, seed):
    classes, found = album
    held = hold_out(classes, found, seed)
    assert not set(found[held]) & set(found[~held])
    assert set(classes[~held]) == set(classes)
    np.testing.assert_array_equal(held, hold_out(classes, found, seed))
    fold = folds(classes, found, 4, seed)
    for turn in range(4):
        asked = fold == turn
        assert not set(found[asked]) & set(found[~asked])
        assert set(classes[~asked]) == set(classes)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6), st.integers(0, 9))
def test_of_photos_that_differ_a_fifth_of_each_class_is_held_out(sizes, seed):
    classes = np.repeat(np.arange(len(sizes)), sizes)
    held = hold_out(classes, np.arange(len(classes)), seed)
    for index, size in enumerate(sizes):
        expected = 0 if size == 1 else max(1, round(size / 5))
        assert held[classes == index].sum() == expected
    left_out = folds(classes, np.arange(len(classes)), 4, seed)
    for index, size in enumerate(sizes):
        assert (left_out[classes == index] >= 0).all() == (size > 1)


def test_what_stands_for_two_classes_is_never_held_out():
    classes = np.array([0, 0, 0, 1, 1, 1])
    found = np.array([0, 1, 1, 0, 2, 2])
    for seed in range(5):
        assert not hold_out(classes, found, seed)[[0, 3]].any()


def prints(*pictures):
    return [Print(bytes([index]), difference_hash(one)) for index, one in enumerate(pictures)]


def test_smaller_brighter_and_recompressed_copies_are_found(random):
    one, other = (
        cv2.resize(random.integers(0, 200, (12, 16, 3), dtype=np.uint8), (320, 240))
        for _ in range(2)
    )
    small = cv2.resize(one, (90, 60), interpolation=cv2.INTER_AREA)
    bright = np.clip(one.astype(int) + 20, 0, 255).astype(np.uint8)
    coded = cv2.imdecode(cv2.imencode(".jpg", one, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], 1)
    found = groups(prints(one, other, small, bright, coded))
    assert len(set(found[[0, 2, 3, 4]])) == 1
    assert found[1] != found[0]


def test_equal_files_are_a_group_whatever_they_show():
    same = [Print(b"a", bytes(8)), Print(b"b", b"\xff" * 8), Print(b"a", b"\xf0" * 8)]
    found = groups(same)
    assert found[0] == found[2] != found[1]


def test_likeness_goes_on_from_photo_to_photo():
    chain = [bytes([0, 0, 0, 0, 0, 0, 0, 2**k - 1]) for k in (0, 4, 8)]
    assert len(set(groups([Print(bytes([k]), bits) for k, bits in enumerate(chain)]))) == 1


def test_many_photos_are_compared_in_pieces(random):
    bits = [random.integers(0, 256, 8, dtype=np.uint8).tobytes() for _ in range(600)]
    bits[590] = bits[3]
    found = groups([Print(index.to_bytes(2, "big"), one) for index, one in enumerate(bits)])
    assert found[590] == found[3]
    assert len(set(found)) == 599
