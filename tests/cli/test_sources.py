from __future__ import annotations

import pytest
from tiny import classifier

LABELS = "red\ngreen\nblue\ndull red\ndull green\n"


def sightings(done) -> list[tuple]:
    """What was seen, and how long after the first event of its source."""
    return [
        tuple(event[key] for key in ("phase", "source", "task", "label", "score", "hits"))
        for event in done.events
    ]


@pytest.fixture
def colours(tmp_path):
    return classifier(tmp_path / "colours.tflite", labels=LABELS)


def test_two_videos_and_a_dead_one_give_the_events_of_each_alone(
    edgevision, clip, shared, colours, tmp_path
):
    walk = shared / "video/dog_golden_480p.mp4"
    common = ["run", "--task", "classify", "--model", colours, "--region", "full"]
    common += ["--events", "-", "--duration", "60"]
    low = {"EDGEVISION_DECIDE__THRESHOLD": "0.2", "EDGEVISION_DECIDE__RELEASE": "0.1"}
    alone = []
    for name, uri in (("square", clip), ("walk", walk)):
        one = edgevision(*common, EDGEVISION_SOURCE=f"{{uri: '{uri}', name: {name}}}", **low)
        assert one.code == 0, one.err
        alone.append(sightings(one))
    config = tmp_path / "three.yaml"
    config.write_text(
        f"sources:\n- {{uri: '{clip}', name: square}}\n"
        f"- {{uri: 'file:{tmp_path}/gone.mp4', name: gone}}\n"
        f"- {{uri: '{walk}', name: walk}}\n"
    )
    done = edgevision(*common, "--config", config, **low)
    assert done.code == 0, done.err
    together = sightings(done)
    assert all(alone)
    assert [one for one in together if one[1] == "square"] == alone[0]
    assert [one for one in together if one[1] == "walk"] == alone[1]
    assert "gone.mp4: there is no such file; going on without it" in done.err


def test_sources_that_are_all_dead_end_the_run(edgevision, colours, tmp_path):
    (tmp_path / "a.yaml").write_text(
        "sources:\n- {uri: 'rtsp://me:hush@127.0.0.1:9/a', name: a, wait: false}\n"
        "- {uri: v4l2:99, name: b, wait: false}\n"
    )
    done = edgevision("run", "--task", "classify", "--model", colours, "--config", "a.yaml")
    assert done.code == 3, done.err
    assert "hush" not in done.err


def test_several_sources_are_shown_and_written_back(edgevision, tmp_path):
    (tmp_path / "two.yaml").write_text(
        "sources:\n- {uri: 'rtsp://me:hush@h/a', name: yard}\n- {uri: v4l2:0, name: door}\n"
    )
    shown = edgevision("config", "show", "--config", "two.yaml").out
    assert "sources.0.name: yard" in shown
    assert "two.yaml:3" in next(line for line in shown.splitlines() if "sources.1.uri" in line)
    assert "hush" not in shown


def test_a_camera_that_is_absent_is_waited_for_only_if_asked(edgevision, colours, tmp_path):
    words = ["run", "--task", "classify", "--model", colours, "--source", f"v4l2:{tmp_path}/video7"]
    assert edgevision(*words).code == 3
    waited = edgevision(*words, "--wait", "--duration", "1")
    assert waited.code == 0, waited.err
    assert "video7; `edgevision cameras` lists what is there; trying again" in waited.err
