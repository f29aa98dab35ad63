"""`edgevision cameras`."""

from __future__ import annotations

import json

import click
import numpy as np
import pytest
from click.testing import CliRunner

from edgevision.cli.cameras import cameras
from edgevision.errors import AbsentError, UriError
from edgevision.pixels.photo import read_photo
from edgevision.sources.uri import make


def run(*arguments):
    result = CliRunner().invoke(cameras, [str(a) for a in arguments], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.stdout


@pytest.fixture
def root(tmp_path):
    for number, name in enumerate(["Webcam C270", "Grabber"]):
        node = tmp_path / f"sys/class/video4linux/video{number}"
        node.mkdir(parents=True)
        (node / "name").write_text(name)
        (tmp_path / "dev/v4l/by-id").mkdir(parents=True, exist_ok=True)
        (tmp_path / f"dev/video{number}").touch()
    (tmp_path / "dev/v4l/by-id/usb-C270-video-index0").symlink_to("../../video0")
    return tmp_path


def test_lists_what_is_there(root):
    lines = run("--root", root).splitlines()
    assert lines == [
        f"{root}/dev/video0  Webcam C270",
        "    --source v4l2:usb-C270-video-index0",
        f"{root}/dev/video1  Grabber",
    ]


def test_lists_as_json(root):
    found = json.loads(run("--root", root, "--json"))["cameras"]
    assert [one["name"] for one in found] == ["Webcam C270", "Grabber"]
    assert found[0]["by_id"].endswith("index0")
    assert found[0]["modes"] == []


def test_no_camera_is_told_and_is_exit_code_3(tmp_path):
    with pytest.raises(AbsentError, match="no camera is connected") as error:
        run("--root", tmp_path)
    assert error.value.exit_code == 3


def test_a_test_picture_is_what_the_source_gives(tmp_path):
    out = tmp_path / "out.jpg"
    text = "synthetic:?width=320&height=240&seed=5"
    said = run("--test", out, "--source", text)
    assert said == f"{out}: 320x240 from synthetic\n"
    with make(text) as source:
        wanted = next(iter(source)).pixels
    assert np.abs(read_photo(out).astype(int) - wanted).mean() < 6
    assert [path.name for path in tmp_path.iterdir()] == ["out.jpg"]


def test_a_test_picture_of_a_live_source_as_json(tmp_path):
    out = tmp_path / "out.jpg"
    out.write_bytes(b"an older picture")
    text = "synthetic:?width=64&height=48&live=1&fps=200"
    assert json.loads(run("--test", out, "--source", text, "--json")) == {
        "source": "synthetic",
        "width": 64,
        "height": 48,
        "file": str(out),
    }
    assert read_photo(out).shape == (48, 64, 3)


def test_a_source_without_a_file_is_only_tried():
    assert run("--source", "synthetic:?width=64&height=48") == "64x48 from synthetic\n"


def test_where_it_cannot_be_written(tmp_path):
    with pytest.raises(AbsentError, match="cannot be written"):
        run("--test", tmp_path / "none" / "out.jpg", "--source", "synthetic:?width=64&height=48")
    with pytest.raises(click.ClickException):
        run("--test", tmp_path)


def test_wrong_and_absent_sources(tmp_path):
    out = tmp_path / "out.jpg"
    with pytest.raises(UriError):
        run("--test", out, "--source", "nope:")
    with pytest.raises(AbsentError, match="there is no /dev/video97"):
        run("--test", out, "--source", "v4l2:97")
    assert not out.exists()
