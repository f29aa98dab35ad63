from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.pipeline.latency import BUCKETS, Latency

times = st.lists(st.floats(0, 5000), min_size=1, max_size=200)


@given(times)
def test_buckets_hold_how_many_took_at_most_so_long(times):
    latency = Latency()
    for one in times:
        latency.add(one)

    told = latency.to_dict()

    assert told["count"] == len(times)
    assert told["sum_ms"] == pytest.approx(sum(times), abs=0.01)
    assert told["buckets"] == {
        f"{bound:g}": sum(one <= bound for one in times) for bound in BUCKETS
    }
    assert told["p50"] == pytest.approx(np.percentile(times, 50), abs=0.001)
    assert told["p95"] == pytest.approx(np.percentile(times, 95), abs=0.001)


def test_percentiles_are_of_the_last_frames_and_counts_of_all():
    latency = Latency()
    for _ in range(3000):
        latency.add(100.0)
    for _ in range(2000):
        latency.add(3.0)

    assert latency.percentiles(50, 99) == [3.0, 3.0]
    assert latency.to_dict()["buckets"]["100"] == 5000
    assert latency.to_dict()["buckets"]["50"] == 2000


def test_a_copy_stays_as_it_was():
    latency = Latency()
    latency.add(1.0)
    copy = latency.copy()
    latency.add(9.0)

    assert copy.to_dict()["count"] == 1
    assert copy.percentiles(100) == [1.0]
    assert latency.percentiles(100) == [9.0]


def test_nothing_is_told_of_what_never_happened():
    assert Latency().percentiles(50) is None
    assert Latency().to_dict()["p50"] is None
