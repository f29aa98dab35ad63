from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.sources.ahead import read_ahead


@given(st.lists(st.integers(), max_size=30), st.integers(1, 4))
def test_the_same_items_in_the_same_order(items, depth):
    assert list(read_ahead(iter(items), depth)) == items


def test_an_error_comes_after_the_items_before_it():
    def failing():
        yield 1
        yield 2
        raise ValueError("broken")

    got = []
    with pytest.raises(ValueError, match="broken"):  # noqa: PT012 - what came before counts too
        for item in read_ahead(failing(), 2):
            got.append(item)  # noqa: PERF402 - a list() would lose them
    assert got == [1, 2]


def test_it_is_ahead_by_no_more_than_asked():
    made = []
    third = threading.Event()

    def counting():
        for number in range(100):
            made.append(number)
            if number == 2:
                third.set()
            yield number

    ahead = read_ahead(counting(), 2)
    assert next(ahead) == 0
    assert next(ahead) == 1
    assert third.wait(10)
    assert len(made) <= 4
    ahead.close()
    count = len(made)
    assert not any(thread.name == "ahead" for thread in threading.enumerate())
    assert len(made) == count
