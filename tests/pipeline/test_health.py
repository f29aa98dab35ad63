from __future__ import annotations

import json
import logging
import threading

import numpy as np
from parts import Brightness, Everywhere, Frames, Kept, Shade, frame, whole

from edgevision.errors import OutputError, SourceError
from edgevision.pipeline.decide import Sightings
from edgevision.pipeline.health import Health
from edgevision.pipeline.outlet import Outlet
from edgevision.pipeline.probes import watch_outlet, watch_recorder, watch_source
from edgevision.pipeline.recorder import Recorder
from edgevision.pipeline.sighting import Rules
from edgevision.pipeline.step import Step
from edgevision.pipeline.supervise import Supervised
from edgevision.values.box import FULL, Box
from edgevision.worker import Worker

RULES = {"shade": Rules(threshold=0.6, release=0.3, window_s=1.0, min_hits=3, cooldown_s=60)}


def look(health: Health, shades: list[int], region: Everywhere | None = None) -> None:
    engine = Brightness()
    step = Step(
        region=region or Everywhere(),
        engine=engine,
        prepare=whole,
        tasks=[Shade()],
        decider=Sightings(RULES, engine.spec),
    )
    for number, shade in enumerate(shades):
        health.count(step.look(frame(number, shade=shade)))


def causes(health: Health) -> dict[str, int]:
    return {row["cause"]: row["count"] for row in health.summary()["decisions"]}


def test_decisions_are_counted_by_the_kind_of_their_reason():
    health = Health()
    look(health, [0] * 4 + [120] * 4)
    assert causes(health) == {"presence": 4, "score": 4}

    health = Health()
    look(health, [255] * 5)
    assert causes(health) == {"hits": 2, "seen": 3}


def test_a_sighting_that_ended_and_may_not_begin_yet():
    health = Health()
    # Ten frames a second: seen, out of sight for over the hold of 2 s, there again.
    look(health, [255] * 5 + [0] * 40 + [255] * 10)

    assert causes(health)["gone"] > 0
    assert causes(health)["cooldown"] > 0
    assert health.summary()["seen"] == [{"task": "shade", "name": "Bright", "sightings": 1}]


def test_every_look_of_the_network_is_counted():
    health = Health()
    look(health, [255] * 3, Everywhere((FULL,), closer=Box(0, 0, 0.5, 0.5)))
    look(health, [255] * 2, Everywhere(()))

    summary = health.summary()
    assert (summary["frames"], summary["looked"], summary["inferences"]) == (5, 3, 6)
    assert summary["latency_ms"]["infer"]["count"] == 3


def test_it_is_starting_until_a_frame_was_answered():
    health = Health()
    assert health.summary()["state"] == "starting"
    look(health, [0])
    assert health.summary()["state"] == "healthy"


def test_trouble_is_told_with_its_reason_until_it_is_mended(caplog):
    caplog.set_level(logging.INFO)
    health = Health()
    look(health, [0])
    health.trouble("engine", "on the CPU: the Edge TPU does not answer")
    told = health.summary()
    assert told["state"] == "degraded"
    assert told["reasons"] == ["engine: on the CPU: the Edge TPU does not answer"]
    health.mend("engine")
    assert health.summary()["state"] == "healthy"
    health.fail("the engine failed five times")
    assert health.summary()["reasons"] == ["the engine failed five times"]
    assert [record.getMessage() for record in caplog.records] == [
        "degraded: engine: on the CPU: the Edge TPU does not answer",
        "healthy",
    ]


def test_a_source_that_is_away_is_trouble_and_its_drops_are_counted():
    let_go = threading.Event()

    class Away(Frames):
        live = True
        opened = 0

        def __enter__(self):
            Away.opened += 1
            if Away.opened == 1 or let_go.is_set():
                return self
            raise SourceError("yard: no such device")

    source = Supervised(
        lambda: Away([frame(0), frame(1)]), "yard", first_backoff=0.001, longest_backoff=0.002
    )
    health = Health()
    watch_source(health, source)
    with source:
        assert source.next(10) is not None
        while "no such device" not in "".join(health.assess().reasons):
            source.next(0.01)
        let_go.set()
        while source.counts.opened < 2:
            source.next(0.01)
        numbers = health.summary()["sources"]["yard"]
    assert numbers["reconnects"] >= 1
    assert numbers["errors"] > 0


def test_an_output_that_fails_is_trouble_and_what_it_loses_is_told(make_report):
    kept = Kept(OutputError("the disk is full"))
    outlet = Outlet(kept, depth=1, keep_events=False)
    health = Health()
    watch_outlet(health, outlet)
    with outlet:
        for number in range(50):
            outlet.write(make_report(number))
        while outlet.failures.last is None:
            threading.Event().wait(0.01)
        summary = health.summary()
    assert summary["reasons"] == ["output kept: the disk is full"]
    assert summary["dropped"] == {"kept": summary["outputs"]["kept"]["dropped"]}
    assert 0 < summary["dropped"]["kept"] <= 50


def test_what_a_store_could_not_take_is_told(tmp_path, make_report):
    class Full:
        def __enter__(self):
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def add(self, events):
            raise OutputError("no room")

    recorder = Recorder(Full(), [Kept()])
    health = Health()
    watch_recorder(health, recorder, tmp_path / "events.sqlite")
    with recorder:
        recorder.write(make_report(1, events=2))
        summary = health.summary()
    assert summary["store"]["waiting"] == 2
    assert summary["reasons"] == ["store: no room"]
    assert "kept" in summary["outputs"]


def test_a_part_that_has_gone_is_asked_no_more():
    health = Health()
    health.watch("sources", "yard", lambda: {"dropped": 3}, lambda: "away")
    assert health.assess().name == "degraded"
    assert health.dropped_by() == {"yard": 3}
    health.unwatch("sources", "yard")
    assert health.assess().name == "starting"
    assert health.summary()["sources"] == {}


def test_several_threads_may_count_while_another_reads():
    health = Health()
    engine = Brightness()
    step = Step(
        region=Everywhere(),
        engine=engine,
        prepare=whole,
        tasks=[Shade()],
        decider=Sightings(RULES, engine.spec),
    )
    report = step.look(frame(0, shade=255))
    done = threading.Event()

    def count(_: threading.Event) -> None:
        for number in range(1000):
            health.count(report)
            health.drop(f"cause {number % 50}")
        done.set()

    counting = [Worker(f"count {index}", count).start() for index in range(3)]
    while not done.is_set():
        json.dumps(health.summary())
    assert all(one.wait(30) and one.error is None for one in counting)
    summary = health.summary()
    assert summary["frames"] == summary["latency_ms"]["total"]["count"] == 3000
    assert sum(summary["dropped"].values()) == 3000
    assert np.isfinite(summary["fps_now"])
