from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from tiny import classifier

LABELS = "background\ngreen\nblue\ndull red\ndull green\n"
COLOURS = {"green": (0, 255, 0), "blue": (255, 0, 0)}


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    rows = ["path,label"]
    for number in range(6):
        name = ("green", "blue")[number % 2]
        cv2.imwrite(str(folder / f"{number}.png"), np.full((30, 50, 3), COLOURS[name], np.uint8))
        rows.append(f"{number}.png,{name if number else '0'}")
    rows[-1] = "5.png,green"
    rows.append("missing.png,green")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture
def colours(tmp_path):
    return classifier(tmp_path / "colours.tflite", labels=LABELS)


def test_accuracy_is_counted_and_unreadable_photos_are_named(edgevision, photos, colours):
    done = edgevision("eval", "--task", "classify", photos, "--model", colours, "--json")
    assert done.code == 0, done.err
    numbers = json.loads(done.out)
    assert numbers["n"] == 6
    assert numbers["top1"] == pytest.approx(5 / 6)
    assert numbers["top5"] == 1
    assert len(numbers["skipped"]) == 1
    assert "missing.png" in done.err


def test_a_table_with_semicolons_is_one_too(edgevision, photos, colours):
    table = photos / "labels.csv"
    table.write_bytes(b"\xef\xbb\xbf" + table.read_bytes().replace(b",", b";"))
    done = edgevision("eval", "--task", "classify", photos, "--model", colours, "--json")
    assert json.loads(done.out)["n"] == 6


def test_words_for_people(edgevision, photos, colours):
    done = edgevision("eval", "--task", "classify", photos, "--model", colours)
    assert "top-1      83.3% of 6" in done.out
    assert "green -> blue" in done.out


def test_calibration_and_the_worst_classes_are_told(edgevision, photos, colours):
    done = edgevision("eval", "--task", "classify", photos, "--model", colours)
    assert "expected calibration error of 6 photos" in done.out
    assert "right least often:\n    3 of   4  green" in done.out
    numbers = json.loads(
        edgevision("eval", "--task", "classify", photos, "--model", colours, "--json").out
    )
    assert numbers["labels"][0] == {"label": "green", "n": 4, "right": 3}
    assert numbers["confusions"] == [{"label": "green", "guess": "blue", "n": 1}]
    assert numbers["calibration"]["n"] == 6
    assert sum(one["n"] for one in numbers["calibration"]["bins"]) == 6


def test_photos_are_looked_at_in_the_mirror_unless_told_otherwise(edgevision, photos, colours):
    words = ("eval", "--task", "classify", photos, "--model", colours, "--json")
    assert json.loads(edgevision(*words).out)["mirror"] is True
    assert json.loads(edgevision(*words, "--no-mirror").out)["mirror"] is False


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_confusions_and_calibration_are_drawn(edgevision, photos, colours, tmp_path, ending):
    pytest.importorskip("matplotlib")
    words = ("eval", "--task", "classify", photos, "--model", colours, "--plot")
    pictures = []
    for name in ("one", "two"):
        done = edgevision(*words, tmp_path / f"{name}.{ending}")
        assert done.code == 0, done.err
        pictures.append((tmp_path / f"{name}.{ending}").read_bytes())
    assert pictures[0] == pictures[1]
    if ending == "png":
        assert cv2.imread(str(tmp_path / "one.png")).std() > 10


def test_a_plot_that_cannot_be_is_told_before_anything_is_measured(edgevision, photos, colours):
    words = ("eval", "--task", "classify", photos, "--model", colours, "--plot")
    assert ".png or .svg" in edgevision(*words, "a.gif").refused()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "labels.csv"),
        ("photo,name\na.png,x\n", "path"),
        ("path,label\n0.png,mauve\n", "labels.csv:2"),
        ("path,label\n0.png\n", "labels.csv:2"),
    ],
)
def test_a_bad_labels_file_is_one_line(edgevision, photos, colours, text, says):
    if text is None:
        (photos / "labels.csv").unlink()
    else:
        (photos / "labels.csv").write_text(text)
    line = edgevision("eval", "--task", "classify", photos, "--model", colours).refused()
    assert says in line


def test_no_dog_is_told_from_dogs(edgevision, shared, tmp_path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    rows = ["path,label"]
    dogs = (shared / "photos/dogs/train/labels.csv").read_text().splitlines()[1:21]
    rows += [f"{shared}/photos/dogs/train/{row}" for row in dogs]
    rows += [f"{shared}/photos/nodogs/none_{number:03d}.jpg,none" for number in range(20)]
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    numbers = json.loads(edgevision("eval", "--task", "dogs", folder, "--json").out)
    assert numbers["n"] == 20
    assert numbers["top1"] >= 0.6
    assert numbers["accepted"] >= 0.8
    assert numbers["absent"]["n"] == 20
    assert numbers["absent"]["false_accepts"] <= 3


def test_bench_leaves_nothing_out_and_prints_its_figures(edgevision, clip, colours):
    done = edgevision(
        *("bench", "--source", clip, "--model", colours, "--task", "classify"),
        *("--rounds", "1", "--frames", "60", "--json"),
    )
    assert done.code == 0, done.err
    numbers = json.loads(done.out)
    wanted = {"ratio", "pipeline_fps", "raw_fps", "decode_fps", "added_p95_ms", "rss_mb"}
    assert wanted | {"first_result_s"} <= set(numbers)
    assert numbers["counts"] == {"inferred": 60, "drawn": 60, "stored": 60, "written": 60}
    assert numbers["complete"]
    done = edgevision(
        *("bench", "--source", clip, "--model", colours, "--task", "classify"),
        *("--rounds", "1", "--frames", "50"),
    )
    assert "left out      nothing" in done.out


def test_bench_runs_at_the_resolution_that_is_asked_for(edgevision, clip):
    given = ("bench", "--source", clip, "--model", "mobilenet_v2", "--task", "dogs")
    amount = ("--rounds", "1", "--frames", "50", "--json")
    done = edgevision(*given, "--resolution", "128", *amount)
    assert done.code == 0, done.err
    small = json.loads(done.out)
    assert small["resolution"] == 128
    assert small["complete"]
    assert "--resolution" in edgevision(*given, "--resolution", "100", *amount).refused()


def test_bench_of_what_has_no_end_says_what_would_do(edgevision):
    line = edgevision("bench", "--source", "synthetic:", "--task", "classify").refused()
    assert "`edgevision bench` do; expected file: or images:" in line


def test_bench_without_a_source_says_what_is_missing(edgevision):
    assert "--source" in edgevision("bench").refused()
