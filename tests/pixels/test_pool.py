from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgevision.pixels.pool import FramePool
from edgevision.values.frame import Frame


def test_an_array_comes_again_when_nobody_refers_to_it():
    pool = FramePool()
    first = pool.take(4, 6)
    place = first.ctypes.data
    second = pool.take(4, 6)
    assert second.ctypes.data != place
    del first
    assert pool.take(4, 6).ctypes.data == place


def test_a_view_keeps_its_array():
    pool = FramePool()
    corner = pool.take(4, 6)[:2, :2]
    corner[:] = 7
    for _ in range(20):
        pool.take(4, 6)[:] = 9
    assert np.all(corner == 7)


def test_a_frame_makes_it_read_only_and_the_pool_writeable_again():
    pool = FramePool()
    frame = Frame(pool.take(4, 6), 0, 0.0, "yard")
    assert not frame.pixels.flags.writeable
    place = frame.pixels.ctypes.data
    del frame
    again = pool.take(4, 6)
    assert again.ctypes.data == place
    assert again.flags.writeable


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3), st.booleans()), max_size=60))
def test_no_two_that_are_in_use_share_memory(takes):
    pool = FramePool()
    kept = []
    for number, (height, width, keep) in enumerate(takes):
        array = pool.take(height, width)
        assert array.shape == (height, width, 3)
        array[:] = number
        if keep:
            kept.append((number, array))
    for number, array in kept:
        assert np.all(array == number)
