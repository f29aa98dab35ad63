from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.evaluation.fit import (
    WARM_ROUNDS,
    Timed,
    Times,
    best,
    fastest,
    interleaved,
    pareto,
    within,
)


def row(number, ms, top1, *, p95_ms=None, mb=1.0, measured=None):
    times = Times(ms, ms if p95_ms is None else p95_ms, 10)
    return Timed(str(number), "", None, 224, times, mb, None, None, top1, measured_top1=measured)


# Few values, so that ties are common.
ROWS = st.lists(
    st.tuples(st.integers(1, 6), st.none() | st.integers(1, 6), st.integers(0, 3)), max_size=15
).map(
    lambda drawn: [
        row(number, float(ms), top1, p95_ms=float(ms + more), mb=float(more + 1))
        for number, (ms, top1, more) in enumerate(drawn)
    ]
)


def beats(one, other):
    at_least = one.top1 >= other.top1 and one.times.ms <= other.times.ms
    return at_least and (one.top1, one.times.ms) != (other.top1, other.times.ms)


@given(ROWS)
def test_the_front_is_all_that_nothing_beats(rows):
    front = pareto(rows)
    known = [one for one in rows if one.top1 is not None]

    assert {one.id for one in front} == {
        one.id for one in known if not any(beats(other, one) for other in known)
    }
    for one in known:
        assert one in front or any(beats(member, one) for member in front)
    assert [one.times.ms for one in front] == sorted(one.times.ms for one in front)


@given(ROWS)
def test_equals_are_on_the_front_together(rows):
    front = pareto(rows)
    points = {(one.top1, one.times.ms) for one in front}
    assert len(front) == sum((one.top1, one.times.ms) in points for one in rows)


@given(ROWS, st.integers(1, 8), st.integers(1, 4))
def test_the_best_within_budgets_keeps_them_and_none_that_does_is_more_accurate(rows, ms, mb):
    fitting = within(rows, ms, mb)
    found = best(fitting)

    assert fitting == [one for one in rows if one.times.p95_ms <= ms and one.mb <= mb]
    known = [one for one in fitting if one.top1 is not None]
    if found is None:
        assert not known
    else:
        assert found in known
        assert found.top1 == max(one.top1 for one in known)
        rivals = [one for one in known if one.top1 == found.top1]
        assert found.times.p95_ms == min(one.times.p95_ms for one in rivals)


def test_the_budget_is_kept_by_the_95_percent_time_and_not_the_median():
    steady, shaky = row(1, 9.0, 50, p95_ms=9.5), row(2, 5.0, 60, p95_ms=11.0)
    assert best(within([steady, shaky], 10.0)) is steady
    assert fastest([steady, shaky]) is steady
    assert within([steady, shaky]) == [steady, shaky]


def test_another_accuracy_may_decide():
    rows = [row(1, 1.0, 70, measured=75), row(2, 2.0, 60, measured=80), row(3, 3.0, 99)]
    assert best(rows, lambda one: one.measured_top1) is rows[1]
    assert pareto(rows, lambda one: one.measured_top1) == rows[:2]


class Clock:
    """Time goes on only as networks work."""

    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


class Pretend:
    """A network that takes the milliseconds it is told, one after the other."""

    alive = 0

    def __init__(self, name, clock, log, millis):
        self.name, self.clock, self.log = name, clock, log
        self.millis = itertools.cycle(millis)

    def __call__(self):
        assert Pretend.alive == 0, "two are open at once"
        Pretend.alive += 1
        self.log.append(self.name)
        return self

    def invoke(self):
        self.clock.seconds += next(self.millis) / 1000

    def close(self):
        Pretend.alive -= 1


@pytest.fixture
def clock():
    Pretend.alive = 0
    return Clock()


def three(clock, log):
    return {name: Pretend(name, clock, log, [10.0 * n]) for n, name in enumerate("abc", start=1)}


def test_rounds_begin_with_another_network_each_time_and_only_one_is_open(clock):
    log, told = [], []

    *_, times = interleaved(
        three(clock, log), 1e9, burst=4, most_rounds=3, progress=told.append, clock=clock
    )

    rounds = ["".join(log[start : start + 3]) for start in range(0, len(log), 3)]
    assert rounds == ["abc", "bca", "cab", "abc"]
    assert Pretend.alive == 0
    assert {name: one.ms for name, one in times.items()} == pytest.approx(
        {"a": 10, "b": 20, "c": 30}
    )
    assert {one.inferences for one in times.values()} == {12}
    assert told == sorted(told)
    assert told[-1] == 1


def test_the_first_round_and_the_first_inferences_after_opening_do_not_count(clock):
    # Two that warm up, then three that are timed; the first round is slow altogether.
    millis = [500.0] * 5 + [100.0, 100.0, 7.0, 8.0, 9.0]
    network = Pretend("a", clock, [], millis)

    (times,) = interleaved({"a": network}, 1e9, burst=3, most_rounds=1, clock=clock)

    assert times["a"].ms == pytest.approx(8)
    assert times["a"].p95_ms == pytest.approx(8.9)


def test_no_round_is_begun_that_would_end_too_late_and_one_is_always_kept(clock):
    # A round takes (2 + 4) x 60 ms.
    few = list(interleaved(three(clock, []), 1.2, burst=4, clock=clock))
    assert len(few) == 3 - WARM_ROUNDS
    assert clock.seconds <= 1.2
    assert len(list(interleaved(three(clock, []), 0.001, burst=4, clock=clock))) == 1


def test_a_network_that_fails_is_closed(clock):
    class Failing(Pretend):
        def invoke(self):
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError):
        list(interleaved({"a": Failing("a", clock, [], [1.0])}, 1.0, clock=clock))
    assert Pretend.alive == 0


def test_a_row_as_json_says_what_is_trained():
    plain = row(1, 1.23456, 70.5).to_dict()
    assert plain["trained"] is False
    assert plain["ms"] == 1.2346
    keys = {"id", "family", "alpha", "resolution", "ms", "p95_ms", "mb", "mult_adds", "params"}
    assert keys | {"top1", "source", "trained"} <= plain.keys()
