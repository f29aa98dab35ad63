from __future__ import annotations

import cv2
import numpy as np
import pytest

from edgevision.pixels.encode import jpeg, write_atomically
from edgevision.pixels.fit import letterboxed
from edgevision.pixels.rate import Rate


def test_a_jpeg_keeps_size_and_colours():
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[...] = (220, 60, 20)
    back = cv2.imdecode(np.frombuffer(jpeg(pixels), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    assert back.shape == pixels.shape
    assert np.abs(back.astype(int) - pixels).max() < 8


def test_quality_costs_bytes(random):
    pixels = random.integers(0, 255, (60, 60, 3), dtype=np.uint8)
    assert len(jpeg(pixels, 95)) > len(jpeg(pixels, 30))


def test_a_picture_that_jpeg_cannot_hold_is_refused():
    with pytest.raises(ValueError, match="no JPEG of 70000x1"):
        jpeg(np.zeros((1, 70_000, 3), np.uint8))


def test_a_file_is_written_whole_and_nothing_beside_it(tmp_path):
    path = tmp_path / "x.jpg"
    path.write_bytes(b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_on_a_full_disk_the_old_file_stays(small_disk):
    path = small_disk / "x.jpg"
    path.write_bytes(b"old")
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, bytes(10**6))
    assert path.read_bytes() == b"old"
    assert sorted(entry.name for entry in small_disk.iterdir()) == ["ballast", "x.jpg"]


@pytest.mark.parametrize(
    ("size", "inner"), [((100, 50), (0, 50, 25, 75)), ((30, 80), (25, 55, 0, 30))]
)
def test_a_letterboxed_picture_is_centred_on_black(size, inner):
    square = np.full((64, 64, 3), 200, np.uint8)
    boxed = letterboxed(square, *size)
    assert boxed.shape == (size[1], size[0], 3)
    top, bottom, left, right = inner
    assert (boxed[top:bottom, left:right] == 200).all()
    assert int((boxed == 200).all(axis=2).sum()) == (bottom - top) * (right - left)


def test_a_picture_of_that_size_is_passed_through():
    square = np.zeros((8, 8, 3), np.uint8)
    assert letterboxed(square, 8, 8) is square


def test_the_rate_settles_on_the_true_one():
    rate = Rate()
    assert rate.tick(0.0) is None
    assert rate.tick(0.1) == pytest.approx(10)
    for number in range(2, 100):
        last = rate.tick(0.1 + (number - 1) / 25)
    assert last == pytest.approx(25, rel=0.02)
    assert rate.tick(0.0) == pytest.approx(last)
