from __future__ import annotations

import json
import shutil

import cv2
import numpy as np
import pytest
from tiny import classifier

LABELS = "red\ngreen\nblue\ndull red\ndull green\n"


@pytest.fixture
def red(tmp_path):
    path = tmp_path / "red.png"
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[..., 2] = 255
    cv2.imwrite(str(path), pixels)
    return path


@pytest.fixture
def colours(tmp_path):
    return classifier(tmp_path / "colours.tflite", labels=LABELS)


def test_a_dog_and_a_fish(edgevision, shared):
    fish = shared / "photos/imagenet/samples/n01440764.jpg"
    row = (shared / "photos/dogs/train/labels.csv").read_text().splitlines()[3].split(",")
    dog = shared / "photos/dogs/train" / row[0]
    done = edgevision("classify", fish, dog, "--task", "classify,dogs", "--json")
    assert done.code == 0, done.err
    first, second = json.loads(done.out)
    assert first["results"][0]["guesses"][0]["label"] == "tench"
    assert first["results"][1]["verdict"] == "nothing"
    assert second["results"][1]["verdict"] == "seen"
    assert second["path"] == str(dog)


def test_words_and_bars_for_people(edgevision, shared):
    fish = shared / "photos/imagenet/samples/n01440764.jpg"
    done = edgevision("classify", fish, "--task", "classify,dogs")
    assert "classify: Tench" in done.out
    assert "####" in done.out
    assert "dogs: none there" in done.out


def test_a_folder_is_all_its_photos_and_bad_ones_are_named_at_the_end(
    edgevision, red, colours, tmp_path
):
    folder = tmp_path / "photos"
    folder.mkdir()
    shutil.copy(red, folder / "a.png")
    (folder / "b.jpg").write_bytes(b"")
    shutil.copy(red, folder / "c.png")
    (folder / "notes.txt").write_text("no photo")
    done = edgevision("classify", folder, "--task", "classify", "--model", colours, "--json")
    assert "b.jpg" in done.refused()
    assert [one["path"][-5:] for one in json.loads(done.out)] == ["a.png", "c.png"]


def test_a_folder_without_photos_does_not_keep_the_others_back(edgevision, red, colours, tmp_path):
    (tmp_path / "none").mkdir()
    flags = ("--task", "classify", "--model", colours, "--json")
    done = edgevision("classify", "none", red, *flags)
    assert done.refused() == "edgevision: none: no photos in this folder"
    assert [one["path"] for one in json.loads(done.out)] == [str(red)]


def test_a_photo_of_32_bits_is_said_to_be_one_and_not_to_be_damaged(edgevision, colours, tmp_path):
    path = tmp_path / "deep.tiff"
    cv2.imwrite(str(path), np.zeros((30, 40, 3), np.float32))
    done = edgevision("classify", path, "--task", "classify", "--model", colours)
    assert "has 32 bits a sample" in done.refused()
    assert "OpenCV" not in done.err


@pytest.mark.parametrize("size", [(1, 1), (5, 12000), (2000, 30)])
def test_photos_of_any_size(edgevision, colours, tmp_path, size):
    path = tmp_path / "odd.png"
    cv2.imwrite(str(path), np.full((*size, 3), (0, 0, 255), np.uint8))
    done = edgevision("classify", path, "--task", "classify", "--model", colours, "--json")
    assert json.loads(done.out)[0]["results"][0]["guesses"][0]["label"] == "red"


def test_an_empty_folder_and_no_folder(edgevision, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "no photos in this folder" in edgevision("classify", "empty").refused()
    assert "nowhere.jpg" in edgevision("classify", "nowhere.jpg").refused()


def test_the_three_damaged_photos_are_refused(edgevision, shared, colours):
    folder = shared / "photos/exif-gps"
    done = edgevision("classify", folder, "--task", "classify", "--model", colours, "--json")
    assert done.code == 2
    assert len([line for line in done.err.splitlines() if line.startswith("edgevision:")]) == 3
    assert "Traceback" not in done.err


def test_a_float_network_is_given_what_its_training_gave_it(edgevision, tmp_path):
    path = tmp_path / "reddish.png"
    cv2.imwrite(str(path), np.full((20, 20, 3), (30, 60, 200), np.uint8))
    model = classifier(tmp_path / "float.tflite", dtype="float32", labels=LABELS)
    call = ("classify", path, "--task", "classify", "--json")
    scores = [
        json.loads(edgevision(*call, EDGEVISION_MODEL__USE=str(model), **normalised).out)[0][
            "results"
        ][0]["guesses"][0]["score"]
        for normalised in (
            {},
            {"EDGEVISION_MODEL__MEAN": "127.5", "EDGEVISION_MODEL__DEVIATION": "127.5"},
            {"EDGEVISION_MODEL__MEAN": "0", "EDGEVISION_MODEL__DEVIATION": "255"},
        )
    ]
    assert scores[0] == scores[1]
    assert scores[0] != scores[2]
