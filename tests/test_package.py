from __future__ import annotations

import os
import subprocess
import sys
import zlib
from importlib import metadata
from pathlib import Path

import pytest

import edgevision
from edgevision.zoo.registry import embedded

INSTALLED = Path(edgevision.__file__).resolve().parent


def test_the_tests_run_against_the_wheel(project):
    if os.environ.get("EDGEVISION_TEST_WHEEL") != "1":
        pytest.skip("scripts/test sets EDGEVISION_TEST_WHEEL=1; this run may use the checkout")

    assert INSTALLED.is_relative_to(sys.prefix)
    assert project / "edgevision" not in (INSTALLED, *INSTALLED.parents)
    assert str(project) not in sys.path


def test_the_installed_package_has_every_file_of_the_checkout(project):
    if os.environ.get("EDGEVISION_TEST_WHEEL") != "1":
        pytest.skip("scripts/test sets EDGEVISION_TEST_WHEEL=1; this run may use the checkout")

    def files(root):
        return {
            str(path.relative_to(root))
            for path in root.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }

    assert files(INSTALLED) ^ files(project / "edgevision") == set()


def test_the_networks_and_labels_are_in_the_package():
    assert len(embedded()) == 3
    assert (INSTALLED / "data" / "breeds.csv").is_file()
    assert (INSTALLED / "py.typed").is_file()


def test_the_wheel_stays_under_16_mb():
    packed = (
        len(zlib.compress(path.read_bytes()))
        for path in INSTALLED.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    )

    assert sum(packed) < 16_000_000


def test_the_version_is_that_of_the_metadata():
    told = subprocess.run(
        [sys.executable, "-m", "edgevision", "--version"],
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
    )

    assert told.stdout.split() == ["edgevision,", "version", metadata.version("edgevision")]


def test_one_wheel_of_opencv_at_most():
    wheels = {
        (one.metadata["Name"] or "").lower()
        for one in metadata.distributions()
        if (one.metadata["Name"] or "").lower().startswith(("opencv-python", "opencv-contrib"))
    }

    assert wheels == {"opencv-python-headless"}


def test_no_module_is_too_long_to_be_read(project):
    lengths = {
        path: len(path.read_text(encoding="utf-8").splitlines())
        for path in (project / "edgevision").rglob("*.py")
    }
    assert len(lengths) > 100
    assert not {path: length for path, length in lengths.items() if length >= 300}
