from __future__ import annotations

import cv2
import numpy as np
import pytest

from edgevision.app.album import look, read_album
from edgevision.errors import PhotoError


@pytest.fixture
def album(tmp_path, random):
    """Makes folders of noise: `album(robin=2, sparrow=3)`."""

    def make(**sizes):
        for name, size in sizes.items():
            (tmp_path / name).mkdir()
            for index in range(size):
                noise = random.integers(0, 256, (6, 8, 3), dtype=np.uint8)
                cv2.imwrite(str(tmp_path / name / f"{index}.png"), cv2.resize(noise, (80, 60)))
        return tmp_path

    return make


def mean_colour(pixels):
    return pixels.reshape(-1, 3).mean(axis=0).astype(np.float32)


def test_classes_are_the_folders_and_none_comes_last(album):
    folder = album(wren=2, Background=1, robin=3)
    (folder / "loose.jpg").write_bytes(b"")
    (folder / "robin" / "clip.mov").write_bytes(b"")
    (folder / ".hidden").mkdir()
    found = read_album(folder)
    assert found.labels == ("robin", "wren", "none")
    assert found.count == 2
    assert [index for _, index in found.photos] == [0, 0, 0, 1, 1, 2]
    assert found.tally(np.array([0, 0, 2])) == {"robin": 2, "wren": 0, "none": 1}
    assert len(found.others) == 2
    assert any("clip.mov: is no photo" in line for line in found.others)


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ({}, "has no folders"),
        ({"robin": 3}, "has one class, robin"),
        ({"none": 3}, "has no class"),
        ({"robin": 3, "wren": 0}, "wren: has no photos"),
        ({"blue_tit": 1, "Blue-Tit": 1}, "are the same class"),
    ],
)
def test_folders_that_cannot_be_learnt_are_told(album, sizes, words):
    with pytest.raises(PhotoError, match=words):
        read_album(album(**sizes))


def test_no_folder_and_a_file_are_told(tmp_path):
    with pytest.raises(PhotoError, match="no such folder"):
        read_album(tmp_path / "absent")
    (tmp_path / "file").write_text("")
    with pytest.raises(PhotoError, match="cannot be read as a folder"):
        read_album(tmp_path / "file")


def test_what_cannot_be_read_is_named_and_left_out(album):
    folder = album(robin=2, wren=2)
    (folder / "robin" / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    cv2.imwrite(str(folder / "wren" / "tiny.png"), np.zeros((31, 90, 3), np.uint8))
    found = read_album(folder)
    looked = look(found, found.photos, mean_colour)
    assert looked.lesson.vectors.shape == (4, 3)
    assert [path.name for path in looked.paths] == ["0.png", "1.png"] * 2
    assert len(looked.skipped) == 2
    assert any("tiny.png: is only 90x31" in line for line in looked.skipped)


def test_a_class_of_which_nothing_can_be_read_is_an_error(album):
    folder = album(robin=2, wren=1)
    (folder / "wren" / "0.png").write_bytes(b"")
    found = read_album(folder)
    with pytest.raises(PhotoError, match=r"none of the photos of wren .* is empty"):
        look(found, found.photos, mean_colour)


def test_copies_are_found_across_classes(album):
    folder = album(robin=2, wren=2)
    (folder / "wren" / "copy.png").write_bytes((folder / "robin" / "1.png").read_bytes())
    found = read_album(folder)
    looked = look(found, found.photos, mean_colour)
    (group,) = looked.alike()
    assert [str(looked.paths[one].relative_to(folder)) for one in group] == [
        "robin/1.png",
        "wren/copy.png",
    ]
