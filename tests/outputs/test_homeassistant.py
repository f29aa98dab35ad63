"""What Home Assistant is told, judged by Home Assistant."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest


def test_home_assistant_takes_every_entity_and_reads_every_message(project):
    python = os.environ.get("EDGEVISION_TEST_HOMEASSISTANT") or shutil.which("python3.13")
    if python is None:
        pytest.skip("needs Python 3.13 with Home Assistant: scripts/check_homeassistant.py")
    done = subprocess.run(
        [python, "scripts/check_homeassistant.py"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    if done.returncode == 3 or "pyenv:" in done.stderr:
        pytest.skip("Home Assistant is not installed: scripts/check_homeassistant.py says how")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 refused" in done.stdout
