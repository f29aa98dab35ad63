"""Real pipelines in a real child process; nothing here ran on a Jetson."""

from __future__ import annotations

import os
import signal
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from edgevision.errors import ExtraError, SourceError, UriError
from edgevision.sources.gstreamer import Gstreamer
from edgevision.sources.uri import Address, make, parse

pytestmark = pytest.mark.usefixtures("gstreamer")
SECRET = "rtsp://me:hush@127.0.0.1:9/x"  # noqa: S105 - a made-up one


def child_of(source: Gstreamer) -> int:
    return source._process.pid


@pytest.mark.parametrize("width", [64, 62, 61])
def test_colours_and_rows_are_those_of_the_pipeline(width):
    text = "gst:videotestsrc pattern=solid-color foreground-color=0xff204080 num-buffers=5"
    with make(f"{text} ! video/x-raw,format=RGB,width={width},height=31", "yard") as source:
        frames = list(source)
    assert 1 <= len(frames) <= 5
    for frame in frames:
        assert frame.pixels.shape == (31, width, 3)
        assert np.abs(frame.pixels.astype(int) - (0x20, 0x40, 0x80)).max() <= 2
        assert frame.source == "yard"


def test_the_newest_picture_is_given_to_who_reads_slowly():
    text = "gst:videotestsrc is-live=true ! video/x-raw,width=64,height=48,framerate=200/1"
    with make(text) as source:
        frames = list(islice(source, 20))
    assert [frame.number for frame in frames] == list(range(20))


@pytest.mark.parametrize(
    ("pipeline", "error", "says"),
    [
        ("videotestsrc ! nonsense", UriError, 'no element "nonsense"'),
        ("videotestsrc ! ! !", UriError, "syntax error"),
        ("filesrc location=/no/such/file ! decodebin", SourceError, "not found|No such file|Could"),
        ("videotestsrc num-buffers=0", SourceError, "ends before|"),
        (f"rtspsrc location={SECRET} ! decodebin", SourceError, "connect|open|resource"),
    ],
)
def test_what_is_wrong_is_told_in_one_line_without_the_password(pipeline, error, says):
    with pytest.raises(error, match=says) as caught:  # noqa: SIM117, PT012 - either may raise
        with make(f"gst:{pipeline}") as source:
            list(source)
            raise SourceError("ends before")
    assert "hush" not in str(caught.value)
    assert "me:" not in str(caught.value)


def test_a_password_is_in_no_list_of_processes_and_in_no_name():
    assert "hush" not in parse(f"gst:rtspsrc location={SECRET} user-pw=hush ! d").display()
    with Gstreamer(parse("gst:videotestsrc is-live=true name=hush"), "yard") as source:
        words = Path(f"/proc/{child_of(source)}/cmdline").read_bytes()
    assert b"hush" not in words


def test_a_child_that_dies_is_an_error_and_one_that_hangs_is_ended():
    source = make("gst:videotestsrc is-live=true ! video/x-raw,width=64,height=48")
    with source:
        frames = iter(source)
        next(frames)
        os.kill(child_of(source), signal.SIGSEGV)
        with pytest.raises(SourceError, match="signal 11"):
            list(frames)
    other = make("gst:videotestsrc is-live=true ! video/x-raw,width=64,height=48")
    with other:
        next(iter(other))
        pid = child_of(other)
        os.kill(pid, signal.SIGSTOP)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_child_ends_when_nobody_wants_its_pictures():
    source = make("gst:videotestsrc is-live=true ! video/x-raw,width=64,height=48")
    with source:
        process = source._process
    assert process.wait(10) == 0


def test_a_python_without_gstreamer_says_how_to_install_it(tmp_path):
    python = tmp_path / "python3"
    python.write_text('#!/bin/sh\nexec /usr/bin/python3 -S "$@"\n')
    python.chmod(0o755)
    with pytest.raises(ExtraError, match="apt-get install python3-gi"):
        Gstreamer(parse("gst:videotestsrc"), "yard", python=python).open()


def test_jetson_without_its_plugins_says_where_it_works():
    with pytest.raises(SourceError, match=r"nvarguscamerasrc.*works on NVIDIA's Jetson boards"):
        make("jetson:").open()


def test_the_pipeline_of_a_jetson_is_one_that_gstreamer_parses():
    """NVIDIA's elements in it replaced by Debian's; what they do is not shown by this."""
    source = make("jetson:?sensor=1&width=640&height=360&fps=15&flip=2")
    assert "nvarguscamerasrc sensor-id=1 !" in source.pipeline
    assert "width=640,height=360,framerate=15/1" in source.pipeline
    assert "nvvidconv flip-method=2" in source.pipeline
    text = source.pipeline.replace("nvarguscamerasrc sensor-id=1", "videotestsrc num-buffers=3")
    text = text.replace("nvvidconv flip-method=2", "videoconvert").replace("(memory:NVMM)", "")
    with Gstreamer(Address("gst", text), "yard") as played:
        assert next(iter(played)).pixels.shape == (360, 640, 3)
