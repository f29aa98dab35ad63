from __future__ import annotations

import threading
from queue import Empty, SimpleQueue

import cv2
import numpy as np
import pytest

from edgevision.board import Board
from edgevision.pipeline.preview import Preview, frames_of
from edgevision.pipeline.supervise import Supervised
from edgevision.sources.uri import make
from edgevision.values.box import Box
from edgevision.values.frame import Frame
from edgevision.values.report import Report
from edgevision.values.result import Decision

PATIENCE = 20


class Camera:
    """Hands on the frames that a test puts in."""

    def __init__(self) -> None:
        self.frames: SimpleQueue[Frame] = SimpleQueue()
        self.asked = threading.Semaphore(0)

    def __call__(self, seen, seconds):
        self.asked.release()
        try:
            return self.frames.get(timeout=seconds)
        except Empty:
            return None


def frame(number: int, width: int = 320, height: int = 240) -> Frame:
    return Frame(np.full((height, width, 3), 90, np.uint8), number, number / 25, "camera")


def pictures(viewer, woken):
    assert woken.acquire(timeout=PATIENCE)
    return viewer.take()


def decoded(data: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


@pytest.fixture
def camera():
    return Camera()


def test_two_viewers_get_the_same_bytes_of_one_encoding(camera):
    first, second = threading.Semaphore(0), threading.Semaphore(0)
    with Preview("camera", camera, Board()) as preview:
        one, two = preview.join(first.release), preview.join(second.release)
        camera.frames.put(frame(7))
        got = pictures(one, first)
        assert got.number == 7
        assert pictures(two, second) is got
        assert preview.drawn == 1
        assert decoded(got.data).shape == (240, 320, 3)


def test_the_last_answer_is_painted_over_a_newer_frame(camera):
    board, woken = Board(), threading.Semaphore(0)
    decision = Decision("dogs", "camera", "seen", "collie", 0.9, "collie 0.90")
    board.post(Report(frame(1), boxes=(Box(0.2, 0.2, 0.5, 0.5),), decisions=(decision,)))
    with Preview("camera", camera, board) as preview:
        viewer = preview.join(woken.release)
        newer = frame(2)
        camera.frames.put(newer)
        picture = decoded(pictures(viewer, woken).data)
    assert np.abs(picture.astype(int) - 90).max() > 60
    assert (newer.pixels == 90).all()


def test_nothing_is_asked_for_while_nobody_watches(camera):
    woken = threading.Semaphore(0)
    with Preview("camera", camera, Board()) as preview:
        viewer = preview.join(woken.release)
        camera.frames.put(frame(1))
        assert pictures(viewer, woken) is not None
        viewer.leave()
        # At most the one question that was on its way is still asked.
        while camera.asked.acquire(timeout=1):
            pass
        camera.frames.put(frame(2))
        assert not camera.asked.acquire(timeout=1)
        assert preview.newest is None
        assert preview.drawn == 1


def test_no_more_may_watch_than_there_is_room_for(camera):
    with Preview("camera", camera, Board(), most=2) as preview:
        viewers = [preview.join(lambda: None) for _ in range(3)]
        assert [one is None for one in viewers] == [False, False, True]
        viewers[0].leave()
        viewers[0].leave()
        assert preview.join(lambda: None) is not None


def test_who_takes_no_picture_holds_nobody_up(camera):
    woken = threading.Semaphore(0)
    with Preview("camera", camera, Board(), fps=240) as preview:
        stalled, quick = preview.join(lambda: None), preview.join(woken.release)
        for number in range(20):
            camera.frames.put(frame(number))
            assert pictures(quick, woken).number == number
        assert stalled.take().number == 19
        assert stalled.take() is None


def test_closing_wakes_who_waits(camera):
    woken = threading.Event()
    with Preview("camera", camera, Board()) as preview:
        viewer = preview.join(woken.set)
    assert woken.is_set()
    assert viewer.gone
    assert preview.join(lambda: None) is None


def test_a_picture_that_cannot_be_drawn_is_not_the_last(camera, caplog):
    woken = threading.Semaphore(0)
    with Preview("camera", camera, Board()) as preview:
        viewer = preview.join(woken.release)
        camera.frames.put(Frame(np.zeros((4, 70_000, 3), np.uint8), 0, 0.0, "camera"))
        camera.frames.put(frame(1))
        assert pictures(viewer, woken).number == 1
    assert "frame 0 cannot be shown" in caplog.text


def test_a_live_source_is_seen_while_nothing_answers_its_frames():
    source = Supervised(lambda: make("synthetic:?live=1&fps=50&width=64&height=48", "yard"), "yard")
    woken = threading.Semaphore(0)
    with source, Preview("yard", frames_of(source, Board()), Board()) as preview:
        viewer = preview.join(woken.release)
        numbers = [pictures(viewer, woken).number for _ in range(3)]
    assert numbers == sorted(set(numbers))


def test_a_file_is_seen_through_the_reports(make_report):
    board = Board()
    source = make("synthetic:?live=0", "camera")
    reported = frames_of(source, board)
    assert reported(None, 0.01) is None
    report = make_report(3)
    board.post(report)
    assert reported(None, PATIENCE) is report.frame
    assert reported(report.frame, 0.01) is None
