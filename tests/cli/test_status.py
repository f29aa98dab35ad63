from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest
from listening import Systemd


@pytest.fixture
def home(environment, tmp_path):
    (tmp_path / "runtime").mkdir()
    return {**environment, "XDG_RUNTIME_DIR": str(tmp_path / "runtime")}


def ask(environ, *flags):
    return subprocess.run(
        [sys.executable, "-m", "edgevision", "status", *flags],
        env=environ,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture
def start(home, tmp_path):
    running = []

    def begin(*flags, **more):
        command = [sys.executable, "-m", "edgevision", "run", *flags]
        process = subprocess.Popen(
            command,
            env={**home, **more},
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        process.kill()
        process.communicate(timeout=30)


def test_nothing_runs(home):
    told = ask(home)

    assert told.returncode == 3
    assert told.stderr == "edgevision: edgevision is not running; start it with: edgevision run\n"


def test_the_numbers_of_a_run_and_what_is_left_when_it_is_killed(home, start):
    process = start("--task", "dogs", "--source", "synthetic:?fps=50&live=true")
    told = None
    while told is None or not told["frames"]:
        assert process.poll() is None, process.stderr.read()
        asked = ask(home, "--json")
        told = json.loads(asked.stdout) if asked.returncode == 0 else None
    assert told["pid"] == process.pid
    assert told["state"] == "healthy"
    assert told["latency_ms"]["total"]["count"] > 0
    assert set(told) >= {"decisions", "dropped", "sources", "outputs", "store", "board", "process"}
    words = ask(home).stdout
    assert words.startswith(f"healthy  edgevision {told['version']}, process {process.pid}, up 0 ")
    assert "model efficientnet_lite0 at 224 pixels, 1 thread" in words

    assert ask(home, "--pid", "1").returncode == 3
    process.kill()
    process.wait(30)
    left = ask(home)

    assert left.returncode == 3
    assert f"process {process.pid} was last heard of at 20" in left.stderr


def test_a_run_that_is_stopped_leaves_nothing(home, start):
    process = start("--task", "dogs", "--source", "synthetic:?fps=50&live=true")
    while ask(home).returncode != 0:
        assert process.poll() is None, process.stderr.read()
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert "start it with" in ask(home).stderr


def test_a_service_is_ready_with_its_first_frame(start, tmp_path):
    with Systemd(tmp_path / "notify") as systemd:
        process = start(
            "--task", "dogs", "--source", "synthetic:?fps=50&live=true", **systemd.environment
        )
        systemd.wait_for("READY=1")
        systemd.wait_for("WATCHDOG=1")
        process.send_signal(signal.SIGTERM)
        systemd.wait_for("STOPPING=1")
        assert process.wait(30) == 0


def test_a_service_waits_for_a_camera_and_a_command_does_not(start, tmp_path):
    absent = ("--task", "dogs", "--source", f"v4l2:{tmp_path}/video7")
    with Systemd(tmp_path / "notify") as systemd:
        process = start(*absent, **systemd.environment)
        systemd.wait_for("READY=1")
        assert "video7" in systemd.wait_for("STATUS=degraded: source camera: ")
        systemd.wait_for("WATCHDOG=1")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    process = start(*absent)
    assert process.wait(60) == 3
