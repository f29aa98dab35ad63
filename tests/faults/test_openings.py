"""A source that is opened and closed again and again costs no memory, descriptor or process.

Files are opened a thousand times by `selftest --chaos` (tests/faults/test_chaos.py), the Raspberry
Pi's camera by scripts/pi_check. `EDGEVISION_TEST_OPENINGS=1000` does it so often here.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from edgevision.app.process import rss_mb
from edgevision.sources.uri import make

PIPELINE = "gst:videotestsrc is-live=true ! video/x-raw,width=64,height=48,framerate=200/1"
# Each starts a process and its GStreamer: a sixth of a second.
OPENINGS = int(os.environ.get("EDGEVISION_TEST_OPENINGS", "40"))
SETTLED = 5
GROWTH_MB = 2.0  # a frame of the source in memory is 0.01 MB, an interpreter's arena 1


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def children() -> set[str]:
    tasks = Path(f"/proc/{os.getpid()}/task").iterdir()
    return {pid for task in tasks for pid in (task / "children").read_text().split()}


@pytest.mark.timeout(120 + OPENINGS)
@pytest.mark.usefixtures("gstreamer")
def test_pipelines_leave_nothing_behind():
    before = children()
    for number in range(SETTLED + OPENINGS):
        if number == SETTLED:
            held, threads, memory = descriptors(), threading.active_count(), rss_mb()
        with make(PIPELINE) as source:
            assert next(iter(source)).number == 0
    assert descriptors() <= held
    assert children() <= before
    assert threading.active_count() <= threads
    assert rss_mb() - memory <= GROWTH_MB
