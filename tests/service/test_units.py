"""The units as systemd itself judges and runs them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = "edgevision.service"
PROGRAM = "/opt/edgevision/current/bin"
LIVE = 'version: 1\ntask: dogs\nsource: "synthetic:?fps=30&live=true"\n'


@pytest.fixture
def service(machine):
    """Starts the unit with a configuration and further settings of the unit; stops it again."""

    def start(config: str = LIVE, *, wait: bool = True, **settings: str) -> None:
        machine.put("/etc/edgevision/edgevision.yaml", config)
        log = f"append:/var/log/{UNIT}.txt"
        lines = {"StandardOutput": log, "StandardError": log, **settings}
        text = "".join(f"{key}=\n{key}={one}\n" for key, one in lines.items())
        machine.put(f"/etc/systemd/system/{UNIT}.d/test.conf", f"[Service]\n{text}")
        machine.run("rm", "-f", f"/var/log/{UNIT}.txt")
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "start", *(() if wait else ("--no-block",)), UNIT)

    yield start
    machine.run("systemctl", "stop", UNIT)
    machine.run("systemctl", "reset-failed", UNIT)


@pytest.mark.parametrize("name", ["edgevision.service", "edgevision@front.service"])
def test_systemd_finds_nothing_wrong(machine, name):
    told = machine.run("systemd-analyze", "verify", "--man=no", name)

    assert (told.returncode, told.stderr) == (0, "")


@pytest.mark.parametrize("name", ["edgevision.service", "edgevision@.service"])
def test_little_is_exposed(project, name):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed (Debian's package systemd)")
    told = subprocess.run(
        [project / "scripts" / "security", project / "systemd" / name],
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    found = re.search(r"(\d+\.\d+)", told)
    assert found is not None, told
    assert float(found[1]) <= 2.0


def test_both_units_say_the_same_but_for_the_name(project):
    alone, several = (
        (project / "systemd" / name).read_text(encoding="utf-8").splitlines()
        for name in ("edgevision.service", "edgevision@.service")
    )
    different = {one.partition("=")[0] for one in set(alone) ^ set(several) if "=" in one}

    assert len(alone) == len(several)
    assert different == {
        "Description",
        "ExecStart",
        "StateDirectory",
        "LogsDirectory",
        "RuntimeDirectory",
        "WorkingDirectory",
        "Environment",
    }


def test_it_is_up_when_a_frame_was_answered_and_tells_how_it_is(machine, service):
    service()

    assert machine.property(UNIT, "ActiveState") == "active", machine.log(UNIT)
    assert machine.property(UNIT, "StatusText").startswith("healthy, ")
    told = json.loads(machine.run(f"{PROGRAM}/edgevision", "status", "--json").stdout)
    assert told["state"] == "healthy"
    assert str(told["pid"]) == machine.property(UNIT, "MainPID")
    assert told["store"]["path"] == "/var/lib/edgevision/events.sqlite"
    owner = machine.run("stat", "--format", "%U %a", told["store"]["path"]).stdout
    assert owner == "edgevision 640\n"

    machine.run("systemctl", "stop", UNIT)
    assert machine.property(UNIT, "Result") == "success"
    assert machine.run(f"{PROGRAM}/edgevision", "status").returncode == 3


def test_one_that_is_killed_comes_back(machine, service):
    service(RestartSec="0")
    before = machine.property(UNIT, "MainPID")

    machine.run("kill", "-KILL", before)

    machine.wait_for(UNIT, "NRestarts", {"1"})
    machine.wait_for(UNIT, "ActiveState", {"active"})
    assert machine.property(UNIT, "MainPID") != before


def test_one_that_does_nothing_any_more_is_killed_and_comes_back(machine, service):
    service(RestartSec="0", WatchdogSec="2")
    machine.run("kill", "-STOP", machine.property(UNIT, "MainPID"))

    machine.wait_for(UNIT, "NRestarts", {"1"})
    assert machine.wait_for(UNIT, "ActiveState", {"active"}) == "active"


def test_what_was_written_wrong_is_not_tried_again(machine, service):
    service("version: 1\nengine: {treads: 2}\n", RestartSec="0")

    assert machine.property(UNIT, "ActiveState") == "failed"
    assert machine.property(UNIT, "ExecMainStatus") == "2"
    assert machine.property(UNIT, "NRestarts") == "0"
    assert "did you mean threads?" in machine.log(UNIT)


def test_a_camera_that_is_late_is_waited_for(machine, service):
    service("version: 1\nsource: v4l2:7\n")

    assert machine.property(UNIT, "ActiveState") == "active", machine.log(UNIT)
    assert machine.property(UNIT, "StatusText").startswith("degraded: source camera: ")
    assert machine.property(UNIT, "NRestarts") == "0"


def test_another_one_with_a_configuration_of_its_own(machine):
    machine.put("/etc/edgevision/front.yaml", LIVE)
    machine.run("systemctl", "start", "edgevision@front")
    try:
        assert machine.property("edgevision@front", "ActiveState") == "active"
        told = json.loads(machine.run(f"{PROGRAM}/edgevision", "status", "--json").stdout)
        assert told["store"]["path"] == "/var/lib/edgevision/front/edgevision/events.sqlite"
    finally:
        machine.run("systemctl", "stop", "edgevision@front")


@pytest.fixture
def inside(machine, service):
    """Runs a script of this folder with all that the unit restricts; its output."""

    def run(name: str) -> str:
        script = Path(__file__).with_name(name).read_text(encoding="utf-8")
        machine.put(f"/opt/{name}", script)
        service(
            wait=True,
            Type="oneshot",
            ExecStart=f"{PROGRAM}/python /opt/{name}",
            Restart="no",
            WatchdogSec="0",
        )
        assert machine.property(UNIT, "Result") == "success", machine.log(UNIT)
        return machine.log(UNIT)

    return run


def test_it_reaches_what_it_needs_and_nothing_else(machine, inside):
    machine.run("mknod", "--mode", "666", "/dev/vcio", "c", "10", "120")

    told = json.loads(inside("probe.py"))

    # No driver is behind the made-up camera: the kernel says so after systemd's filter let it pass.
    assert told.pop("video0") in {"ENXIO", "ENODEV"}
    assert told.pop("vcio") in {"ENXIO", "ENODEV"}
    # A board without a thermometer has no such folder.
    assert told.pop("thermal") in {"done", "ENOENT"}
    allowed = {"cpuinfo", "cpu_topology", "user", "state", "cache", "logs", "web"}
    allowed |= {"affinity", "nice"}
    assert {name for name, what in told.items() if what in ("done", True)} == allowed
    assert told["mem"] == "EPERM"


def test_an_inference_in_it_is_as_fast_as_outside(machine, inside):
    free, held = [], []
    # The shortest of all counts: what else runs here meanwhile only makes times longer.
    for _ in range(8):
        held.append(float(inside("speed.py")))
        free.append(float(machine.run(f"{PROGRAM}/python", "/opt/speed.py").stdout))
        if len(free) > 1 and min(free) / min(held) >= 0.95:
            break
    assert min(free) / min(held) >= 0.95, (free, held)
