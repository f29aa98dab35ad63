from __future__ import annotations

import threading

import pytest
from parts import Kept

from edgevision.errors import OutputError
from edgevision.pipeline.exchange import Exchangeable
from edgevision.pipeline.outlet import Outlet


class Room(Kept):
    """Counts its openings; one of the same door may be open at a time."""

    name = "room"

    def __init__(self, door, fails=False):
        super().__init__()
        self.door, self.fails = door, fails
        self.lost_events = 2
        self.threads = set()

    def __enter__(self):
        self.threads.add(threading.current_thread().name)
        assert self.door.acquire(blocking=False), "the other one is still open"
        if self.fails:
            self.door.release()
            raise OutputError("room: the door is stuck")
        return self

    def __exit__(self, *_):
        self.threads.add(threading.current_thread().name)
        self.door.release()


def test_another_output_takes_the_place_and_no_report_is_lost(make_report):
    door = threading.Lock()
    first, second = Room(door), Room(door)
    exchangeable = Exchangeable(first)
    with Outlet(exchangeable, wait=True) as outlet:
        for number in range(200):
            outlet.write(make_report(number, events=1))
            if number == 100:
                exchangeable.exchange(second)
    told = [report.frame.number for report in (*first.reports, *second.reports)]
    assert told == list(range(200))
    assert second.reports
    assert len(first.reports) <= 101
    assert first.threads == second.threads == {"output-room"}
    assert not door.locked()
    assert exchangeable.lost_events == 4


def test_the_one_before_goes_on_if_the_other_does_not_open(make_report):
    door = threading.Lock()
    first = Room(door)
    exchangeable = Exchangeable(first)
    with Outlet(exchangeable, wait=True) as outlet:
        outlet.write(make_report(0))
        with pytest.raises(OutputError, match="the door is stuck"):
            exchangeable.exchange(Room(door, fails=True))
        outlet.write(make_report(1))
    assert [report.frame.number for report in first.reports] == [0, 1]


def test_what_is_not_open_cannot_be_exchanged():
    exchangeable = Exchangeable(Room(threading.Lock()))
    with pytest.raises(OutputError, match="room: is not open"):
        exchangeable.exchange(Room(threading.Lock()))


def test_it_is_as_what_it_wraps():
    class Window(Kept):
        lossless, wants_pixels = False, True

        def __init__(self):
            super().__init__()
            self.closed = threading.Event()
            self.tended = threading.Event()

        def tend(self):
            self.tended.set()

        def ask(self, source):
            self.asked = source

    window = Window()
    with Outlet(Exchangeable(window)) as outlet:
        assert (outlet.lossless, outlet.wants_pixels, outlet.name) == (False, True, "kept")
        assert window.tended.wait(10)
        assert outlet.ask_picture("yard")
        closed = threading.Event()
        outlet.when_closed(closed.set)
        window.closed.set()
        assert closed.wait(10)
    assert window.asked == "yard"
    assert not Outlet(Exchangeable(Kept())).ask_picture(None)
