"""A live source that fails in every way that cameras fail in."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.errors import SourceError, UriError
from edgevision.pipeline import supervise
from edgevision.pipeline.supervise import Supervised
from edgevision.values.frame import Frame

PATIENCE = 20.0  # seconds, for what takes milliseconds


class Camera:
    """Plays a script: how many frames each opening gives, and how it ends.

    An opening is (frames, end): end is "end", "error", "absent" (fails to open), "wrong" (the
    address), or where it hangs: "hang" in the read, "deaf" the same but deaf to `stop()`,
    "hang open", "hang close". The last opening is played again and again.
    """

    def __init__(self, *script, first_seconds=0.0):
        self.script = script
        self.first_seconds = first_seconds
        self.openings = 0
        self.closings = 0
        self.release = threading.Event()

    def __call__(self):
        play = self.script[min(self.openings, len(self.script) - 1)]
        self.openings += 1
        return Opening(self, *play)


class Opening:
    name, live = "fake", True

    def __init__(self, camera, frames, end):
        self.camera, self.frames, self.end = camera, frames, end
        self.stopping = threading.Event()

    def __enter__(self):
        if self.end == "absent":
            raise SourceError("nothing is plugged in")
        if self.end == "wrong":
            raise UriError("no such address")
        if self.end == "hang open":
            self.camera.release.wait()
        return self

    def __exit__(self, *error):
        if self.end == "hang close":
            self.camera.release.wait()
        self.camera.closings += 1

    def stop(self):
        self.stopping.set()

    def __iter__(self):
        for number in range(self.frames):
            pixels = np.zeros((2, 2, 3), np.uint8)
            yield Frame(pixels, number, self.camera.first_seconds + number / 10, "inner")
        if self.end == "error":
            raise SourceError("the cable broke")
        if self.end == "bug":
            raise ZeroDivisionError
        if self.end in ("hang", "hang close"):
            self.stopping.wait()
        if self.end == "deaf":
            self.camera.release.wait()


@contextmanager
def supervised(camera, **changes):
    quick = {"stall_seconds": 0.05, "open_seconds": 0.05, "closing_seconds": 0.05}
    source = Supervised(
        camera, "cam", **{**quick, "first_backoff": 0.001, "longest_backoff": 0.01, **changes}
    )
    try:
        with source:
            yield source
    finally:
        camera.release.set()


def wait_for(source, condition):
    """Iterates, as the loop would, until `condition()`."""
    deadline = source.clock() + PATIENCE
    while not condition():
        assert source.clock() < deadline, source.counts
        source.next(0.05)


@pytest.mark.parametrize("end", ["end", "error", "bug", "hang", "deaf", "hang close"])
def test_it_is_opened_again_whatever_happened(end):
    camera = Camera((3, end), (2, "end"), (10, "hang"))
    with supervised(camera) as source:
        wait_for(source, lambda: camera.openings >= 3 and source.state == "running")
        assert source.counts.opened >= 3
        if end in ("hang", "deaf", "hang close"):
            assert source.counts.stalls >= 1
        else:
            assert source.counts.errors >= 2
        assert source.counts.last_error


@pytest.mark.parametrize("end", ["absent", "hang open"])
def test_a_camera_that_is_absent_or_hangs_at_first_is_waited_for(end):
    camera = Camera((0, end), (0, end), (5, "hang"))
    with supervised(camera) as source:
        frame = next(iter(source))
        assert frame.source == "cam"
        assert camera.openings >= 3
        assert source.counts.errors + source.counts.stalls >= 2


def test_an_impatient_one_tells_the_first_failure():
    with (
        pytest.raises(SourceError, match="nothing is plugged in"),
        supervised(Camera((0, "absent")), patient=False) as source,
    ):
        next(iter(source))


def test_an_impatient_one_does_not_wait_for_an_opening_that_hangs():
    camera = Camera((0, "hang open"))
    with (
        pytest.raises(SourceError, match="no answer"),
        supervised(camera, patient=False) as source,
    ):
        next(iter(source))
    assert camera.openings == 1


def test_an_impatient_one_is_patient_once_it_was_opened():
    camera = Camera((1, "error"), (0, "absent"), (5, "hang"))
    with supervised(camera, patient=False) as source:
        wait_for(source, lambda: camera.openings == 3 and source.state == "running")


def test_a_wrong_address_is_not_tried_again():
    camera = Camera((0, "wrong"))
    with pytest.raises(UriError, match="no such address"), supervised(camera) as source:
        list(source)
    assert camera.openings == 1


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from(["end", "error", "bug", "absent", "hang"])),
        max_size=5,
    ),
    st.floats(0, 1000),
)
def test_numbers_rise_and_time_never_goes_back(script, first_seconds):
    camera = Camera(*script, (4, "hang"), first_seconds=first_seconds)
    seen = []
    with supervised(camera, stall_seconds=0.02, open_seconds=0.02) as source:
        while camera.openings <= len(script) or source.state != "running":
            frame = source.next(0.01)
            seen += [frame] if frame is not None else []
        frame = source.next(0.01)
        seen += [frame] if frame is not None else []
    numbers = [frame.number for frame in seen]
    assert numbers == sorted(set(numbers))
    assert [f.seconds for f in seen] == sorted(f.seconds for f in seen)
    assert all(frame.source == "cam" for frame in seen)
    assert {"opened", "errors"} <= set(source.counts.__slots__)
    assert source.counts.errors <= sum(end != "hang" for _, end in script)


def test_media_time_goes_on_from_where_the_last_opening_ended():
    """Not all sources have a clock that never begins anew."""
    camera = Stepped()
    with Supervised(lambda: camera, "cam", first_backoff=0.001, longest_backoff=0.001) as source:
        seconds = []
        for step in range(6):
            camera.step()
            seconds.append(source.next(PATIENCE).seconds)
            if step == 2:
                camera.end()
    assert seconds == [0.0, 1.0, 2.0, 2.0, 3.0, 4.0]


class Stepped:
    """A camera that gives one frame for each `step()`, and tells when it was taken."""

    name, live = "stepped", True

    def __init__(self):
        self.go, self.taken = threading.Semaphore(0), threading.Semaphore(0)
        self.stopped = False
        self.ending = False

    def __enter__(self):
        self.ending = False
        return self

    def __exit__(self, *error):
        pass

    def __iter__(self):
        number = 0
        while self.go.acquire(timeout=PATIENCE) and not self.stopped and not self.ending:
            yield Frame(np.full((1, 1, 3), number, np.uint8), number, float(number), "inner")
            number += 1
            self.taken.release()

    def step(self, times=1):
        for _ in range(times):
            self.go.release()
            assert self.taken.acquire(timeout=PATIENCE)

    def end(self):
        self.ending = True
        self.go.release()

    def stop(self):
        self.stopped = True
        self.go.release()


def test_the_newest_frame_wins_and_the_others_are_counted():
    camera = Stepped()
    with Supervised(lambda: camera, "cam") as source:
        camera.step(5)
        assert source.next(PATIENCE).number == 4
        assert source.counts.dropped == 4
        assert source.next(0.0) is None
        assert source.peek().number == 4
        camera.step()
        assert source.peek().number == 5
        assert source.next(PATIENCE).number == 5
        assert source.counts.dropped == 4
        assert source.state == "running"


@pytest.mark.parametrize("end", ["hang", "deaf", "hang open", "hang close", "absent"])
def test_leaving_ends_although_the_camera_hangs(end):
    camera = Camera((1, end))
    done = threading.Event()

    def use():
        with Supervised(camera, "cam", longest_backoff=1000, first_backoff=1000) as source:
            source.next(0.2)
        source.__exit__(None, None, None)
        done.set()

    threading.Thread(target=use, daemon=True).start()
    assert done.wait(PATIENCE)
    camera.release.set()


def test_stop_from_another_thread_wakes_the_loop():
    camera = Camera((1, "hang"))
    with Supervised(camera, "cam", stall_seconds=1000) as source:
        got = threading.Event()
        ended = threading.Event()

        def loop():
            for _ in source:
                got.set()
            ended.set()

        threading.Thread(target=loop, daemon=True).start()
        assert got.wait(PATIENCE)
        source.stop()
        assert ended.wait(PATIENCE)
        assert source.state == "stopped"


def readers():
    return sum(thread.name == "read cam" for thread in threading.enumerate())


def test_hung_readers_do_not_pile_up_and_are_used_again_once_they_return():
    before = readers()
    camera = Camera((1, "deaf"))
    with supervised(camera, stall_seconds=0.01, open_seconds=0.01) as source:
        wait_for(source, lambda: source.state == "waiting")
        # One that is slow to begin may be left behind before it opens; it ends without hanging.
        opened = camera.openings
        assert opened >= supervise.MOST_HUNG
        assert list(filter(None, (source.next(0.01) for _ in range(5)))) == []
        assert readers() - before == supervise.MOST_HUNG
        camera.script = ((1, "hang"),)
        camera.release.set()
        wait_for(source, lambda: camera.openings > opened)
        assert camera.closings >= 1


def test_frames_of_a_reader_that_was_left_behind_are_not_listened_to():
    """It may come back to life in the middle of the next opening."""
    camera = Camera((1, "deaf"), (1, "hang"))
    with supervised(camera, stall_seconds=0.02) as source:
        wait_for(source, lambda: source.counts.opened == 2)
        opened = source.counts.opened
        errors = source.counts.errors
        camera.release.set()  # the first ends now: "the stream ended" is not said of the second
        wait_for(source, lambda: camera.closings >= 1)
        assert source.counts.errors == errors
        assert source.counts.opened >= opened


def test_the_same_failure_is_logged_once(caplog):
    camera = Camera((0, "absent"))
    with caplog.at_level(logging.WARNING), supervised(camera) as source:
        wait_for(source, lambda: source.counts.errors >= 10)
    assert len([r for r in caplog.records if "nothing is plugged in" in r.message]) == 1


def test_waits_grow_while_it_fails_and_shrink_once_it_ran():
    camera = Camera(*[(0, "absent")] * 4, (1, "end"), (0, "absent"))
    waits, now, enough = [], [0.0], threading.Event()

    def make():
        if len(waits) == 7:
            enough.set()
        waits.append(source.counts.wait_seconds)
        now[0] += 1000.0 if camera.openings == 4 else 0.0  # it runs for long, then ends
        return camera()

    source = Supervised(
        make,
        "cam",
        first_backoff=0.002,
        longest_backoff=0.008,
        random=lambda: 1.0,
        clock=lambda: now[0],
    )
    with source:
        assert enough.wait(PATIENCE)
    assert waits[:7] == [0.0, 0.002, 0.004, 0.008, 0.008, 0.002, 0.004]


def test_iteration_gives_frames_across_openings():
    camera = Camera((1, "end"))
    with supervised(camera) as source:
        numbers = [frame.number for frame in islice(source, 4)]
    assert numbers == sorted(set(numbers))
    assert camera.openings >= 4


@pytest.mark.parametrize("end", ["hang", "deaf", "absent"])
def test_another_source_takes_the_place_of_one_that_runs_hangs_or_is_absent(end):
    before, after = Camera((3, end)), Camera((1000, "hang"))
    with supervised(before, stall_seconds=5.0, open_seconds=5.0) as source:
        if end == "absent":
            wait_for(source, lambda: before.openings >= 2)
        else:
            frames = [source.next(PATIENCE)]
            assert frames[0] is not None
        source.change(after, 5.0)
        frame = source.next(PATIENCE)
        assert (after.openings, source.state) == (1, "running")
        assert frame.source == "cam"
        if end != "absent":
            assert frame.number > frames[0].number
            assert frame.seconds >= frames[0].seconds
        assert source.counts.stalls == 0
        before.release.set()


def test_a_new_source_that_is_absent_is_waited_for():
    before, after = Camera((3, "hang")), Camera((0, "absent"), (0, "absent"), (5, "hang"))
    with supervised(before, patient=False, stall_seconds=5.0) as source:
        assert source.next(PATIENCE) is not None
        source.change(after, 5.0)
        wait_for(source, lambda: after.openings == 3 and source.state == "running")
