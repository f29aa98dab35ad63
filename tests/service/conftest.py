from __future__ import annotations

import sys
from pathlib import Path

import pytest

# Tests of the service share what lies beside them.
sys.path.insert(0, str(Path(__file__).parent))

from machine import Machine, missing


@pytest.fixture(scope="module")
def machine(tmp_path_factory, project):
    why = missing()
    if why is not None:
        pytest.skip(f"no systemd can be booted: {why}")
    with Machine(tmp_path_factory.mktemp("machine") / "copy", project) as booted:
        yield booted
