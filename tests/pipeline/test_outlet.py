from __future__ import annotations

import logging
import threading

import pytest

from edgevision.errors import OutputError
from edgevision.pipeline.outlet import Outlet

SOON = 10.0


class Slow:
    """An output that writes one report each time it is let."""

    name = "slow"

    def __init__(self, **attributes):
        self.seen = []
        self.threads = set()
        self.entered = threading.Event()
        self.let = threading.Semaphore(0)
        self.failing = False
        self.closings = 0
        for name, value in attributes.items():
            setattr(self, name, value)

    def __enter__(self):
        self.threads.add(threading.current_thread())
        return self

    def __exit__(self, *_):
        self.threads.add(threading.current_thread())
        self.closings += 1

    def write(self, report):
        self.threads.add(threading.current_thread())
        self.entered.set()
        assert self.let.acquire(timeout=SOON)
        if self.failing:
            raise OutputError("the disk is full")
        self.seen.append(report)

    def release(self, count):
        for _ in range(count):
            self.let.release()

    def numbers(self):
        return [report.frame.number for report in self.seen]


class Ready(Slow):
    """The same, but it never waits; `told` is set after each `goal` reports."""

    def __init__(self, goal=1, **attributes):
        super().__init__(**attributes)
        self.goal, self.told = goal, threading.Event()
        self.attempts, self.tried = 0, threading.Event()

    def write(self, report):
        self.threads.add(threading.current_thread())
        self.attempts += 1
        if self.attempts >= 3:
            self.tried.set()
        if self.failing:
            raise OutputError("the disk is full")
        self.seen.append(report)
        if len(self.seen) >= self.goal:
            self.told.set()


def test_everything_is_written_in_order_in_one_other_thread(make_report):
    output = Ready()
    with Outlet(output, wait=True) as outlet:
        for number in range(50):
            outlet.write(make_report(number))
    assert output.numbers() == list(range(50))
    assert outlet.written == 50
    assert outlet.dropped == outlet.lost_events == outlet.failures.count == 0
    assert len(output.threads) == 1
    assert threading.current_thread() not in output.threads
    assert output.closings == 1


def test_a_slow_output_drops_the_oldest_and_never_those_with_events(make_report):
    output = Slow()
    with Outlet(output, depth=3) as outlet:
        outlet.write(make_report(0))
        assert output.entered.wait(SOON)
        for number in range(1, 20):
            outlet.write(make_report(number, events=int(number in (4, 9))))
        assert outlet.waiting == 3
        output.release(50)
    assert output.numbers() == [0, 4, 9, 19]
    assert outlet.dropped == 16
    assert outlet.lost_events == 0


def test_events_beyond_the_spill_are_lost_and_counted(make_report):
    output = Slow()
    with Outlet(output, depth=2, spill=10) as outlet:
        outlet.write(make_report(0))
        assert output.entered.wait(SOON)
        for number in range(1, 21):
            outlet.write(make_report(number, events=2))
        output.release(50)
    assert outlet.lost_events == 2 * (20 - 5)
    assert output.numbers() == [0, 16, 17, 18, 19, 20]


def test_an_output_that_may_lose_drops_reports_with_events_too(make_report):
    output = Slow(lossless=False)
    with Outlet(output, depth=2) as outlet:
        outlet.write(make_report(0))
        assert output.entered.wait(SOON)
        for number in range(1, 11):
            outlet.write(make_report(number, events=1))
        output.release(50)
    assert output.numbers() == [0, 9, 10]
    assert outlet.dropped == 8
    assert outlet.lost_events == 0


def test_an_output_of_events_is_given_no_pixels_and_nothing_else(make_report):
    output = Ready(wants_pixels=False)
    with Outlet(output) as outlet:
        for number in range(30):
            outlet.write(make_report(number, events=number % 10 == 0, width=640, height=480))
    assert output.numbers() == [0, 10, 20]
    assert all(report.frame.pixels.nbytes == 3 for report in output.seen)
    assert all(report.frame.source == "camera" for report in output.seen)
    assert outlet.dropped == 0


def test_for_a_file_the_writer_waits_and_nothing_is_dropped(make_report):
    output = Slow()
    with Outlet(output, depth=2, wait=True) as outlet:
        done = threading.Event()

        def feed():
            for number in range(20):
                outlet.write(make_report(number))
            done.set()

        feeder = threading.Thread(target=feed)
        feeder.start()
        assert output.entered.wait(SOON)
        assert not done.wait(0.05)
        output.release(20)
        assert done.wait(SOON)
        feeder.join()
    assert output.numbers() == list(range(20))
    assert outlet.dropped == 0


def test_a_writer_that_waits_goes_on_when_it_is_told_to_stop(make_report):
    output, stop = Slow(), threading.Event()
    with Outlet(output, depth=1, wait=True, stop=stop) as outlet:
        stop.set()
        for number in range(5):
            outlet.write(make_report(number))
        output.release(50)
    assert outlet.dropped + outlet.written == 5


def test_a_failing_output_is_said_once_and_loses_no_event(make_report, caplog):
    output = Ready(goal=5)
    output.failing = True
    with caplog.at_level(logging.WARNING), Outlet(output, depth=2) as outlet:
        for number in range(5):
            outlet.write(make_report(number, events=1))
        assert output.tried.wait(SOON)
        assert outlet.failures.last == "the disk is full"
        output.failing = False
        assert output.told.wait(SOON)
    assert output.numbers() == [0, 1, 2, 3, 4]
    assert outlet.lost_events == 0
    assert outlet.failures.count >= 3
    assert outlet.failures.last is None
    assert caplog.text.count("the disk is full") == 1
    assert "works again" in caplog.text


def test_a_failing_output_holds_no_writer_up(make_report):
    output = Ready()
    output.failing = True
    with Outlet(output, depth=1, wait=True, drain_seconds=0.1) as outlet:
        outlet.write(make_report(0, events=1))
        assert output.tried.wait(SOON)
        for number in range(1, 30):
            outlet.write(make_report(number))
    assert outlet.dropped == 29
    assert outlet.lost_events == 1
    assert outlet.failures.count < 50, "it pauses between tries"


def test_a_fault_in_an_output_costs_that_report_only(make_report, caplog):
    class Faulty(Ready):
        def write(self, report):
            if report.frame.number == 1:
                raise ZeroDivisionError("a fault")
            super().write(report)

    output = Faulty(goal=2)
    with Outlet(output, depth=10) as outlet:
        for number in range(3):
            outlet.write(make_report(number, events=1))
        assert output.told.wait(SOON)
    assert output.numbers() == [0, 2]
    assert outlet.lost_events == 1
    assert "a fault" in caplog.text


def test_leaving_gives_up_on_an_output_that_hangs(make_report):
    output = Slow()
    with Outlet(output, depth=4, drain_seconds=0.1) as outlet:
        for number in range(4):
            outlet.write(make_report(number, events=1))
        assert output.entered.wait(SOON)
    assert outlet.lost_events == 3
    outlet.write(make_report(9, events=1))
    assert outlet.lost_events == 4
    output.release(10)


def test_an_error_in_opening_reaches_the_one_who_opens():
    class Absent(Ready):
        def __enter__(self):
            raise OutputError("no such folder")

    with pytest.raises(OutputError, match="no such folder"), Outlet(Absent()):
        pass


def test_opening_that_hangs_is_given_up():
    class Hanging(Slow):
        def __enter__(self):
            self.let.acquire(timeout=SOON)
            return self

    output = Hanging()
    with (
        pytest.raises(OutputError, match=r"did not open within 0\.05 s"),
        Outlet(output, open_seconds=0.05),
    ):
        pass
    output.release(1)


def test_an_error_in_closing_is_counted_and_said(caplog):
    class Torn(Ready):
        def __exit__(self, *_):
            raise OutputError("the trailer does not fit")

    with Outlet(Torn()) as outlet:
        pass
    assert outlet.failures.count == 1
    assert "the trailer does not fit" in caplog.text


def test_an_idle_output_is_tended_and_a_closed_one_is_told_of_once(make_report):
    tended, told = threading.Event(), threading.Event()
    calls = []

    class Window(Ready):
        lossless = False

        def tend(self):
            tended.set()

    window = Window()
    window.closed = threading.Event()
    with Outlet(window) as outlet:
        outlet.when_closed(lambda: (calls.append(1), told.set()))
        assert tended.wait(SOON)
        assert not told.is_set()
        window.closed.set()
        assert told.wait(SOON)
        outlet.write(make_report(1))
    assert calls == [1]


def test_outlets_told_to_finish_end_side_by_side(make_report):
    outputs = [Ready(), Ready()]
    with Outlet(outputs[0]) as one, Outlet(outputs[1]) as other:
        one.write(make_report(1))
        other.write(make_report(1))
        one.finish()
        other.finish()
    assert [output.numbers() for output in outputs] == [[1], [1]]
