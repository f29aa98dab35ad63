"""The whole loop with real networks whose resolution changes while it runs."""

from __future__ import annotations

import itertools
import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edgevision.app.build import (
    build_decider,
    build_network,
    build_step,
)
from edgevision.app.governed import build_gears, most_threads
from edgevision.board import Board
from edgevision.config.schema import Settings
from edgevision.engines.litert import LiteRt
from edgevision.pipeline.gears import Gears
from edgevision.pipeline.governor import Change, Rung
from edgevision.pipeline.health import Health
from edgevision.pipeline.loop import Loop
from edgevision.pixels.photo import read_photo
from edgevision.values.frame import Frame

if TYPE_CHECKING:
    import numpy as np

BLOODHOUND = "photos/dogs/train/01b35a06b00e.jpg"


class Showing:
    """A source that shows one picture until it is told to stop, or `count` times."""

    live = False
    name = "yard"

    def __init__(self, pixels: np.ndarray, count: int | None = None) -> None:
        self.pixels = pixels
        self.count = count
        self.stopped = False

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __iter__(self):
        for number in itertools.count() if self.count is None else range(self.count):
            if self.stopped:
                return
            yield Frame(self.pixels, number, number / 30, self.name)

    def stop(self) -> None:
        self.stopped = True


class Told:
    """An output that keeps events and numbers, and looks at each report."""

    name = "told"

    def __init__(self, look=lambda _: None):
        self.look = look
        self.events = []
        self.numbers = []

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, report):
        self.events += report.events
        if report.boxes:
            self.numbers.append(report.frame.number)
        self.look(report)


def settings(**changed) -> Settings:
    return Settings.model_validate({"task": "dogs", "region": "full", **changed})


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_it_steps_down_to_the_last_rung_and_the_dog_stays_the_same_dog(shared, caplog):
    caplog.set_level(logging.INFO)
    wanted = settings(governor={"max_latency_ms": 0.01})
    network = build_network(wanted)
    step = build_step(wanted, network, build_decider(wanted, network))
    health = Health(224, 1)
    gears = build_gears(wanted, network, step, health)
    after = []

    def look(report):
        if report.boxes and health.steps == 3:
            after.append(report)
        if len(after) == 60:
            loop.stop()

    told = Told(look)
    source = Showing(read_photo(shared / BLOODHOUND))
    loop = Loop(step, source, [told], board=Board(), health=health, seconds=100, gears=gears)
    loop.run()
    gears.close()
    assert step.engine.spec.input.shape == (128, 128, 3)
    assert told.numbers == list(range(len(told.numbers)))
    assert [(event.phase, event.label) for event in told.events] == [
        ("seen", "bloodhound"),
        ("ended", "bloodhound"),
    ]
    assert {event.model_sha256 for event in told.events} == {network.model.sha256}
    assert all(report.results[0].guesses[0].label == "bloodhound" for report in after)
    summary = health.summary()
    assert (summary["steps"], summary["resolution"], summary["threads"]) == (3, 128, 1)
    ladder, *said = [record.getMessage() for record in caplog.records]
    top1 = network.model.entry.measured_top1[224]
    assert ladder.startswith(
        f"governor: may go through 224 x 1 thread ({top1} % of photos right), "
    )
    assert [message.partition(":")[0] for message in said[:3]] == [
        "resolution 224 -> 192, threads 1",
        "resolution 192 -> 160, threads 1",
        "resolution 160 -> 128, threads 1",
    ]
    step.close()


class EveryFewFrames:
    """A governor that goes round its rungs, a step after every third frame."""

    short = None

    def __init__(self, rungs):
        self.rungs = rungs
        self.at = 0
        self.frames = 0

    @property
    def rung(self):
        return self.rungs[self.at]

    def look(self, now, infer_ms, total_ms):
        self.frames += 1
        if self.frames % 3:
            return None
        return Change(self.rung, self.rungs[(self.at + 1) % len(self.rungs)], infer_ms, 0.0)

    def made(self, now):
        self.at = (self.at + 1) % len(self.rungs)

    def failed(self):
        raise AssertionError


class Watched(LiteRt):
    """Says of itself whether it was given back, which is done once."""

    closed = False

    def close(self):
        assert not self.closed
        self.closed = True
        super().close()


@pytest.mark.parametrize("region", ["full", "zoom"])
def test_many_steps_under_load_lose_no_frame_and_leave_nothing_behind(shared, region):
    made = []

    def build(rung):
        options = {"resolution": rung.resolution, "threads": rung.threads}
        made.append(Watched(model.path, model.name, model.sha256, **options))
        return made[-1]

    wanted = settings(region=region, task="dogs,classify")
    network = build_network(wanted)
    network.engine.close()
    before = descriptors()
    model = network.model
    rungs = [Rung(224, 1), Rung(128, 2), Rung(192, 1), Rung(160, 2), Rung(96, 1)]
    network = replace(network, engine=build(rungs[0]))
    step = build_step(wanted, network, build_decider(wanted, network))
    health = Health(224, 1)
    gears = Gears(EveryFewFrames(rungs), step, build, health)
    told = Told()
    source = Showing(read_photo(shared / BLOODHOUND), 300)
    Loop(step, source, [told], board=Board(), health=health, gears=gears).run()
    gears.close()
    # A tensor of another shape than the interpreter's would have ended the loop.
    assert told.numbers == list(range(300))
    assert health.failed == 0
    assert health.steps > 20
    assert sum(not one.closed for one in made) <= 2
    assert [(event.phase, event.label) for event in told.events if event.task == "dogs"] == [
        ("seen", "bloodhound"),
        ("ended", "bloodhound"),
    ]
    step.close()
    assert all(one.closed for one in made)
    assert descriptors() <= before


def test_with_no_limit_set_nothing_is_built():
    wanted = settings(governor={"max_threads": 4})
    network = build_network(wanted)
    step = build_step(wanted, network, build_decider(wanted, network))
    assert build_gears(wanted, network, step, Health()) is None
    assert most_threads(wanted) == 1
    assert most_threads(settings(governor={"max_threads": 4, "target_fps": 9})) == 4
    step.close()


def test_a_network_that_cannot_be_resized_changes_its_threads_only(shared, caplog):
    caplog.set_level(logging.INFO)
    model = str(shared / "models/mobilenet_v1_0.25_128_quant.tflite")
    wanted = settings(model=model, governor={"max_latency_ms": 0.01, "max_threads": 2})
    network = build_network(wanted)
    step = build_step(wanted, network, build_decider(wanted, network))
    health = Health(128, 1)
    gears = build_gears(wanted, network, step, health)

    def look(report):
        if "is the least there is" in caplog.text:
            loop.stop()

    source = Showing(read_photo(shared / BLOODHOUND))
    loop = Loop(step, source, [Told(look)], board=Board(), health=health, seconds=60, gears=gears)
    loop.run()
    gears.close()
    assert (health.steps, health.resolution, health.threads) == (1, 128, 2)
    said = [record.getMessage() for record in caplog.records]
    assert said[0].endswith(
        "mobilenet_v1_0.25_128_quant runs at one resolution; only threads may change"
    )
    assert said[1] == "governor: may go through 128 x 1 thread, 128 x 2 threads"
    assert said[2].startswith("resolution 128, threads 1 -> 2: network ")
    assert len(said) == 4
    step.close()
