from __future__ import annotations

import threading

import pytest
from parts import Frames, frame

from edgevision.errors import SourceError, UriError
from edgevision.pipeline.each import RegionOfEach
from edgevision.pipeline.merged import Merged
from edgevision.values.box import FULL


def named(name: str, count: int, error: Exception | None = None) -> Frames:
    source = Frames([frame(number, source=name) for number in range(count)], error)
    source.name = name
    return source


class Endless(Frames):
    """A live source that gives frame after frame while its gate is open."""

    live = True

    def __init__(self, name: str) -> None:
        super().__init__([])
        self.name = name
        self.given = threading.Event()

    def __iter__(self):
        for number in range(100):
            yield frame(number, source=self.name)
        self.given.set()
        self.stopped.wait(10)


class Absent(Frames):
    def __init__(self, error: Exception) -> None:
        super().__init__([])
        self.name = "absent"
        self.missing = error

    def __enter__(self):
        raise self.missing


def test_files_are_taken_in_turn_and_whole():
    with Merged([named("a", 5), named("b", 20)]) as merged:
        taken = [(one.source, one.number) for one in merged]
    assert [number for name, number in taken if name == "a"] == list(range(5))
    assert [number for name, number in taken if name == "b"] == list(range(20))
    assert not merged.live


def test_a_fast_source_does_not_keep_a_slow_one_waiting():
    slow = named("slow", 3)
    slow.gate.clear()
    with Merged([named("fast", 50), slow]) as merged:
        frames = iter(merged)
        assert [next(frames).source for _ in range(10)] == ["fast"] * 10
        slow.gate.set()
        following = [next(frames).source for _ in range(43)]
    assert following.count("slow") == 3


def test_of_a_live_source_the_newest_frame_is_given_and_the_others_are_counted():
    camera = Endless("camera")
    with Merged([camera]) as merged:
        assert camera.given.wait(10)
        assert next(iter(merged)).number == 99
        assert merged.live
        assert merged.numbers(camera) == {"state": "running", "dropped": 99}


@pytest.mark.parametrize(
    "error", [SourceError("source absent: gone"), UriError("source absent: no")]
)
def test_a_source_that_is_absent_does_not_stop_the_others(error):
    absent = Absent(error)
    with Merged([absent, named("a", 5)]) as merged:
        assert len(list(merged)) == 5
        assert merged.trouble(absent) == str(error)
        assert merged.numbers(absent)["state"] == "ended"


def test_a_source_that_breaks_gives_what_it_had_and_the_others_go_on():
    broken = named("b", 2, RuntimeError("driver"))
    with Merged([broken, named("a", 4)]) as merged:
        assert sorted(one.source for one in merged) == ["a"] * 4 + ["b"] * 2
    assert "driver" in merged.trouble(broken)


def test_if_all_are_absent_the_first_error_is_raised():
    with (
        Merged([Absent(SourceError("first"))]) as merged,
        pytest.raises(SourceError, match="first"),
    ):
        list(merged)


def test_stopping_ends_it_while_nothing_comes():
    source = named("a", 5)
    source.gate.clear()
    with Merged([source]) as merged:
        timer = threading.Timer(0.05, merged.stop)
        timer.start()
        assert list(merged) == []


class Moving:
    """Looks at a frame only if the one before was of another brightness."""

    def __init__(self) -> None:
        self.last = None

    def select(self, given, last):
        shade, before = int(given.pixels[0, 0, 0]), self.last
        self.last = shade
        return (FULL,) if before not in (None, shade) else ()

    def refine(self, features, box, given):
        return box


def test_each_source_has_a_region_of_its_own():
    region = RegionOfEach(Moving)
    for _ in range(3):
        assert region.select(frame(0, shade=10, source="a"), None) == ()
        assert region.select(frame(0, shade=90, source="b"), None) == ()
    assert region.select(frame(0, shade=11, source="a"), None) == (FULL,)
    assert region.refine(None, FULL, frame(0, source="a")) == FULL
