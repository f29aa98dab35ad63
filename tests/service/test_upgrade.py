"""scripts/install on a machine with systemd: the service comes up, or the one before serves on."""

from __future__ import annotations

import importlib.util
import shutil
import sys

import pytest
from machine import PYTHON

FOLDER = "/opt/checkout"
# A service that says it is ready, unless it is to fail as one; trying it out works either way.
PROGRAM = """
import os, socket, sys, time

def main():
    if "run" not in sys.argv or "--json" in sys.argv:
        return
    if CODE:
        sys.exit(CODE)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.connect(os.environ["NOTIFY_SOCKET"])
        while True:
            out.send(b"READY=1\\nSTATUS=VERSION serves\\nWATCHDOG=1")
            time.sleep(1)
"""


@pytest.fixture
def wheels(project):
    at = project / "tests" / "test_install.py"
    spec = importlib.util.spec_from_file_location("install_wheels", at)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_a_version_that_does_not_come_up_as_a_service_is_taken_back(
    machine, project, tmp_path, wheels
):
    sent = tmp_path / "checkout"
    for name in ("scripts", "systemd", "config"):
        shutil.copytree(project / name, sent / name)
    for version, code in (("1.0", 0), ("2.0", 3), ("3.0", 0)):
        wheels.make_wheel(sent, version, code, PROGRAM)
    machine.send(sent, FOLDER)
    machine.run("rm", "-rf", "/opt/edgevision", "/etc/systemd/system/edgevision.service")

    def install(version: str):
        return machine.run(
            f"{FOLDER}/scripts/install",
            "--wheel",
            f"{FOLDER}/edgevision-{version}-py3-none-any.whl",
            PYTHON=f"{PYTHON}/bin/python{sys.version_info.major}.{sys.version_info.minor}",
        )

    told = install("1.0")
    assert told.returncode == 0, told.stderr
    assert machine.property("edgevision", "StatusText") == "1.0 serves"
    assert machine.property("edgevision", "UnitFileState") == "enabled"

    told = install("2.0")
    assert told.returncode == 1, told.stderr
    assert "does not come up" in told.stderr
    assert machine.wait_for("edgevision", "StatusText", {"1.0 serves"})
    assert machine.property("edgevision", "ActiveState") == "active"

    told = install("3.0")
    assert told.returncode == 0, told.stderr
    assert machine.property("edgevision", "StatusText") == "3.0 serves"

    told = machine.run(f"{FOLDER}/scripts/uninstall", "--purge")
    assert told.returncode == 0, told.stderr
    assert machine.property("edgevision", "LoadState") == "not-found"
    assert machine.run("id", "edgevision").returncode != 0
