from __future__ import annotations

import json

import pytest

from edgevision.evaluation.added import added_figures, measure_added


def test_what_each_further_task_costs_is_told(edgevision):
    words = ("bench", "--tasks", "classify,dogs,landmarks", "--frames", "50")
    done = edgevision(*words, "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert found["task"] == "classify"
    assert found["frames"] == 50
    assert [one["task"] for one in found["added"]] == ["dogs", "landmarks"]
    # One inference serves all: another would cost as much again.
    assert all(one["share"] < 0.5 for one in found["added"])
    assert "landmarks" in edgevision(*words).out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--tasks", "dogs"), "two or more"),
        (("--tasks", "dogs,flowers"), "task 'flowers' is not known"),
        (("--tasks", "dogs,classify", "--zoo"), "not with --zoo"),
        (("--tasks", "dogs,classify", "--source", "file:a.mp4"), "not with --zoo, --source"),
    ],
)
def test_what_cannot_be_compared_is_told(edgevision, words, says):
    done = edgevision("bench", *words)
    assert done.code == 2
    assert says in done.err


def test_each_frame_is_looked_at_by_all_and_the_difference_counts():
    seen = []
    looks = [lambda frame, name=name: seen.append((frame, name)) for name in "ab"]
    rows = measure_added(looks, range(3), warm_up=1)
    assert seen == [(0, "a"), (0, "b"), (1, "b"), (1, "a"), (2, "a"), (2, "b")]
    assert [len(row) for row in rows] == [2, 2]
    found = added_figures(("x", "y"), [[4.0, 5.0], [4.0, 4.2], [8.0, 8.4]])
    assert found["ms"] == 4
    assert found["added"] == [{"task": "y", "ms": 0.4, "share": 0.1}]
