from __future__ import annotations

from dataclasses import replace

import numpy as np
from parts import Brightness, Everywhere, Shade, frame, whole

from edgevision.pipeline.everyframe import EveryFrame
from edgevision.pipeline.sighting import Rules
from edgevision.pipeline.step import Step
from edgevision.values.box import FULL, Box

RULES = {"shade": Rules(threshold=0.5, release=0.3)}
LEFT, RIGHT = Box(0, 0, 0.5, 1), Box(0.5, 0, 0.5, 1)


def step(region=None, engine=None, max_passes=2) -> Step:
    engine = engine or Brightness()
    return Step(
        region=region or Everywhere(),
        engine=engine,
        prepare=whole,
        tasks=[Shade()],
        decider=EveryFrame(RULES, engine.spec),
        max_passes=max_passes,
    )


def test_a_frame_becomes_a_report():
    report = step().look(frame(3, shade=204))
    assert report.boxes == (FULL,)
    assert report.results[0].guesses[0].label == "bright"
    assert report.results[0].guesses[0].score == np.float32(0.8)
    assert report.decisions[0].verdict == "seen"
    assert report.events[0].latency_ms["total"] >= report.events[0].latency_ms["infer"]
    assert set(report.stage_millis) == {"aim", "infer", "read", "decide", "total"}


def test_two_boxes_are_two_inferences_and_two_results():
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:, 4:] = 255
    one = frame(0)
    object.__setattr__(one, "pixels", pixels)
    engine = Brightness()
    report = step(Everywhere((LEFT, RIGHT)), engine).look(one)
    assert engine.calls == 2
    assert [result.guesses[0].score for result in report.results] == [0, 1]
    assert [result.box for result in report.results] == [LEFT, RIGHT]


def test_no_more_passes_than_allowed():
    engine = Brightness()
    region = Everywhere((LEFT, RIGHT), closer=Box(0.1, 0.1, 0.2, 0.2))
    step(region, engine, max_passes=1).look(frame(0))
    assert engine.calls == 1
    step(region, engine, max_passes=3).look(frame(0))
    assert engine.calls == 1 + 3


def test_the_surer_of_two_looks_counts():
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:4, :4] = 255
    one = frame(0)
    object.__setattr__(one, "pixels", pixels)
    closer = Box(0, 0, 0.5, 0.5)
    report = step(Everywhere(closer=closer)).look(one)
    assert report.results[0].box == closer
    assert report.results[0].guesses[0].score == 1
    assert report.boxes == (closer,)


def test_a_frame_that_is_not_looked_at_costs_no_inference():
    engine = Brightness()
    report = step(Everywhere(boxes=()), engine).look(frame(0))
    assert engine.calls == 0
    assert report.results == ()


def test_the_region_is_shown_the_last_report_of_its_source_that_looked():
    region = Everywhere()
    runs = step(region)
    first = runs.look(frame(0, source="yard"))
    runs.look(frame(0, source="street"))
    runs.look(frame(1, source="yard"))
    assert region.lasts[0] is None
    assert region.lasts[1] is None
    assert region.lasts[2] is first


def test_tensors_are_free_as_soon_as_the_last_one_is_in():
    runs = step(Everywhere((LEFT, RIGHT)))
    aimed = runs.aim(frame(0), runs.new_tensors())
    freed = []
    runs.infer(aimed, lambda: freed.append(True))
    assert freed == [True]
    empty = step(Everywhere(boxes=()))
    empty.infer(empty.aim(frame(0), empty.new_tensors()), lambda: freed.append(True))
    assert len(freed) == 2


def test_what_is_told_changes_with_the_first_frame_of_another_recogniser():
    runs, told = step(), []
    before = runs.infer(runs.aim(frame(0), runs.new_tensors()))
    runs.change(replace(runs.recogniser, tasks=[Shade(), Shade()]), lambda: told.append("first"))
    # Nobody aims with that one: the next takes over at once.
    runs.change_engine(Brightness())
    assert len(runs.tell(before).results) == 1
    assert told == []
    after = runs.infer(runs.aim(frame(1), runs.new_tensors()))
    assert len(runs.tell(after).results) == 2
    assert told == ["first"]


def test_an_engine_is_closed_when_no_recogniser_uses_it_any_more():
    first, second = Brightness(), Brightness()
    runs = step(engine=first)
    for change in (lambda: runs.change(replace(runs.recogniser, tasks=[Shade()])), lambda: None):
        change()
        runs.look(frame(0, shade=200))
        assert not first.closed
    runs.change_engine(second)
    runs.look(frame(1, shade=200))
    assert (first.closed, second.closed) == (True, False)
    runs.close()
    assert second.closed
