"""Folders and patterns of photos."""

from __future__ import annotations

import logging
from itertools import islice

import cv2
import numpy as np
import pytest

from edgevision.errors import PhotoError, UriError
from edgevision.sources.uri import make


@pytest.fixture
def folder(tmp_path):
    for number, name in enumerate(["b.png", "a.png", "c é.png"]):
        pixels = np.full((8 + number, 9, 3), 50 * number, np.uint8)
        (tmp_path / name).write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    (tmp_path / "notes.txt").write_text("no photo")
    return tmp_path


def names(source):
    return [frame.name for frame in source]


def test_the_photos_of_a_folder_in_the_order_of_their_names(folder):
    with make(f"images:{folder}", "album") as source:
        frames = list(source)
    assert [frame.name for frame in frames] == ["a.png", "b.png", "c é.png"]
    assert [frame.number for frame in frames] == [0, 1, 2]
    assert [frame.seconds for frame in frames] == [0.0, 1.0, 2.0]
    assert [frame.height for frame in frames] == [9, 8, 10]
    assert {frame.source for frame in frames} == {"album"}
    assert all(frame.taken_at is None for frame in frames)


def test_patterns_single_photos_and_depth(folder):
    with make(f"images:{folder}/[ab].png?fps=25") as source:
        assert [(f.name, f.seconds) for f in source] == [("a.png", 0.0), ("b.png", 0.04)]
    with make(f"images:{folder}/b.png") as source:
        assert names(source) == ["b.png"]
    with make(f"images:{folder.parent}/**/{folder.name}/*.png") as source:
        assert len(names(source)) == 3


def test_those_that_cannot_be_read_are_skipped_counted_and_named_once(folder, caplog):
    (folder / "aa.jpg").write_bytes(b"")
    (folder / "bb.jpg").write_bytes(b"not a photo")
    with caplog.at_level(logging.WARNING), make(f"images:{folder}?loop=1") as source:
        frames = list(islice(source, 7))
    assert [frame.number for frame in frames] == list(range(7))
    assert [frame.name[0] for frame in frames] == list("abcabca")
    assert source.skipped == [str(folder / "aa.jpg"), str(folder / "bb.jpg")]
    (record,) = caplog.records
    assert "skipped 2 of 5" in record.message
    assert "aa.jpg: is empty" in record.message


def test_many_skipped_photos_do_not_flood_the_log(folder, caplog):
    for number in range(30):
        (folder / f"x{number}.jpg").write_bytes(b"")
    with caplog.at_level(logging.WARNING), make(f"images:{folder}") as source:
        assert len(names(source)) == 3
    assert "and 20 more" in caplog.text
    assert len(source.skipped) == 30


def test_a_folder_without_one_readable_photo(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"")
    with (
        make(f"images:{tmp_path}") as source,
        pytest.raises(PhotoError, match=r"none of its 1.*empty"),
    ):
        list(source)


def test_nothing_there(tmp_path):
    for text in (f"images:{tmp_path}", f"images:{tmp_path}/*.jpg", f"images:{tmp_path}/none"):
        with pytest.raises(UriError, match=r"no .*photo"), make(text):
            pass


def test_stop(folder):
    with make(f"images:{folder}?loop=1") as source:
        for frame in source:
            if frame.number == 4:
                source.stop()
    assert frame.number == 4


def test_damaged_photos_among_good_ones(shared):
    with make(f"images:{shared}/photos/exif-gps") as source:
        given = len(names(source))
    assert len(source.skipped) == 3
    assert given == len(list((shared / "photos/exif-gps").glob("*.jpg"))) - 3
