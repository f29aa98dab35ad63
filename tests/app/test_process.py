from __future__ import annotations

import os
import subprocess
import sys
from time import perf_counter

import pytest

from edgevision.app.process import core_for_network, peak_rss_mb, seconds_since_start
from edgevision.worker import Worker


def test_the_network_has_a_core_that_threads_started_meanwhile_keep_off():
    mine = os.sched_getaffinity(0)
    if len(mine) == 1:
        pytest.skip("there is one core only")
    found = []
    with core_for_network(1) as core:
        assert core is not None
        assert len(core) == 1
        Worker("other", lambda _: found.append(os.sched_getaffinity(0))).start().wait(10)
    assert found == [mine - core]
    assert os.sched_getaffinity(0) == mine


def test_several_threads_of_the_network_use_all_cores():
    mine = os.sched_getaffinity(0)
    with core_for_network(2) as core:
        assert core is None
        assert os.sched_getaffinity(0) == mine


def test_one_core_is_for_all():
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
        "from edgevision.app.process import core_for_network as core;"
        "print(core(1).__enter__())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "None"


def test_a_process_knows_when_it_began_and_how_much_it_took():
    since = seconds_since_start(perf_counter())
    assert since is not None
    assert 0 < since < 100_000
    before = peak_rss_mb()
    filled = bytearray(60_000_000)
    assert peak_rss_mb() >= before
    assert len(filled) / 1e6 < peak_rss_mb() < 100_000
