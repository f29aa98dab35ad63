from __future__ import annotations

import threading

import pytest

from edgevision.app.heart import Heart
from edgevision.app.sensors import Sensors
from edgevision.app.status import Place, StatusFile, found
from edgevision.app.systemd import Notifier
from edgevision.errors import EngineError
from edgevision.pipeline.health import Health


def folders(tmp_path):
    return {"HOME": str(tmp_path), "RUNTIME_DIRECTORY": str(tmp_path / "run")}


@pytest.fixture
def health():
    return Health(224, 1)


@pytest.fixture
def heart(health, systemd, tmp_path):
    quiet = Sensors(tmp_path, lambda _: None)
    return Heart(health, None, Notifier(systemd.environment), quiet)


def test_it_is_ready_once_a_frame_was_answered(heart, health, systemd, make_report):
    heart.tick(0.0)
    assert "READY=1" not in systemd.all_now()
    health.count(make_report(1))
    heart.tick(1.0)
    heart.tick(2.0)
    assert systemd.all_now().count("READY=1") == 1
    assert "STATUS=healthy, 0 frames/s" in systemd.facts


def test_it_is_ready_when_the_camera_is_waited_for_and_says_so(heart, health, systemd):
    health.watch("sources", "yard", lambda: {"state": "opening"})
    heart.tick(0.0)
    assert "READY=1" not in systemd.all_now()
    health.watch("sources", "yard", lambda: {"state": "waiting"}, lambda: "no such device")
    heart.tick(1.0)
    assert systemd.all_now()[-3:] == [
        "WATCHDOG=1",
        "READY=1",
        "STATUS=degraded: source yard: no such device",
    ]


def test_systemd_hears_of_life_only_while_frames_are_answered(heart, health, systemd, make_report):
    for second in range(60):
        if second < 20:
            health.count(make_report(second))
        heart.tick(float(second))
        systemd.all_now()
    # The last frame was at 19, and nothing may happen for 15 seconds.
    assert systemd.facts.count("WATCHDOG=1") == 35


def test_a_file_whose_frames_somebody_holds_is_alive(heart, health, systemd, make_report):
    held = {"held": True}
    health.watch("control", "", lambda: held)
    health.count(make_report(0))
    for second in range(60):
        held["held"] = second < 50
        heart.tick(float(second))
        systemd.all_now()
    assert systemd.facts.count("WATCHDOG=1") == 50


def test_a_state_that_changes_is_told_at_once_and_a_rate_now_and_then(heart, health, systemd):
    for second in range(30):
        if second == 15:
            health.trouble("engine", "too hot")
        heart.tick(float(second))
        systemd.all_now()
    told = [fact for fact in systemd.facts if fact.startswith("STATUS=")]
    assert told == [
        "STATUS=starting, 0 frames/s",
        "STATUS=starting, 0 frames/s",
        "STATUS=degraded: engine: too hot",
        "STATUS=degraded: engine: too hot",
    ]


def test_a_board_that_slows_down_is_trouble(health, tmp_path):
    sensors = Sensors(tmp_path, lambda _: "throttled=0x50005")
    Heart(health, None, Notifier({}), sensors).tick(0.0)
    assert health.state.name == "starting"
    with Heart(health, None, Notifier({}), sensors):
        while health.assess().name == "starting":
            threading.Event().wait(0.01)
        assert health.summary()["reasons"] == ["board: too little voltage, throttled clock"]


def test_what_it_gave_up_for_stays_readable(health, tmp_path, systemd):
    status = StatusFile(Place(tmp_path / "run", 1.0), {})
    with (
        pytest.raises(EngineError),
        Heart(health, status, Notifier(systemd.environment), Sensors(tmp_path, lambda _: None)),
    ):
        raise EngineError("five inferences in a row failed")
    why = "five inferences in a row failed"
    assert systemd.all_now()[-2:] == ["STOPPING=1", f"STATUS=failed: {why}"]
    (told,) = found(folders(tmp_path))
    assert told.state == "failed"
    assert told.status["reasons"] == ["five inferences in a row failed"]


def test_a_run_that_ended_well_leaves_nothing(health, tmp_path):
    status = StatusFile(Place(tmp_path / "run", 1.0), {"model": "small"})
    with Heart(health, status, Notifier({}), Sensors(tmp_path, lambda _: None)):
        while not status.path.exists():
            threading.Event().wait(0.01)
        (told,) = found(folders(tmp_path))
        assert told.alive
        assert told.status["model"] == "small"
        assert told.status["process"]["rss_mb"] > 1
    assert list((tmp_path / "run").iterdir()) == []


def test_a_folder_that_cannot_be_written_to_costs_the_status_and_nothing_else(
    health, tmp_path, caplog
):
    (tmp_path / "run").write_text("a file, and no folder")
    status = StatusFile(Place(tmp_path / "run", 1.0), {})
    with Heart(health, status, Notifier({}), Sensors(tmp_path, lambda _: None)) as heart:
        heart.tick(0.0)
        heart.tick(5.0)
    (record,) = caplog.records
    why = "cannot be written (File exists): `status` will not tell"
    assert record.getMessage() == f"{tmp_path}/run/{status.path.name}: {why}"
