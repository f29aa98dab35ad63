"""The command with the real network, on small pictures that a test draws, and on photos."""

from __future__ import annotations

import csv
import json
import shutil
import signal
import subprocess
import sys

import cv2
import numpy as np
import pytest


def texture(random, kind):
    """A picture of 160x120: stripes, dots or noise, in changing colours and sizes."""
    picture = np.full((120, 160, 3), random.integers(0, 120, 3), np.uint8)
    colour = tuple(map(int, random.integers(130, 256, 3)))
    step = int(random.integers(10, 24))
    if kind == "stripes":
        for x in range(int(random.integers(0, step)), 160, step):
            cv2.line(picture, (x, 0), (x, 119), colour, step // 3)
    elif kind == "dots":
        for x in range(0, 160, step):
            for y in range(int(random.integers(0, step)), 120, step):
                cv2.circle(picture, (x, y), step // 3, colour, -1)
    else:
        noise = random.integers(0, 256, (120 // 3, 160 // 3, 3), dtype=np.uint8)
        picture = cv2.resize(noise, (160, 120), interpolation=cv2.INTER_NEAREST)
    return picture


@pytest.fixture
def album(tmp_path, random):
    """Folders of such pictures: `album(stripes=6, dots=6)`."""

    def make(**sizes):
        for kind, size in sizes.items():
            (tmp_path / "album" / kind).mkdir(parents=True)
            for index in range(size):
                path = tmp_path / "album" / kind / f"{index:02d}.png"
                cv2.imwrite(str(path), texture(random, kind))
        return tmp_path / "album"

    return make


def tasks_of(tmp_path):
    """The files of taught tasks, hidden ones too."""
    return [path.name for path in files_in(tmp_path / "home")]


def files_in(home):
    return sorted(path for path in home.rglob("tasks/*") if path.is_file())


def test_a_task_is_taught_run_listed_moved_and_removed(edgevision, album, tmp_path):
    folder = album(stripes=8, dots=8, noise=8)
    done = edgevision("learn", "textures", folder, "--json")
    assert done.code == 0, done.err
    (told,) = done.events
    assert told["task"] == "textures"
    assert told["method"] == "softmax regression"
    assert told["classes"]["dots"] == {"photos": 8, "held_out": 2}
    assert told["held_out"]["n"] == 6
    assert told["held_out"]["top1"] >= 5 / 6
    assert tasks_of(tmp_path) == ["textures.efficientnet_lite0.npz"]

    first = files_in(tmp_path / "home")[0].read_bytes()
    again = edgevision("learn", "textures", folder)
    assert "taught anew" in again.out
    assert "run it     edgevision run --task textures" in again.out
    assert files_in(tmp_path / "home")[0].read_bytes() == first

    seen = edgevision("classify", "--task", "textures,classify", folder / "dots", "--json")
    assert seen.code == 0, seen.err
    results = [one["results"][0] for one in json.loads(seen.out)]
    assert all(result["task"] == "textures" for result in results)
    assert sum(result["guesses"][0]["label"] == "dots" for result in results) >= 7

    assert (
        "textures  efficientnet_lite0  3 classes: dots, noise, stripes"
        in edgevision("learn", "list").out
    )
    assert edgevision("learn", "export", "textures", "t.npz").code == 0
    assert edgevision("learn", "remove", "textures").code == 0
    assert tasks_of(tmp_path) == []
    gone = edgevision("classify", "--task", "textures", folder / "dots")
    assert "task 'textures' is not known" in gone.refused()
    assert "run --task textures" in edgevision("learn", "import", "t.npz").out
    assert tasks_of(tmp_path) == ["textures.efficientnet_lite0.npz"]
    other = edgevision("classify", "--task", "textures", "--model", "mobilenet_v2", folder / "dots")
    assert "was taught with efficientnet_lite0" in other.refused()


def test_one_photo_a_class_is_enough_and_its_worth_is_not_known(edgevision, album):
    folder = album(stripes=1, dots=1)
    done = edgevision("learn", "--model", "mobilenet_v2", "two", folder)
    assert done.code == 0, done.err
    assert "imprinted" in done.out
    assert "how right it will be is not known" in done.out
    assert "how well dots, stripes will be told is not known" in done.out


def test_bad_photos_and_copies_are_named(edgevision, album):
    folder = album(stripes=5, dots=5)
    (folder / "dots" / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    shutil.copy(folder / "dots" / "00.png", folder / "stripes" / "copy.png")
    done = edgevision("learn", "some", folder)
    assert done.code == 0, done.err
    assert "skipped: " in done.err
    assert "broken.jpg" in done.err
    assert "the same photo stands for different classes" in done.out
    assert "dots/00.png and" in done.out


@pytest.mark.parametrize(
    ("sizes", "name", "words"),
    [
        ({"stripes": 2}, "one", "has one class, stripes"),
        ({"stripes": 2, "dots": 0}, "two", "has no photos"),
        ({"stripes": 1, "dots": 1}, "dogs", "comes with the package"),
        ({"stripes": 1, "dots": 1}, "a/b", "cannot be a task's name"),
    ],
)
def test_what_cannot_be_taught_is_one_line_and_leaves_nothing(
    edgevision, album, tmp_path, sizes, *, name, words
):
    done = edgevision("learn", name, album(**sizes))
    assert words in done.refused()
    assert tasks_of(tmp_path) == []


def test_a_network_without_an_embedding_cannot_be_taught(edgevision, album, shared, tmp_path):
    model = shared / "models/mobilenet_v1_0.25_128_quant.tflite"
    done = edgevision("learn", "two", album(stripes=1, dots=1), "--model", model)
    assert "gives no embedding" in done.refused()
    assert tasks_of(tmp_path) == []


def test_a_run_that_is_killed_leaves_nothing(album, tmp_path, environment):
    folder = album(stripes=40, dots=40)
    words = [sys.executable, "-m", "edgevision", "learn", "textures", str(folder)]
    with subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, cwd=tmp_path) as running:
        assert running.stderr.read(8) == b"learning"
        running.send_signal(signal.SIGKILL)
    assert running.returncode == -signal.SIGKILL
    assert tasks_of(tmp_path) == []


@pytest.mark.parametrize("photos", [1, 10])
def test_landmarks_are_told_apart(edgevision, shared, tmp_path, photos):
    # Five landmarks of the training photos; those that are not learnt are asked about.
    source = shared / "photos/landmarks/train"
    with (source / "labels.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    chosen = ["alhambra", "angkor_wat", "burj_khalifa", "colosseum", "petra"]
    learnt, asked = tmp_path / "album", tmp_path / "asked"
    truth = ["path,label"]
    for label in chosen:
        (learnt / label).mkdir(parents=True)
        paths = [source / row["path"] for row in rows if row["label"] == label]
        for index, path in enumerate(paths):
            if index < min(photos, len(paths) - 3):
                shutil.copy(path, learnt / label / path.name)
            else:
                asked.mkdir(exist_ok=True)
                shutil.copy(path, asked / f"{label}-{path.name}")
                truth.append(f"{label}-{path.name},{label}")
    for index, path in enumerate(sorted((shared / "photos/dogs/train").glob("*.jpg"))[:30]):
        shutil.copy(path, asked / f"dog-{index}.jpg")
        truth.append(f"dog-{index}.jpg,none")
    (asked / "labels.csv").write_text("\n".join(truth) + "\n")
    done = edgevision("learn", "places", learnt)
    assert done.code == 0, done.err
    found = edgevision("eval", "--task", "places", asked, "--json")
    assert found.code == 0, found.err
    told = found.events[0]
    assert told["n"] == len(truth) - 31
    assert told["top1"] >= (0.45 if photos == 1 else 0.85)
    assert told["accepted"] >= (0.5 if photos == 1 else 0.85)
    assert told["absent"]["false_accepts"] <= 4


def test_a_folder_is_no_file_to_take_in(edgevision, tmp_path):
    line = edgevision("learn", "import", tmp_path).refused()
    assert line == f"edgevision: {tmp_path}: is a folder; expected a file of `learn export`"
