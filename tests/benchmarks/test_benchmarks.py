"""The scripts run, and the docs say what was measured."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys

import pytest


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


@pytest.mark.parametrize("name", ["docs/benchmarks.md", "docs/accuracy.md"])
def test_the_docs_say_what_was_measured(report, project, name):
    text = (project / name).read_text()
    figures = report.figures()
    written = report.marked(text)
    assert written
    assert written == {marker: figures[marker] for marker in written}


def test_every_table_is_in_the_docs(report, project):
    texts = "".join((project / name).read_text() for name in report.DOCS)
    assert set(report.marked(texts)) == set(report.figures())


def test_writing_figures_changes_nothing_but_what_stands_between_the_markers(report):
    text = "# A\n<!-- figures: one -->\nold\n<!-- end -->\nB <!-- figures: --> C\n"
    new = report.with_figures(text, {"one": "new\n"})
    assert new == text.replace("old", "new")
    with pytest.raises(KeyError):
        report.with_figures(text, {"other": "new\n"})
