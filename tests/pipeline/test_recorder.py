from __future__ import annotations

import contextlib
import threading

import pytest

from edgevision.errors import OutputError
from edgevision.outputs.jsonl import JsonLines
from edgevision.pipeline.outlet import Outlet
from edgevision.pipeline.recorder import Recorder
from edgevision.store.events import EventStore

SOON = 10.0


class Shelf:
    """A store in memory that can be made to fail."""

    def __init__(self, goal=1):
        self.kept, self.failing, self.closed_door = [], False, False
        self.goal, self.reached, self.refused = goal, threading.Event(), threading.Event()

    def __enter__(self):
        if self.closed_door:
            self.refused.set()
            raise OutputError("the store's folder is read-only")
        return self

    def __exit__(self, *_):
        pass

    def add(self, events):
        if self.failing:
            self.refused.set()
            raise OutputError("the disk is full")
        self.kept += [event.id for event in events]
        if len(self.kept) >= self.goal:
            self.reached.set()
        return len(events)


class Teller:
    name = "teller"
    wants_pixels = False

    def __init__(self, shelf=None, goal=1):
        self.told, self.kept_first, self.shelf = [], [], shelf
        self.goal, self.reached = goal, threading.Event()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def write(self, report):
        for event in report.events:
            self.told.append(event.id)
            self.kept_first.append(self.shelf is None or event.id in self.shelf.kept)
        if len(self.told) >= self.goal:
            self.reached.set()


def ids(*reports):
    return [event.id for report in reports for event in report.events]


def test_an_event_is_kept_before_it_is_told(make_report):
    shelf = Shelf()
    teller = Teller(shelf)
    reports = [make_report(number, events=2) for number in range(20)]
    with Recorder(shelf, [teller]) as recorder:
        for report in reports:
            recorder.write(report)
    assert shelf.kept == teller.told == ids(*reports)
    assert all(teller.kept_first)
    assert recorder.saved == 40
    assert recorder.lost_events == 0


def test_while_the_store_fails_events_are_told_and_kept_later(make_report):
    shelf, reports = Shelf(goal=6), [make_report(number, events=2) for number in range(3)]
    teller = Teller(goal=6)
    shelf.failing = True
    with Outlet(Recorder(shelf, [teller])) as outlet:
        for report in reports:
            outlet.write(report)
        assert teller.reached.wait(SOON)
        assert shelf.kept == []
        shelf.failing = False
        assert shelf.reached.wait(SOON), "it is tried again although no event comes"
    assert shelf.kept == ids(*reports)
    assert outlet.lost_events == 0


def test_a_store_that_opens_later_is_used_then(make_report, caplog):
    shelf, teller = Shelf(), Teller()
    shelf.closed_door = True
    with Outlet(Recorder(shelf, [teller])) as outlet:
        outlet.write(make_report(1, events=1))
        assert teller.reached.wait(SOON)
        shelf.closed_door = False
        assert shelf.reached.wait(SOON)
    assert "read-only" in caplog.text
    assert outlet.failures.count == 0


def test_what_the_store_never_took_is_counted(make_report, caplog):
    shelf, teller = Shelf(), Teller()
    shelf.failing = True
    recorder = Recorder(shelf, [teller], spill=4)
    with recorder:
        for number in range(3):
            recorder.write(make_report(number, events=2))
        assert recorder.unsaved == 2
    assert recorder.unsaved == recorder.lost_events == 6
    assert len(teller.told) == 6
    assert "4 events could not be kept" in caplog.text


def test_an_output_that_does_not_open_is_said_and_left_out(make_report, tmp_path, caplog):
    shelf, teller = Shelf(), Teller()
    with Recorder(shelf, [JsonLines(tmp_path), teller]) as recorder:
        recorder.write(make_report(1, events=1))
    assert len(teller.told) == len(shelf.kept) == 1
    assert "jsonl is left out" in caplog.text


def test_an_output_that_fails_keeps_nothing_from_the_others(make_report):
    shelf, teller = Shelf(), Teller()
    full = Outlet(JsonLines("/dev/full"), drain_seconds=0.05)
    with Recorder(shelf, [full, teller]) as recorder:
        for number in range(5):
            recorder.write(make_report(number, events=1))
    assert len(teller.told) == len(shelf.kept) == 5
    assert recorder.lost_events == 5


def test_without_a_store_events_are_told(make_report):
    teller = Teller()
    with Outlet(Recorder(None, [teller])) as outlet:
        outlet.write(make_report(1, events=2))
    assert len(teller.told) == 2
    assert outlet.lost_events == 0


def test_rows_and_lines_are_the_same_events(make_report, tmp_path):
    reports = [make_report(number, events=number % 3) for number in range(100)]
    lines, rows = tmp_path / "events.jsonl", tmp_path / "events.sqlite"
    with Outlet(Recorder(EventStore(rows), [JsonLines(lines)])) as outlet:
        for report in reports:
            outlet.write(report)
    told = [event.to_json() for report in reports for event in report.events]
    assert lines.read_text("utf-8").splitlines() == told
    with EventStore(rows) as store:
        assert sorted(store.latest(1000)) == sorted(told)


class Watched(JsonLines):
    """Tells when it was refused."""

    def __init__(self, path):
        super().__init__(path)
        self.refused = threading.Event()

    def write(self, report):
        try:
            super().write(report)
        except OutputError:
            self.refused.set()
            raise


def fill(path):
    """Take all the room that there is."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(512)):
            pass


def test_a_full_disk_that_is_freed_costs_nothing(small_disk, make_report):
    """Both the rows and the lines end up complete, and whole."""
    (small_disk / "ballast").unlink()
    lines, rows = Watched(small_disk / "events.jsonl"), small_disk / "events.sqlite"
    reports = [make_report(number, events=2) for number in range(60)]
    with Recorder(EventStore(rows), [Outlet(lines, drain_seconds=SOON)]) as recorder:
        for report in reports[:20]:
            recorder.write(report)
        fill(small_disk / "filler")
        for report in reports[20:50]:
            recorder.write(report)
        assert recorder.last_error is not None
        assert lines.refused.wait(SOON)
        (small_disk / "filler").unlink()
        for report in reports[50:]:
            recorder.write(report)
    told = [event.to_json() for report in reports for event in report.events]
    assert (small_disk / "events.jsonl").read_text("utf-8").splitlines() == told
    with EventStore(rows) as store:
        assert store.count() == len(told)
    assert recorder.lost_events == 0


@pytest.mark.parametrize("name", ["lossless", "wants_pixels"])
def test_it_says_what_it_takes(name):
    assert getattr(Recorder(None), name) == (name == "lossless")
