"""The scripts run, and the docs say what was measured."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys

import pytest
from brokers import mosquitto_path

from edgevision.zoo.pinned import pinned


@pytest.fixture
def folder(project):
    return project / "benchmarks"


@pytest.fixture
def script(folder, shared, tmp_path):
    """Runs a script with tiny settings; gives what it wrote and what it printed."""

    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))

    def run(name, *arguments):
        done = subprocess.run(
            [sys.executable, folder / f"{name}.py", *arguments, "--results", tmp_path],
            # Where sys.path has no folder of the script, it still finds those beside it.
            env={**os.environ, "PYTHONPATH": path, "EDGEVISION_TEST_DATA": str(shared)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads((tmp_path / f"{name}.json").read_text()), done.stdout

    return run


@pytest.fixture
def report(folder, monkeypatch):
    monkeypatch.syspath_prepend(str(folder))
    return importlib.import_module("report")


def test_the_pipeline_is_measured_on_every_network(script):
    found, said = script("pipeline", "--rounds", "1", "--frames", "50")
    assert [run["model"] for run in found["runs"]] == [
        "mobilenet_v1_0.75_192_quant",
        "default",
        "default",
        "mobilenet_v2",
    ]
    for run in found["runs"]:
        assert run["complete"]
        assert run["frames"] == 50
        assert f"`{run['model']}`, {' and '.join(run['task'])} | {run['raw_fps']:.0f}" in said


def test_peers_see_the_same_and_are_compared_with_the_network_alone(script):
    found, said = script(
        "peers", "--rounds", "1", "--frames", "20", "--peers", "raw,sequential,opencv_dnn"
    )
    assert found["left_out"] == {}
    assert found["runs"]["raw"]["ratio"] == 1
    assert found["runs"]["sequential"]["most_often"] == found["runs"]["opencv_dnn"]["most_often"]
    assert "OpenCV and LiteRT in a plain loop" in said


def test_accuracy_is_counted_on_every_set(script):
    found, said = script("accuracy", "--models", "mobilenet_v2", "--limit", "12")
    sets = found["sets"]["mobilenet_v2"]
    assert sets["imagenet"]["n"] == 12
    assert sets["dogs"]["n"] == 12
    assert sets["unseen_dogs"]["n"] + sets["unseen_dogs"]["absent"] == 12
    assert sets["nodogs"]["absent"] == 12
    assert sets["dogs"]["top1"] > 6
    assert {way["n"] for way in found["fitting"]["mobilenet_v2"].values()} == {12}
    assert "dalmatian" in said


def test_accuracy_is_counted_at_each_resolution(script):
    found, _ = script("accuracy", "--models", "mobilenet_v2", "--limit", "40")
    sides = found["sides"]["mobilenet_v2"]
    assert set(sides) == {"192", "160", "128"}
    assert all(one["dogs"]["n"] == one["imagenet"]["n"] == 40 for one in sides.values())
    # The same 40 photos: a small input is no better, and gives other answers.
    assert sides["128"]["dogs"]["top1"] < found["sets"]["mobilenet_v2"]["dogs"]["top1"]


def test_ways_to_look_at_dogs_are_compared(script):
    found, said = script("dogs", "--limit", "6")
    assert found["views"]["efficientnet_lite0@256+mirror"]["dogs"]["n"] == 6
    read = found["tests"]["efficientnet_lite0@256+mirror"]
    assert len(read["test"]["right"]) == read["test"]["n"] == 6
    assert read["nodogs"]["absent"] == 6
    assert read["new"]["n"] + read["new"]["absent"] == 6
    assert found["frames"]["256"]["dogs"]["n"] == 6
    assert "| `efficientnet_lite0` | 256 | two |" in said


def test_other_pairs_heads_and_temperatures_for_dogs_are_compared(script, project, tmp_path):
    # Lite1 is in no package; the same network under both names errs nowhere else.
    for kind, end in (("models", "tflite"), ("heads", "dogs.npz"), ("heads", "imagenet1k.npz")):
        source = project / "edgevision" / "data" / kind
        (tmp_path / kind).mkdir(exist_ok=True)
        for name in ("efficientnet_lite1", "efficientnet_lite0"):
            shutil.copy(source / f"efficientnet_lite0.{end}", tmp_path / kind / f"{name}.{end}")
    found, said = script("dog_trials", "--lite1", tmp_path, "--limit", "6")
    assert found["pairs"][0]["imagenet/val"]["n"] == 6
    assert found["pairs"][0]["dogs/train"]["won"] == found["pairs"][0]["dogs/train"]["lost"] == 0
    first = found["heads"][0]
    assert (first["head"], first["camera"]["n"]) == ("trained rows", 24)
    assert {one["n"] for one in found["scores"]} == {6}
    assert "discriminants alone" in said


@pytest.fixture
def models(shared, tmp_path):
    """A small network and its twin for the Edge TPU."""
    folder = tmp_path / "models"
    folder.mkdir()
    for name in ("mobilenet_v1_0.25_128_quant", "mobilenet_v1_0.25_128_quant_edgetpu"):
        shutil.copy(shared / "models" / f"{name}.tflite", folder)
    return folder


def test_every_network_is_timed_and_joined_with_its_accuracy(script, models, report):
    given = ("--models", models, "--rounds", "1", "--threads-list", "1", "--without-fit")
    found, said = script("zoo", *given)
    # Where the older runtime is installed, it is timed as well.
    runs = {
        (run["id"], run["resolution"]): run
        for run in found["runs"]
        if run["runtime"].startswith("litert")
    }
    assert ("mobilenet_v2", 160) in runs
    assert ("mobilenet_v1_0.25_128_quant", 128) in runs
    assert set(found["left_out"]) == {"mobilenet_v1_0.25_128_quant_edgetpu"}
    sets = report.measured_before()["accuracy"]["sets"]
    counts = sets["mobilenet_v1_0.25_128_quant"]["imagenet"]
    share = report.accuracy.percent(counts["top1"], counts["n"])
    assert f"`mobilenet_v1_0.25_128_quant` | 128 | 14 | 0.47 | 0.5 | {share}" in said
    assert "compiled for the Edge TPU" in said
    smaller = report.measured_before()["accuracy"]["sides"]["mobilenet_v2"]["160"]["imagenet"]
    share = report.accuracy.percent(smaller["top1"], smaller["n"])
    assert f"| `mobilenet_v2` | 160 | {runs['mobilenet_v2', 160]['ms']:.1f} | {share}" in said


DOCUMENTS = ["docs/benchmarks.md", "docs/accuracy.md", "docs/models.md", "docs/resolution.md"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_docs_say_what_was_measured(report, project, name):
    text = (project / name).read_text()
    figures = report.figures()
    written = report.marked(text)
    assert written
    assert written == {marker: figures[marker] for marker in written}


def test_every_table_is_in_the_docs(report, project):
    texts = "".join((project / name).read_text() for name in report.DOCS)
    assert set(report.marked(texts)) == set(report.figures())


def test_the_registry_says_what_was_measured(report, project):
    accuracy = report.measured_before()["accuracy"]
    text = (project / "edgevision" / "zoo" / "registry.yaml").read_text()
    assert report.with_measured(text, accuracy) == text
    known = {**pinned("embedded"), **pinned("registry")}
    measured = {name: dict(entry.measured_top1) for name, entry in known.items()}
    for name, sets in accuracy["sets"].items():
        counted = sets["imagenet"]
        share = round(100 * counted["top1"] / counted["n"], 1)
        assert measured.pop(name)[known[name].resolution] == share
    assert not any(measured.values())
    for name in ("efficientnet_lite0", "mobilenet_v2", "tf2_mobilenet_v2_1.0_224_ptq"):
        assert set(known[name].measured_top1) == {224, 192, 160, 128}


def test_an_accuracy_that_was_not_measured_leaves_the_registry(report):
    accuracy = {"sets": {"mobilenet_v2": {"imagenet": {"n": 8, "top1": 5}}}, "sides": {}}
    old = (
        "mobilenet_v2:\n  resolution: 224\n  measured_top1:\n    224: 1.0\n    96: 2.0\n"
        "  licence: free\n\n# a remark\nbirds:\n  measured_top1:\n    224: 50.0\n  licence: free\n"
    )
    assert report.with_measured(old, accuracy) == (
        "mobilenet_v2:\n  resolution: 224\n  measured_top1:\n    224: 62.5\n"
        "  licence: free\n\n# a remark\nbirds:\n  licence: free\n"
    )


def test_the_picture_shows_what_was_measured(report, project, tmp_path):
    results = report.measured_before()
    of = (results["zoo"], results["accuracy"])
    digest = importlib.import_module("points").digest(*of).encode()
    assert digest in (project / "docs" / "images" / "accuracy.png").read_bytes()
    report.draw(tmp_path / "again.png", *of)
    assert digest in (tmp_path / "again.png").read_bytes()
    other = {**of[0], "runs": of[0]["runs"][:1]}
    report.draw(tmp_path / "other.png", other, of[1])
    assert digest not in (tmp_path / "other.png").read_bytes()


def test_the_picture_has_the_points_of_ours_and_of_the_paper(report):
    points = importlib.import_module("points")
    results = report.measured_before()
    ours = points.ours(results["zoo"], results["accuracy"])
    assert [one.side for one in ours["efficientnet_lite0"]] == [224, 192, 160, 128]
    full = ours["efficientnet_lite0"][0]
    assert full.millions == pytest.approx(385.2, abs=0.1)
    assert full.percent - full.below < 79.6 < full.percent + full.above
    theirs = points.theirs({"grid": []})["mobilenet_v1", 0.5]
    small = next(one for one in theirs if one.side == 160)
    assert small.millions == pytest.approx(76, abs=1)
    assert small.millis is None


def test_writing_figures_changes_nothing_but_what_stands_between_the_markers(report):
    text = "# A\n<!-- figures: one -->\nold\n<!-- end -->\nB <!-- figures: --> C\n"
    new = report.with_figures(text, {"one": "new\n"})
    assert new == text.replace("old", "new")
    with pytest.raises(KeyError):
        report.with_figures(text, {"other": "new\n"})


def test_questions_to_a_store_are_timed(script):
    found, said = script("events", "--events", "3000", "--rounds", "2")
    assert len(found["questions"]) >= 10
    assert all(one["p50_ms"] <= one["p95_ms"] <= one["max_ms"] for one in found["questions"])
    assert "3,000 events" in said


def test_every_event_arrives_though_broker_and_process_are_killed(script):
    mosquitto_path()
    found, said = script("outbox", "--events", "200", "--kills", "4", "--seed", "3")
    assert found["kept"] == found["arrived"] == 200
    assert found["lost"] == found["disordered"] == 0
    assert found["process_kills"] > 0
    assert found["broker_kills"] > 0
    assert "200 events kept, 200 arrived, 0 lost" in said


def test_no_event_of_many_devices_is_lost(script):
    mosquitto_path()
    words = ["--devices", "12", "--events", "5", "--seconds", "2", "--processes", "2"]
    found, said = script("fleet", *words)
    assert found["made"] == 60
    assert found["lost"] == 0
    assert "12 devices, 60 events in 2 s: 0 lost" in said


def test_what_is_written_a_day_is_counted(folder, shared, tmp_path, project):
    words = ["--sightings", "4", "--clips", "1", "--folder", project, "--results", tmp_path]
    done = subprocess.run(
        [sys.executable, folder / "writes.py", *map(str, words)],
        # Where sys.path has no folder of the script, it still finds those beside it.
        env={**os.environ, "PYTHONPATH": str(folder), "EDGEVISION_TEST_DATA": str(shared)},
        capture_output=True,
        text=True,
        check=False,
    )
    if "has to be on a disk" in done.stderr:
        pytest.skip("the checkout lies in memory: nothing is written to a disk")
    assert done.returncode == 0, done.stderr
    cases = json.loads((tmp_path / "writes.json").read_text())["cases"]
    assert cases[0]["kb_each"] < cases[1]["kb_each"] < cases[2]["kb_each"]


def test_watchers_are_counted_against_nobody(script):
    flags = ["--rounds", "1", "--seconds", "1", "--watchers", "3", "--source", "synthetic:?live=1"]
    results, said = script("web", *flags)
    (one,) = results["rounds"]
    assert one["pictures"] > 0
    assert results["ratio"] == one["watched"] / one["alone"]
    assert "to 3" in said
