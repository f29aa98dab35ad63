from __future__ import annotations

import pytest
from listening import Systemd


@pytest.fixture
def systemd(tmp_path):
    with Systemd(tmp_path / "notify") as listening:
        yield listening
