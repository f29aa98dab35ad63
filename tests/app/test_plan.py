from __future__ import annotations

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.app.plan import changes, from_dict, in_words, without_restarts
from edgevision.config.layers import load
from edgevision.config.schema import Settings
from edgevision.errors import ConfigError


def settings(tmp_path, text) -> Settings:
    path = tmp_path / "plan.yaml"
    path.write_text(f"version: 1\n{text}")
    return load(path, {}, {})


def planned(tmp_path, old, new, kept=()):
    found = changes(settings(tmp_path, old), settings(tmp_path, new), kept=kept)
    return {one.key: one.how for one in found}


def test_the_same_settings_change_nothing(tmp_path):
    assert planned(tmp_path, "task: dogs", "") == {}


@pytest.mark.parametrize(
    ("old", "new", "how"),
    [
        ("task: dogs", "task: [dogs, classify]", {"task": "in place"}),
        ("", "decide: {threshold: 0.4}", {"decide.threshold": "in place"}),
        ("", "decide: {mode: frames}", {"decide.mode": "restart"}),
        (
            "decide: {tasks: {dogs: {min_hits: 2}}}",
            "",
            {
                "decide.tasks.dogs.min_hits": "in place",
            },
        ),
        ("", "region: full", {"region.kind": "in place"}),
        ("", "engine: {xnnpack: false}", {"engine.xnnpack": "engine"}),
        ("", "model: mobilenet_v2", {"model.use": "engine"}),
        ("", "model: {heads: {dogs: a.npz}}", {"model.heads.dogs": "in place"}),
        ("", "source: rtsp://camera/1", {"source.uri": "source"}),
        ("", "source: {uri: auto, name: yard}", {"source.name": "restart"}),
        (
            "",
            "privacy: {masks: [{points: [[0, 0], [1, 0], [0, 1]]}]}",
            {"privacy.masks": "source"},
        ),
        ("", "privacy: {store_images: never}", {"privacy.store_images": "restart"}),
        ("", "outputs: {jsonl: {path: a}}", {"outputs.jsonl.path": "restart"}),
        (
            "outputs: {jsonl: {path: a}}",
            "outputs: {jsonl: {path: b}}",
            {"outputs.jsonl.path": "output"},
        ),
        (
            "outputs: {video: {path: a.mp4}}",
            "outputs: {video: {path: b.mp4}}",
            {"outputs.video.path": "restart"},
        ),
        (
            "outputs: {clips: {folder: a}}",
            "outputs: {clips: {folder: b}}",
            {"outputs.clips.folder": "output"},
        ),
        ("", "store: {retention: {max_mb: 5}}", {"store.retention.max_mb": "in place"}),
        ("", "store: {enabled: false}", {"store.enabled": "restart"}),
        (
            "",
            "log: {level: debug, format: json}",
            {"log.level": "in place", "log.format": "restart"},
        ),
        ("", "governor: {target_fps: 5}", {"governor.target_fps": "restart"}),
    ],
)
def test_each_setting_says_what_it_takes(tmp_path, old, new, how):
    there = planned(tmp_path, old, new)
    assert {key: one for key, one in there.items() if key in how} == how
    assert set(there.values()) == set(how.values())


def test_what_this_run_cannot_change_waits_for_the_next_start(tmp_path):
    assert planned(tmp_path, "", "source: rtsp://camera/1", kept={"source"}) == {
        "source.uri": "restart"
    }


def test_passwords_are_dots(tmp_path):
    old, new = "source: rtsp://me:one@camera/1", "source: rtsp://me:two@camera/1"
    (change,) = changes(settings(tmp_path, old), settings(tmp_path, new))
    assert "one" not in in_words(change)
    assert "two" not in json.dumps(change.to_dict())
    assert in_words(from_dict(change.to_dict())) == in_words(change)


def test_what_holds_from_the_next_start_stays_as_it_is(tmp_path):
    old = settings(tmp_path, "task: dogs\nstore: {enabled: true}\noutputs: {console: false}\n")
    new = settings(
        tmp_path,
        "task: classify\nstore: {enabled: false, path: x}\n"
        "outputs: {jsonl: {path: a}}\ndecide: {mode: frames, hold_s: 1.0}\n",
    )
    wanted = changes(old, new)
    now = without_restarts(old, new, wanted)
    assert now.task == ("classify",)
    assert now.decide.hold_s == 1.0
    assert (now.decide.mode, now.store, now.outputs) == (old.decide.mode, old.store, old.outputs)
    # A second look finds what is left, and no more.
    assert {one.how for one in changes(now, new)} == {"restart"}
    assert {one.key for one in changes(now, new)} == {
        one.key for one in wanted if one.how == "restart"
    }


@pytest.mark.parametrize("turned", [False, True])
def test_one_source_does_not_become_several_before_the_next_start(tmp_path, turned):
    one = settings(tmp_path, "source: {uri: auto, name: yard}\ntask: dogs\n")
    several = settings(
        tmp_path, "sources: [{uri: auto, name: a}, {uri: auto, name: b}]\ntask: classify\n"
    )
    old, new = (several, one) if turned else (one, several)
    wanted = changes(old, new, kept={"source", "sources"})
    assert {change.how for change in wanted if change.part != "task"} == {"restart"}
    now = without_restarts(old, new, wanted)
    assert now.every_source == old.every_source
    assert now.task == new.task


KEYS = ["task", "source", "engine", "decide", "outputs", "threads", "threshold", "jsonl", "path"]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(string.printable, max_size=12)
    | st.sampled_from(["dogs", "classify", "auto", "full", "0.5", "2"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(list(Settings.model_fields)), VALUES, max_size=5))
def test_any_settings_are_refused_or_planned(tmp_path_factory, tree):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(json.dumps(tree))
    try:
        new = load(path, {}, {})
    except ConfigError:
        return
    old = Settings()
    wanted = changes(old, new)
    now = without_restarts(old, new, wanted)
    assert {one.how for one in changes(now, new)} <= {"restart"}
    for one in wanted:
        assert "\n" not in in_words(from_dict(json.loads(json.dumps(one.to_dict()))))


@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
)
def test_a_broken_file_is_refused_or_planned(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "broken.yaml"
    path.write_bytes(b"task: dogs\n" + content)
    try:
        new = load(path, {}, {})
    except ConfigError as error:
        problems = error.problems
        assert all("broken.yaml" in line for line in problems)
        return
    changes(Settings(), new)
