from __future__ import annotations

import threading

import pytest
from parts import Brightness, Everywhere, Frames, Kept, Shade, frame, whole

from edgevision.board import Board
from edgevision.errors import EngineError, OutputError, SourceError
from edgevision.pipeline.decide import Sightings
from edgevision.pipeline.health import Health
from edgevision.pipeline.loop import Loop
from edgevision.pipeline.sighting import Rules
from edgevision.pipeline.step import Step
from edgevision.values.report import Report
from edgevision.worker import Worker

RULES = {"shade": Rules(threshold=0.5, release=0.3)}


def loop_of(source, outputs, engine=None, **limits) -> Loop:
    engine = engine or Brightness()
    step = Step(
        region=Everywhere(),
        engine=engine,
        prepare=whole,
        tasks=[Shade()],
        decider=Sightings(RULES, engine.spec),
    )
    return Loop(step, source, outputs, board=Board(), health=Health(), **limits)


def bright(count: int) -> list:
    return [frame(number, shade=250) for number in range(count)]


def test_every_frame_is_told_in_order_and_the_sighting_is_ended():
    kept = Kept()
    loop = loop_of(Frames(bright(50)), [kept])
    loop.run()
    told = [report.frame.number for report in kept.reports if report.boxes]
    assert told == list(range(50))
    assert [event.phase for event in kept.events] == ["seen", "ended"]


def test_an_empty_source_ends_at_once():
    kept = Kept()
    loop_of(Frames([]), [kept]).run()
    assert kept.reports == []


def test_it_ends_after_max_frames():
    kept = Kept()
    loop_of(Frames(bright(50)), [kept], max_frames=7).run()
    assert len([report for report in kept.reports if report.boxes]) == 7


def test_it_ends_after_its_time_even_if_no_frame_comes():
    source = Frames(bright(3))
    source.gate.clear()
    loop_of(source, [Kept()], seconds=0.1).run()
    assert source.stopped.is_set()


def test_it_ends_even_if_a_read_never_returns():
    never = threading.Event()
    reading = threading.Event()

    class Hanging(Frames):
        def __iter__(self):
            yield from super().__iter__()
            reading.set()
            never.wait(30)

    kept = Kept()
    loop = loop_of(Hanging(bright(5)), [kept])
    running = Worker("loop", lambda _: loop.run()).start()
    assert reading.wait(10)
    loop.stop()
    assert running.wait(5)
    assert [event.phase for event in kept.events] == ["seen", "ended"]
    never.set()


def test_stop_ends_it_from_another_thread():
    source = Frames(bright(100_000))
    kept = Kept()
    loop = loop_of(source, [kept])
    begun = threading.Event()

    class Telling(Kept):
        def write(self, report):
            begun.set()

    loop = loop_of(source, [kept, Telling()])
    running = Worker("loop", lambda _: loop.run()).start()
    assert begun.wait(10)
    loop.stop()
    assert running.wait(10)
    assert running.error is None
    assert [event.phase for event in kept.events][-1:] in ([], ["ended"])


def test_a_source_that_fails_ends_it_with_its_error_after_all_is_told():
    kept = Kept()
    with pytest.raises(SourceError, match="gone"):
        loop_of(Frames(bright(5), SourceError("gone")), [kept]).run()
    assert [event.phase for event in kept.events] == ["seen", "ended"]


def test_a_failed_inference_costs_one_frame():
    kept = Kept()
    engine = Brightness(fails=(2, 4))
    loop = loop_of(Frames(bright(10)), [kept], engine)
    loop.run()
    told = [report.frame.number for report in kept.reports if report.boxes]
    assert told == [0, 1, 3, 5, 6, 7, 8, 9]


def test_an_engine_that_only_fails_is_given_up():
    engine = Brightness(fails=tuple(range(100)))
    with pytest.raises(EngineError, match="asked for"):
        loop_of(Frames(bright(100)), [Kept()], engine).run()
    assert engine.calls == 5


def test_an_output_that_fails_does_not_silence_the_others():
    broken, kept = Kept(OutputError("full")), Kept()
    loop_of(Frames(bright(5)), [broken, kept]).run()
    assert len(kept.reports) == len(broken.reports) == 6


def test_reading_the_next_frame_begins_only_when_the_last_one_is_taken_in():
    gate = threading.Event()
    source = Frames(bright(20))
    given = []

    class Counting(Frames):
        def __iter__(self):
            for one in super().__iter__():
                given.append(one.number)
                yield one

    source = Counting(bright(20))
    kept = Kept()
    loop = loop_of(source, [kept], Brightness(gate=gate))
    running = Worker("loop", lambda _: loop.run()).start()
    running.wait(0.3)
    assert given == [0]
    gate.set()
    assert running.wait(10)
    assert len(given) == 20


def test_health_counts_what_happened():
    source = Frames(bright(20))
    health = Health()
    engine = Brightness()
    step = Step(
        region=Everywhere(),
        engine=engine,
        prepare=whole,
        tasks=[Shade()],
        decider=Sightings(RULES, engine.spec),
    )
    board = Board()
    Loop(step, source, [], board=board, health=health).run()
    summary = health.summary()
    assert summary["frames"] == summary["looked"] == 20
    assert summary["events"] == 2
    assert summary["seen"] == [{"task": "shade", "name": "Bright", "sightings": 1}]
    assert summary["fps"] > 0
    assert summary["latency_ms"]["total"]["p95"] >= summary["latency_ms"]["total"]["p50"] > 0
    assert board.latest("yard").frame.number == 19
    assert board.latest("street") is None
    assert Health().percentile("total", 50) is None
    assert Health().fps == 0


def test_the_board_wakes_a_reader_when_something_is_posted():
    board = Board()
    found = []
    reader = Worker(
        "reader", lambda _: found.append(board.wait_for_change("yard", None, 10))
    ).start()
    report = Report(frame(1))
    board.post(report)
    assert reader.wait(10)
    assert found == [report]
    assert board.wait_for_change("yard", report, 0.01) is report
