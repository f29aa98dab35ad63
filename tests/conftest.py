"""Where test material lies, and small real things that many tests need."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    folder = Path(os.environ.get("EDGEVISION_TEST_DATA", PROJECT.parent / "shared"))
    if not (folder / "photos").is_dir():
        pytest.skip(f"no test material in {folder}: set EDGEVISION_TEST_DATA to its folder")
    return folder


@pytest.fixture(scope="session")
def project() -> Path:
    return PROJECT


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(7)
