from __future__ import annotations

import logging
import threading

import numpy as np

from edgevision.app.build import build_decider, build_network, build_step
from edgevision.app.governed import build_governed
from edgevision.app.sensors import Reading, Sensors
from edgevision.board import Board
from edgevision.config.schema import Settings
from edgevision.pipeline.health import Health
from edgevision.pipeline.loop import Loop
from edgevision.pipeline.pace import Pace
from edgevision.values.frame import Frame


class Endless:
    """Grey frames until somebody stops it."""

    name, live = "yard", False

    def __init__(self) -> None:
        self._stopped = threading.Event()

    def __iter__(self):
        number = 0
        while not self._stopped.is_set():
            yield Frame(np.full((64, 64, 3), 90, np.uint8), number, number / 25, self.name)
            number += 1

    def stop(self) -> None:
        self._stopped.set()


class Told:
    name = "told"

    def __init__(self, look) -> None:
        self.write = look


def test_a_warm_board_runs_slower_and_smaller_and_a_cool_one_as_before(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    settings = Settings.model_validate(
        {"region": "full", "governor": {"max_temperature_c": 60, "resolutions": [128]}}
    )
    network = build_network(settings)
    step = build_step(settings, network, build_decider(settings, network))
    health, own = Health(224, 1), network.engine.spec.input.height
    governed = build_governed(settings, network, step, health, Sensors(tmp_path, lambda _: None))
    clock = {"now": 0.0}
    sides = []

    def look(report) -> None:
        side = health.resolution
        if not sides or sides[-1] != side:
            sides.append(side)
        heated = len(sides) == 1
        clock["now"] += 15.0
        governed.take(clock["now"], Reading(70.0 if heated else 20.0))
        if len(sides) == 3:
            loop.stop()

    loop = Loop(
        step,
        Endless(),
        [Told(look)],
        board=Board(),
        health=health,
        seconds=60,
        gears=governed.gears,
        pace=governed.pace,
    )
    health.resolution = own
    loop.run()
    governed.gears.close()
    step.close()
    assert sides == [own, 128, own]
    assert health.failed == 0
    assert "heat" in health.summary()
    assert any("board at 70 °C: step 1, 75% of the frames" in one for one in caplog.messages)


def test_without_a_limit_and_on_an_unknown_board_nothing_is_governed(tmp_path):
    settings = Settings()
    network = build_network(settings)
    step = build_step(settings, network, build_decider(settings, network))
    governed = build_governed(settings, network, step, Health(), Sensors(tmp_path, lambda _: None))
    assert governed.gears is None
    assert governed.take is None
    step.close()


def test_frames_are_taken_at_the_rate_that_is_left():
    pace = Pace()
    assert pace.wait_seconds() == 0
    pace.most_fps = 2.0
    pace.aimed(0.0)
    assert 0.4 < pace.wait_seconds() <= 0.5
    pace.most_fps = None
    assert pace.wait_seconds() == 0
