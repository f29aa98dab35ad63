"""The real picamera2 on libcamera's virtual camera, in the system that scripts/pi_check makes."""

from __future__ import annotations

import gc
import importlib
import os
from itertools import islice, pairwise
from pathlib import Path

import pytest

from edgevision.app.process import rss_mb
from edgevision.errors import SourceError
from edgevision.pipeline.supervise import Supervised
from edgevision.sources.uri import make

pytestmark = pytest.mark.skipif(
    "EDGEVISION_PI" not in os.environ, reason="needs libcamera: scripts/pi_check runs it"
)
# Sizes that the virtual camera has; another one becomes its largest.
CAMERA = "csi:?width=640&height=480&small=224&fps=30"
PATIENCE = 60.0
OPENINGS = int(os.environ.get("EDGEVISION_TEST_OPENINGS", "8"))


# From the left.
BARS = ["white", "yellow", "cyan", "green", "magenta", "red", "blue", "black"]
BITS = [(1, 1, 1), (1, 1, 0), (0, 1, 1), (0, 1, 0), (1, 0, 1), (1, 0, 0), (0, 0, 1), (0, 0, 0)]
NAMES = dict(zip(BITS, BARS, strict=True))
NEIGHBOURS = set(pairwise(BARS))


def neighbours(plane) -> set[tuple[str, str]]:
    """Pairs of colours that stand side by side in the middle row; wrong ones if red were blue."""
    row = plane[plane.shape[0] // 2, ::4] > 127
    names = [NAMES[tuple(int(one) for one in pixel)] for pixel in row]
    return {pair for pair in pairwise(names) if pair[0] != pair[1]}


def test_both_pictures_show_the_same_scene_and_are_the_frames_own():
    with make(CAMERA, "yard") as source:
        frames = list(islice(source, 6))
    assert [frame.number for frame in frames] == list(range(6))
    for frame in frames:
        assert frame.pixels.shape == (480, 640, 3)
        assert frame.small.shape == (224, 224, 3)
        assert frame.pixels.std() > 10
    # The pattern is whole at first and is then shifted in pieces.
    assert any(neighbours(frame.pixels) >= NEIGHBOURS for frame in frames)
    assert any(neighbours(frame.small) >= NEIGHBOURS for frame in frames)
    assert any((frame.pixels != frames[0].pixels).any() for frame in frames[1:])


def test_it_closes_so_that_it_can_be_opened_again():
    for _ in range(3):
        with make(CAMERA) as source:
            assert next(iter(source)).number == 0


def taken_by(openings: int, use) -> tuple[int, float]:
    """Descriptors and MB that a process has more after so many openings; the first do not count."""
    for number in range(4 + openings):
        use()
        # picamera2 leaves its buffers to the garbage collector.
        gc.collect()
        if number == 3:
            held, memory = len(list(Path("/proc/self/fd").iterdir())), rss_mb()
    return len(list(Path("/proc/self/fd").iterdir())) - held, rss_mb() - memory


@pytest.mark.timeout(120 + 3 * OPENINGS)
def test_opening_it_again_and_again_takes_no_more_than_picamera2_does():
    """libcamera's virtual camera keeps 0.8 MB of each opening, whoever opens it."""
    library = importlib.import_module("picamera2").Picamera2

    def bare():
        camera = library(0)
        camera.configure(
            camera.create_video_configuration(
                main={"size": (640, 480), "format": "BGR888"},
                lores={"size": (224, 224), "format": "YUV420"},
                buffer_count=4,
            )
        )
        camera.start()
        camera.stop()
        camera.close()

    def ours():
        with make(CAMERA) as source:
            next(iter(source))

    _, theirs_mb = taken_by(OPENINGS, bare)
    descriptors, ours_mb = taken_by(OPENINGS, ours)
    assert descriptors <= 0
    # One frame that is kept for each opening would be 0.9 MB.
    assert ours_mb - theirs_mb <= 0.5 * OPENINGS


def test_auto_finds_it():
    with make("auto:?width=640&height=480", "yard") as source:
        frame = next(iter(source))
    assert frame.pixels.shape == (480, 640, 3)
    assert frame.small is not None


def test_a_camera_that_is_not_there_and_one_in_use_are_told():
    with pytest.raises(SourceError, match="finds no such camera"):
        make("csi:7").open()
    with make(CAMERA) as first:
        next(iter(first))
        with pytest.raises(SourceError, match="does not open"):
            make(CAMERA).open()


def test_it_runs_under_supervision():
    with Supervised(lambda: make(CAMERA), "yard") as live:
        for _ in range(3):
            assert live.next(PATIENCE) is not None
