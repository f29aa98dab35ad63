from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from tiny import classifier

LABELS = "background\ngreen\nblue\ndull red\ndull green\n"


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    cv2.imwrite(str(folder / "green.png"), np.full((60, 60, 3), (0, 255, 0), np.uint8))
    (folder / "labels.csv").write_text("path,label\ngreen.png,green\n")
    return folder


@pytest.fixture
def colours(tmp_path):
    """A network of 8 pixels a side that can be resized."""
    return classifier(tmp_path / "colours.tflite", labels=LABELS)


def test_eval_tells_the_resolution_that_it_measured_at(edgevision, photos, colours):
    words = ("eval", "--task", "classify", photos, "--model", colours)
    assert json.loads(edgevision(*words, "--json").out)["resolution"] == 8
    done = edgevision(*words, "--resolution", "64", "--json")
    assert done.code == 0, done.err
    numbers = json.loads(done.out)
    assert (numbers["resolution"], numbers["top1"]) == (64, 1)
    assert "colours at 64 pixels" in edgevision(*words, "--resolution", "64").out


def test_classify_at_another_resolution(edgevision, photos):
    done = edgevision("classify", photos / "green.png", "--resolution", "128", "--json")
    assert done.code == 0, done.err
    small = json.loads(done.out)[0]["results"][0]
    full = json.loads(edgevision("classify", photos / "green.png", "--json").out)[0]["results"][0]
    assert small["task"] == full["task"]
    assert small["guesses"] != full["guesses"]


@pytest.mark.parametrize("command", ["classify", "eval"])
def test_a_resolution_that_cannot_be_is_one_line(edgevision, photos, shared, command):
    (photos / "labels.csv").write_text("path,label\ngreen.png,none\n")
    words = (command, photos, "--task", "classify", "--resolution")
    assert "resolution" in edgevision(*words, "100").refused()
    fixed = shared / "models/mobilenet_v1_0.75_192_quant.tflite"
    told = edgevision(*words, "160", "--model", fixed).refused()
    assert "its pool has a fixed size" in told
    assert "use a file made for 160" in told


def test_a_run_tells_resolution_threads_and_steps(edgevision, clip, colours, tmp_path):
    words = ("run", "--task", "classify", "--source", clip, "--model", colours, "--json")
    ran = json.loads(edgevision(*words).out)
    assert (ran["resolution"], ran["threads"], ran["steps"]) == (8, 1, 0)
    # Looped, so that there is time enough for a step, whatever the machine.
    (tmp_path / "edgevision.yaml").write_text(
        f"version: 1\ntask: classify\nregion: full\nmodel: {{use: {colours}, resolution: 224}}\n"
        f"source: {{uri: '{clip}', loop: true}}\n"
        "governor: {target_fps: 240, max_latency_ms: 0.001, resolutions: [64, 224]}\n"
    )
    done = edgevision("run", "--config", "edgevision.yaml", "--json", "--duration", "8")
    assert done.code == 0, done.err
    ran = json.loads(done.out)
    assert (ran["resolution"], ran["threads"], ran["steps"]) == (64, 1, 1)
    lines = [line for line in done.err.splitlines() if "resolution 224 -> 64, threads 1: " in line]
    assert len(lines) == 1
