from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys

import av
import pytest
from jsonschema import Draft202012Validator
from tiny import classifier

from edgevision.zoo.labels import DATA

LABELS = "red\ngreen\nblue\ndull red\ndull green\n"
SCHEMA = Draft202012Validator(json.loads((DATA / "event.schema.json").read_text(encoding="utf-8")))
# What an Australian shepherd, which is none of the 120, may be taken for.
LIKELY = {
    "collie",
    "border collie",
    "brittany spaniel",
    "shetland sheepdog",
    "welsh springer spaniel",
    "english springer",
    "blenheim spaniel",
    "english setter",
}


@pytest.fixture
def colours(tmp_path):
    return classifier(tmp_path / "colours.tflite", labels=LABELS)


def test_a_dog_on_a_walk_is_one_or_few_sightings_of_a_likely_breed(edgevision, shared, tmp_path):
    clip = shared / "video/dog_walk_720p.mp4"
    done = edgevision("run", "--task", "dogs", "--source", clip, "--events", "-")
    assert done.code == 0, done.err
    for event in done.events:
        SCHEMA.validate(event)
    seen = [event for event in done.events if event["phase"] == "seen"]
    assert 1 <= len(seen) <= 3
    assert seen[0]["label"].lower() in LIKELY
    assert seen[0]["hits"] >= 3
    assert len(done.events) == 2 * len(seen)
    assert "frames/s" in done.err


def test_a_street_without_a_dog_gives_no_dog(edgevision, shared):
    clip = shared / "video/no_dog_720p.mp4"
    done = edgevision("run", "--task", "dogs", "--source", clip, "--events", "-")
    assert done.code == 0
    assert done.events == []
    assert "seen: nothing" in done.err


def test_events_go_to_every_output_and_are_the_same(edgevision, clip, colours, tmp_path):
    done = edgevision(
        *("run", "--task", "classify", "--source", clip, "--model", colours, "--region", "motion"),
        *("--events", "events.jsonl", "--save", "overlay.mp4"),
        EDGEVISION_DECIDE__THRESHOLD="0.2",
        EDGEVISION_DECIDE__RELEASE="0.1",
    )
    assert done.code == 0, done.err
    lines = (tmp_path / "events.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["label"] for line in lines} <= {"red", "dull red"}
    store = tmp_path / "home/state/edgevision/events.sqlite"
    with sqlite3.connect(store) as database:
        rows = [
            row[0] for row in database.execute("select json from events order by time, phase desc")
        ]
    assert sorted(rows) == sorted(lines)
    with av.open(str(tmp_path / "overlay.mp4")) as video:
        assert sum(1 for _ in video.decode(video=0)) == 50


def test_two_tasks_cost_one_inference(edgevision, clip):
    done = edgevision(
        "run", "--task", "classify,dogs", "--source", clip, "--region", "full", "--json"
    )
    assert done.code == 0, done.err
    summary = json.loads(done.out.splitlines()[-1])
    assert summary["frames"] == summary["looked"] == 50
    assert summary["model"] == "efficientnet_lite0"
    assert summary["first_result_s"] > 0
    assert summary["rss_mb"] > 0


def test_photos_are_told_one_by_one(edgevision, shared):
    folder = shared / "photos/dogs/train"
    done = edgevision(
        *("run", "--task", "dogs", "--source", f"images:{folder}", "--events", "-"),
        *("--max-frames", "12"),
    )
    assert done.code == 0, done.err
    assert 8 <= len(done.events) <= 12
    assert {event["hits"] for event in done.events} == {1}


def test_limits_end_it(edgevision, colours):
    frames = edgevision(
        *("run", "--task", "classify", "--model", colours, "--source", "synthetic:"),
        *("--max-frames", "20", "--json"),
    )
    assert json.loads(frames.out.splitlines()[-1])["frames"] == 20
    time = edgevision(
        *("run", "--task", "classify", "--model", colours, "--source", "synthetic:?live=1"),
        *("--duration", "0.5"),
    )
    assert time.code == 0, time.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_with_everything_written(environment, colours, tmp_path, number):
    command = [sys.executable, "-m", "edgevision", "run", "--task", "classify", "--model", colours]
    command += ["--source", "synthetic:?live=1&width=320&height=240", "--events", "-"]
    thresholds = {"EDGEVISION_DECIDE__THRESHOLD": "0.1", "EDGEVISION_DECIDE__RELEASE": "0.05"}
    with subprocess.Popen(
        [str(word) for word in command],
        cwd=tmp_path,
        env={**environment, **thresholds, "EDGEVISION_REGION": "full"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        first = json.loads(running.stdout.readline())
        running.send_signal(number)
        out, err = running.communicate(timeout=20)
    assert running.returncode == 0, err
    last = json.loads(out.splitlines()[-1])
    assert first["phase"] == "seen"
    assert last["phase"] == "ended"
    assert last["id"] == first["id"]


def test_what_was_stored_survives_a_kill(environment, colours, tmp_path):
    command = [sys.executable, "-m", "edgevision", "run", "--task", "classify", "--model", colours]
    command += ["--source", "synthetic:", "--events", "-", "--region", "full"]
    frames = {
        "EDGEVISION_DECIDE__MODE": "frames",
        "EDGEVISION_DECIDE__THRESHOLD": "0",
        "EDGEVISION_DECIDE__RELEASE": "0",
    }
    with subprocess.Popen(
        [str(word) for word in command],
        cwd=tmp_path,
        env={**environment, **frames},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as running:
        told = [json.loads(running.stdout.readline())["id"] for _ in range(40)]
        running.kill()
    store = tmp_path / "home/state/edgevision/events.sqlite"
    with sqlite3.connect(store) as database:
        kept = {row[0] for row in database.execute("select id from events")}
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)
    assert set(told) <= kept


@pytest.mark.parametrize(
    ("arguments", "says", "code"),
    [
        (["--task", "cats"], "task 'cats' is not known", 2),
        (["--model", "mobilenet_v9"], "is no id and no file", 2),
        (["--model", "missing.tflite"], "cannot be read", 2),
        (["--source", "file:missing.mp4"], "missing.mp4", 2),
        (["--source", "gopher:x"], "gopher", 2),
        (["--source", "v4l2:77"], "video77", 3),
        (["--region", "everywhere"], "--region", 2),
        (["--region", "zone"], "zone", 2),
        (["--threads", "0"], "--threads", 2),
        (["--config", "missing.yaml"], "missing.yaml", 2),
        (["--sauce", "x"], "--sauce", 2),
    ],
)
def test_what_is_wrong_is_one_line_and_an_exit_code(edgevision, arguments, says, code):
    assert says in edgevision("run", *arguments).refused(code)


def test_without_a_camera_it_says_what_to_do(edgevision):
    if os.path.exists("/dev/video0"):  # noqa: PTH110 - a device node
        pytest.skip("a camera is connected here")
    assert "--source" in edgevision("run", "--task", "dogs").refused(3)


def test_an_edgetpu_model_without_its_delegate_runs_as_its_twin_on_the_cpu(edgevision, shared):
    model = shared / "models/mobilenet_v1_0.25_128_quant_edgetpu.tflite"
    done = edgevision(
        *("run", "--task", "classify", "--model", model, "--source", "synthetic:"),
        *("--max-frames", "20", "--json"),
    )
    assert done.code == 0, done.err
    assert "libedgetpu.so.1" in done.err
    assert "frames go to the CPU until it is back" in done.err
    assert json.loads(done.out.splitlines()[-1])["frames"] == 20


def test_a_place_for_events_that_cannot_be_written_does_not_stop_the_run(
    edgevision, clip, colours, tmp_path
):
    (tmp_path / "folder").mkdir()
    done = edgevision(
        *("run", "--task", "classify", "--model", colours, "--source", clip),
        *("--events", "folder", "--json"),
    )
    assert done.code == 0
    assert "folder" in done.err
    assert "Traceback" not in done.err
    assert json.loads(done.out.splitlines()[-1])["frames"] == 50


def test_a_full_disk_is_said_and_what_was_lost_is_counted(edgevision, clip, colours):
    done = edgevision(
        *("run", "--task", "classify", "--model", colours, "--source", clip, "--region", "full"),
        *("--events", "/dev/full", "--json"),
        EDGEVISION_DECIDE__THRESHOLD="0.1",
        EDGEVISION_DECIDE__RELEASE="0.05",
    )
    assert done.code == 0, done.err
    summary = json.loads(done.out.splitlines()[-1])
    assert "No space left" in done.err
    assert summary["events"] > 0
    assert summary["lost_events"] == {"jsonl": summary["events"]}


def test_a_window_without_a_display_is_said(edgevision, environment, clip, colours):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        environment.pop(name, None)
    done = edgevision(
        *("run", "--task", "classify", "--model", colours, "--source", clip),
        *("--display", "window", "--json"),
    )
    assert done.code == 0
    assert "no display for the window" in done.err
    assert json.loads(done.out.splitlines()[-1])["frames"] == 50


def test_a_video_that_ends_in_the_middle_of_a_frame_is_told_as_far_as_it_goes(
    edgevision, shared, colours, tmp_path
):
    whole = (shared / "video/dog_walk_720p.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) * 2 // 3])
    done = edgevision(
        "run", "--task", "classify", "--model", colours, "--source", "cut.mp4", "--json"
    )
    assert done.code == 0, done.err
    assert 100 < json.loads(done.out.splitlines()[-1])["frames"] < 289
    assert "Traceback" not in done.err


def test_settings_have_their_order(edgevision, colours, tmp_path):
    (tmp_path / "edgevision.yaml").write_text(
        f"version: 1\ntask: classify\nmodel: {colours}\nsource: synthetic:?frames=7\n"
    )
    done = edgevision("run", "--json")
    assert json.loads(done.out.splitlines()[-1])["frames"] == 7
    done = edgevision("run", "--json", EDGEVISION_SOURCE__URI="synthetic:?frames=9")
    assert json.loads(done.out.splitlines()[-1])["frames"] == 9
    done = edgevision(
        "run",
        "--json",
        "--source",
        "synthetic:?frames=11",
        EDGEVISION_SOURCE__URI="synthetic:?frames=9",
    )
    assert json.loads(done.out.splitlines()[-1])["frames"] == 11


def test_help_and_version(edgevision):
    assert "edgevision run --task dogs" in edgevision("--help").out
    assert edgevision("--version").out.startswith("edgevision, version 0.")
    assert "--max-frames" in edgevision("run", "--help").out
    assert "did you mean" in edgevision("rnu").refused().lower()


def _short_run(edgevision, colours, *more):
    return edgevision(
        *("run", "--task", "classify", "--model", colours, "--source", "synthetic:?frames=3"), *more
    )


@pytest.mark.parametrize("name", ["overlay.avi", "x.txt", "walk.mp4.bak"])
def test_save_to_what_is_no_video_is_refused_and_makes_no_folder(
    edgevision, colours, tmp_path, name
):
    done = _short_run(edgevision, colours, "--save", name)
    assert "expected a video that ends in .mp4, .m4v, .mov, .mkv, or a folder" in done.refused()
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("name", ["overlay.mp4", "overlay.m4v", "OVERLAY.MKV"])
def test_save_to_a_video_writes_one(edgevision, colours, tmp_path, name):
    done = _short_run(edgevision, colours, "--save", name)
    assert f"overlay: {name}" in done.err
    with av.open(str(tmp_path / name)) as video:
        assert sum(1 for _ in video.decode(video=0)) == 3


@pytest.mark.parametrize("name", ["snaps", "snaps.2026/"])
def test_save_to_a_folder_takes_snapshots_there(edgevision, colours, tmp_path, name):
    done = _short_run(edgevision, colours, "--save", name)
    assert done.code == 0, done.err
    assert (tmp_path / name).is_dir()


def test_what_did_not_open_is_not_said_to_be_there(edgevision, colours, tmp_path):
    (tmp_path / "taken").mkdir()
    done = _short_run(edgevision, colours, "--save", "nowhere/overlay.mp4", "--events", "taken")
    assert done.code == 0, done.err
    assert "nowhere/overlay.mp4" in done.err
    assert "overlay: nowhere" not in done.err
    assert "events: taken" not in done.err


@pytest.mark.parametrize("web", ["99999", "1.2.3.4:80"])
def test_what_is_wrong_with_the_page_is_said_by_the_name_of_its_flag(edgevision, colours, web):
    assert (
        _short_run(edgevision, colours, "--web", web)
        .refused()
        .startswith("edgevision: flag --web: ")
    )
