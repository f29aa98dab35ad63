"""Where test material lies, and small real things that many tests need."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from ulid import ULID

from edgevision.values.box import Box
from edgevision.values.event import Event
from edgevision.values.frame import Frame
from edgevision.values.report import Report

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# No test asserts a time: an example that takes seconds on a busy machine is right all the same.
settings.register_profile("edgevision", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("edgevision")

PROJECT = Path(__file__).resolve().parent.parent
# tiny.py, which several folders of tests use, lies beside this file.
sys.path.insert(0, str(Path(__file__).parent))
from pretended import FakeEdgeTpu  # noqa: E402 - lies beside this file, see above


@pytest.fixture(scope="session")
def shared() -> Path:
    folder = Path(os.environ.get("EDGEVISION_TEST_DATA", PROJECT.parent / "shared"))
    if not (folder / "photos").is_dir():
        pytest.skip(f"no test material in {folder}: set EDGEVISION_TEST_DATA to its folder")
    return folder


@pytest.fixture(scope="session")
def gstreamer() -> str:
    """The system's Python, which has GStreamer; else the test is skipped."""
    python = "/usr/bin/python3"
    asked = (
        "import gi; gi.require_version('GstRtspServer', '1.0');"
        "from gi.repository import Gst, GstRtspServer; Gst.init(None);"
        "assert all(map(Gst.ElementFactory.find, ('appsink', 'videotestsrc', 'x264enc')))"
    )
    try:
        done = subprocess.run([python, "-c", asked], capture_output=True, timeout=240, check=False)
    except OSError:
        pytest.skip(f"no {python}")
    if done.returncode:
        pytest.skip("no GStreamer with its RTSP server: scripts/test installs it as root")
    return python


@pytest.fixture(scope="session")
def project() -> Path:
    return PROJECT


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    """That of a new user: nothing set, nothing kept."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("EDGEVISION_")}
    home = tmp_path / "home"
    home.mkdir()
    folders = {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("CACHE", "DATA", "STATE")}
    return {**kept, "HOME": str(home), **folders}


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture(scope="session")
def make_event():
    """Makes events: `make_event(3, phase="ended", label="collie")`; the number gives its id."""

    def make(number: int = 1, **changed: Any) -> Event:
        moment = datetime(2026, 5, 1, 12, 30, tzinfo=timezone.utc) + timedelta(seconds=number)
        fields = {
            "id": str(ULID.from_timestamp(moment.timestamp()))[:10] + f"{number:016d}",
            "phase": "seen",
            "time": moment,
            "source": "camera",
            "task": "dogs",
            "label": "golden_retriever",
            "name": "golden retriever",
            "score": 0.87,
            "top": (("golden_retriever", 0.87), ("kuvasz", 0.05)),
            "box": Box(0.25, 0.25, 0.5, 0.5),
            "model": "mobilenet_v2",
            "model_sha256": "0" * 64,
            "latency_ms": {"infer": 4.1, "total": 12.3},
            "first_seen": moment - timedelta(seconds=1),
            "last_seen": moment,
            "hits": 3,
        }
        return Event(**{**fields, **changed})

    return make


@pytest.fixture(scope="session")
def make_report(make_event):
    """Makes reports: `make_report(number, events=2, width=64, height=48)`, or with `pixels`."""

    def make(
        number: int = 0,
        events: int | Sequence[Event] = 0,
        *,
        width: int = 64,
        height: int = 48,
        pixels: np.ndarray | None = None,
        seconds: float | None = None,
        **changed: Any,
    ) -> Report:
        if pixels is None:
            pixels = np.full((height, width, 3), number % 256, np.uint8)
        if isinstance(events, int):
            events = [make_event(number * 100 + index) for index in range(events)]
        when = number / 25 if seconds is None else seconds
        return Report(Frame(pixels, number, when, "camera"), events=tuple(events), **changed)

    return make


@pytest.fixture(scope="session")
def edgetpu_library(shared, tmp_path_factory) -> Path:
    """The folder of a libedgetpu.so.1 that runs a network's twin on the processor."""
    ready = os.environ.get("EDGEVISION_TEST_EDGETPU")
    if ready:
        # Built elsewhere, for the processor that is emulated here.
        return Path(ready)
    if shutil.which("gcc") is None:
        pytest.skip("needs gcc to build the Edge TPU's stand-in")
    folder = tmp_path_factory.mktemp("libedgetpu")
    subprocess.run([shared / "edgetpu/build.sh", folder], check=True, capture_output=True)
    return folder


@pytest.fixture
def tpu(edgetpu_library, shared, tmp_path, monkeypatch) -> FakeEdgeTpu:
    """An Edge TPU that does what it is told, for the processes that are started now."""
    fake = FakeEdgeTpu(tmp_path / "edgetpu", edgetpu_library, shared / "models")
    for name, value in fake.environment.items():
        monkeypatch.setenv(name, value)
    return fake


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A file system of 2 MiB, of which `ballast` takes 1408 KiB: to be filled, and freed again."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small file system")
    (place / "ballast").write_bytes(bytes(1408 * 1024))
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)
