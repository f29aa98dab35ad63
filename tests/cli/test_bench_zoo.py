from __future__ import annotations

import json
import shutil

import pytest
from tiny import classifier

from edgevision.zoo.families import NETWORKS

LABELS = "background\ngreen\nblue\nred\nother\n"
QUICK = ("--rounds", "1", "--threads-list", "1")


@pytest.fixture
def folder(tmp_path):
    """A network, the same one again, and what is no network."""
    made = tmp_path / "more"
    made.mkdir()
    classifier(made / "colours.tflite", shape=(1, 32, 32, 3), labels=LABELS)
    shutil.copy(made / "colours.tflite", made / "copy.tflite")
    (made / "damaged.tflite").write_bytes(b"no network")
    return made


@pytest.fixture
def one_side(tmp_path):
    """Settings with which the embedded networks run at one resolution only."""
    path = tmp_path / "one.yaml"
    path.write_text("version: 1\ngovernor:\n  resolutions: [224]\n")
    return ("--config", path)


def by_id(done):
    assert done.code == 0, done.err
    rows = {}
    for row in json.loads(done.out):
        rows.setdefault(row["id"], []).append(row)
    return rows


def test_every_network_that_is_here_is_timed_once(edgevision, folder):
    rows = by_id(edgevision("bench", "--zoo", "--models", folder, *QUICK, "--json"))
    for name, network in NETWORKS.items():
        sides = {row["resolution"]: row for row in rows[name]}
        assert set(sides) == {224, 192, 160, 128}
        for side, row in sides.items():
            assert row["mult_adds"] == network.mult_adds(side)
            assert row["parameters"] == network.parameters
        assert sides[224]["mb"] > 2
    tiny = next(row for row in rows["colours"] if row["resolution"] == 32)
    assert tiny["mult_adds"] == 15
    assert tiny["parameters"] == 20
    assert tiny["threads"] == 1
    assert tiny["inferences"] > 1
    assert 0 < tiny["ms"] <= tiny["p95_ms"]
    assert tiny["rss_mb"] > 20
    assert tiny["runtime"].split()[0] in {"litert", "tflite_runtime"}
    assert "copy" not in rows
    (damaged,) = rows["damaged"]
    assert "no TFLite model" in damaged["left_out"]


def test_networks_for_the_edge_tpu_are_left_out_with_the_reason(
    edgevision, shared, tmp_path, one_side
):
    name = "mobilenet_v1_0.25_128_quant"
    for twin in (name, f"{name}_edgetpu"):
        shutil.copy(shared / "models" / f"{twin}.tflite", tmp_path)
    done = edgevision("bench", "--zoo", "--models", tmp_path, *one_side, *QUICK)
    assert done.code == 0, done.err
    assert f"left out: {name}_edgetpu: compiled for the Edge TPU" in done.out
    rows = [line.split() for line in done.out.splitlines() if line.startswith(f"{name} ")]
    assert [row[:3] for row in rows] == [[name, "128", "1"]]


def test_networks_that_were_added_are_timed_with_each_number_of_threads(
    edgevision, tmp_path, one_side
):
    path = classifier(tmp_path / "mine.tflite", shape=(1, 32, 32, 3), labels=LABELS)
    assert edgevision("models", "add", path, "--name", "colours").code == 0
    given = ("--rounds", "1", "--threads-list", "2,1,2", *one_side, "--json")
    rows = by_id(edgevision("bench", "--zoo", *given))
    assert [(row["resolution"], row["threads"]) for row in rows["colours"]] == [
        (224, 1),
        (224, 2),
        (32, 1),
        (32, 2),
    ]
    assert {row["resolution"] for row in rows["mobilenet_v2"]} == {224}


def test_what_bench_cannot_do_is_one_line(edgevision):
    assert "--models" in edgevision("bench", "--models", ".").refused()
    assert "--model" in edgevision("bench", "--zoo", "--model", "mobilenet_v2").refused()
    assert "nowhere" in edgevision("bench", "--zoo", "--models", "nowhere").refused()
    assert "0,x" in edgevision("bench", "--zoo", "--threads-list", "0,x").refused()
