"""What a run leaves on the disk, by the settings of privacy, on a real video."""

from __future__ import annotations

import json

import cv2
import pytest

CAMERA = """
version: 1
task: dogs
source: file:{video}
region: {region}
decide: {{mode: frames, threshold: 0.0, presence: 0.0}}
outputs:
  console: false
  video: {{path: out/all.mp4}}
  snapshots: {{folder: out/pictures, what: both, every_s: 0.2}}
  clips: {{folder: out/clips, seconds_after: 0.2}}
privacy: {{store_images: {stored}}}
"""


@pytest.fixture
def run(edgevision, clip, tmp_path):
    def run(stored, region="zoom"):
        text = CAMERA.format(video=clip, stored=stored, region=region)
        (tmp_path / "edgevision.yaml").write_text(text)
        (tmp_path / "out").mkdir()
        return edgevision("run", "--max-frames", "20", "--json")

    return run


def images(folder):
    """Every file below it that decodes as a picture or begins like a film, whatever its name."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            begins = data[4:8] == b"ftyp" or b"\xff\xd8\xff" in data or data[:4] == b"\x89PNG"
            if begins or cv2.imread(str(path)) is not None:
                found.append(path.relative_to(folder).as_posix())
    return found


def test_with_never_no_picture_is_written_anywhere(run, tmp_path):
    done = run("never")
    assert done.code == 0
    assert json.loads(done.out.splitlines()[-1])["events"] > 0
    assert images(tmp_path) == []
    for name in ("video", "snapshots", "clips"):
        assert f"output {name} is off: privacy.store_images is never" in done.err


def test_with_event_only_pictures_of_sightings_are_written(run, tmp_path):
    done = run("event")
    assert done.code == 0
    found = images(tmp_path)
    assert any(name.endswith(".crop.jpg") for name in found)
    assert any(name.startswith("out/clips/") and name.endswith(".mp4") for name in found)
    assert not [name for name in found if name == "out/all.mp4" or "_picture_" in name]
    assert "output video is off" in done.err
    assert "output snapshots takes pictures of sightings only" in done.err


def test_where_blur_can_hide_nothing_it_is_said(run):
    done = run("always, blur: true", "full")
    assert done.code == 0
    assert "region full sees in the whole frame, so nothing is blurred" in done.err


def test_with_always_every_output_stores_what_it_is_set_to(run, tmp_path):
    done = run("always")
    assert done.code == 0
    found = images(tmp_path)
    assert "out/all.mp4" in found
    assert any("pictures/" in name for name in found)
    assert "privacy" not in done.err
