"""What holds for every kind of source."""

from __future__ import annotations

import re
import threading
from fractions import Fraction
from itertools import islice

import av
import cv2
import numpy as np
import pytest

from edgevision.errors import EdgevisionError
from edgevision.kinds import load
from edgevision.sources import KINDS
from edgevision.sources.options import OPTIONS
from edgevision.sources.uri import make

PATIENCE = 20.0
ELSEWHERE = {
    "v4l2": "needs a camera; tests/sources/test_v4l2.py has a stand-in",
    "auto": "needs a camera; tests/sources/test_v4l2.py has a stand-in",
    "rtsp": "needs an RTSP server; tests/sources/test_rtsp.py has one",
    "csi": "needs a Pi's libcamera; tests/sources/test_picamera.py has a stand-in",
    "jetson": "needs a Jetson; it is the class of gst",
    "http": "needs a server; tests/sources/test_network.py has one",
}
NONSENSE = {
    "file": "file:/no/such/file.mp4",
    "images": "images:/no/such/folder",
    "v4l2": "v4l2:no-such-camera",
    "rtsp": "rtsp://127.0.0.1:1/x#timeout=2",
    "http": "http://127.0.0.1:1/x#timeout=2",
    "csi": "csi:7",
    "jetson": "jetson:",
    "gst": "gst:nonsense ! nonsense",
    "synthetic": "synthetic:?width=nonsense",
    "auto": "auto:nonsense",
}


@pytest.fixture
def addresses(tmp_path):
    """An endless source of each kind that needs no device."""
    video = tmp_path / "clip.mp4"
    with av.open(str(video), "w") as container:
        stream = container.add_stream("mpeg4", rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for level in range(0, 200, 20):
            frame = av.VideoFrame.from_ndarray(
                np.full((48, 64, 3), level, np.uint8), format="rgb24"
            )
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(3):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((20, 30, 3), number, np.uint8))
    return {
        "gst": "gst:videotestsrc is-live=true ! video/x-raw,width=62,height=48,framerate=100/1",
        "file": f"file:{video}?loop=1",
        "images": f"images:{folder}?loop=1",
        "synthetic": "synthetic:?width=64&height=48&live=1&fps=100",
    }


@pytest.fixture(params=KINDS)
def address(request, addresses):
    if request.param in ELSEWHERE:
        pytest.skip(ELSEWHERE[request.param])
    if request.param == "gst":
        request.getfixturevalue("gstreamer")
    return addresses[request.param]


def test_frames(address):
    with make(address, "the-name") as source:
        frames = list(islice(source, 25))
    assert source.name == "the-name"
    for frame in frames:
        assert frame.pixels.dtype == np.uint8
        assert frame.pixels.ndim == 3
        assert frame.pixels.shape[2] == 3
        assert frame.pixels.flags.c_contiguous
        assert not frame.pixels.flags.writeable
        assert frame.source == "the-name"
        assert (frame.taken_at is not None) == source.live
    numbers = [frame.number for frame in frames]
    assert numbers == sorted(set(numbers))
    seconds = [frame.seconds for frame in frames]
    assert seconds == sorted(seconds)
    assert seconds[-1] > seconds[0]


def test_no_two_frames_share_pixels(address):
    with make(address) as source:
        one, two = islice(source, 2)
    assert not np.shares_memory(one.pixels, two.pixels)


def test_closing_twice_does_no_harm(address):
    source = make(address)
    with source:
        next(iter(source))
    source.close()
    source.__exit__(None, None, None)
    unopened = make(address)
    unopened.close()


def test_it_can_be_opened_again_by_a_new_one(address):
    for _ in range(3):
        with make(address) as source:
            assert next(iter(source)).number == 0


def test_stop_from_another_thread_ends_the_iteration(address):
    started, ended = threading.Event(), threading.Event()
    with make(address) as source:

        def read():
            for _ in source:
                started.set()
            ended.set()

        threading.Thread(target=read, daemon=True).start()
        assert started.wait(PATIENCE)
        source.stop()
        assert ended.wait(PATIENCE)
        source.stop()


@pytest.mark.parametrize("kind", KINDS)
def test_nonsense_is_an_error_of_ours_in_one_line(kind):
    with pytest.raises(EdgevisionError) as error, make(NONSENSE[kind]):
        pass
    assert len(str(error.value).splitlines()) == 1
    assert error.value.exit_code in (2, 3)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_what_it_is_and_is_in_the_docs(kind, project):
    page = (project / "docs/sources.md").read_text()
    assert re.search(rf"^\| .*`{kind}[`:]", page, re.MULTILINE)
    assert KINDS[kind].says
    for option in OPTIONS[kind]:
        rows = re.findall(rf"^\|[^|]*`{option}`[^|]*\|([^|]*)\|", page, re.MULTILINE)
        assert any(f"`{kind}" in row for row in rows), (kind, option)
    assert isinstance(load(KINDS, kind, "source"), type)
