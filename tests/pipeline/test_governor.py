from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.pipeline.governor import Change, Governor, Limits, Rung, ladder, most_saved

RUNGS = ladder(224, (224, 192, 160, 128), 1, 4)
FPS = 15.0


@dataclass
class Device:
    """Simulated: a network's time goes with the square of the resolution, and has noise.

    `load` says by how much other work slows it down at a moment; `shared` is the share of the
    network's time that threads can divide; `fixed_ms` does not shrink with the resolution.
    """

    base_ms: float = 40.0
    fixed_ms: float = 0.0
    shared: float = 0.9
    noise: float = 0.05
    rest_ms: float = 3.0
    seed: int = 0
    random: np.random.Generator = field(init=False)

    def __post_init__(self):
        self.random = np.random.default_rng(self.seed)

    def cost(self, rung: Rung, load: float = 1.0) -> float:
        threads = 1 - self.shared + self.shared / rung.threads
        return load * (self.fixed_ms + self.base_ms * (rung.resolution / 224) ** 2 * threads)

    def frame(self, rung: Rung, load: float) -> tuple[float, float]:
        spread = 1 + self.noise * float(self.random.uniform(-1, 1))
        infer = self.cost(rung, load) * spread
        return infer, infer + self.rest_ms * float(self.random.uniform(0.9, 1.1))


class Drive:
    """Runs frames of a device through a governor; each step that it asks for takes 0.2 s to make.

    `changes` are those that were made, with their times; rungs of `cannot` cannot be had.
    """

    def __init__(self, governor, device, cannot=()):
        self.governor = governor
        self.device = device
        self.cannot = cannot
        self.changes = []
        self._now = 0.0
        self._due = None

    def run(self, seconds, load=1.0):
        """Go on for so long; the changes of this time."""
        before, until = len(self.changes), self._now + seconds
        while self._now < until:
            infer, total = self.device.frame(self.governor.rung, load)
            self._now += max(1 / FPS, infer / 1000)
            self._answer()
            change = self.governor.look(self._now, infer, total)
            if change is not None:
                assert self._due is None
                assert change.old == self.governor.rung
                self._due = (self._now + 0.2, change)
        return [change for _, change in self.changes[before:]]

    def _answer(self):
        if self._due is None or self._now < self._due[0]:
            return
        change = self._due[1]
        self._due = None
        if change.new in self.cannot:
            self.governor.failed()
        else:
            self.governor.made(self._now)
            self.changes.append((self._now, change))


def drive(limits, device, rungs=RUNGS, **options):
    return Drive(Governor(rungs, limits), device, **options)


def test_more_threads_come_before_fewer_pixels():
    assert [(rung.resolution, rung.threads) for rung in RUNGS] == [
        *((224, 1), (224, 2), (224, 4)),
        *((192, 4), (160, 4), (128, 4)),
    ]
    assert ladder(160, (224, 192, 160, 128), 2, 3) == (Rung(160, 2), Rung(160, 3), Rung(128, 3))
    assert ladder(96, (224, 128), 4, 2) == (Rung(96, 4),)


@pytest.mark.parametrize(
    ("limits", "infer", "total", "wanted"),
    [
        (Limits(target_fps=20), 10, 90, 50),
        (Limits(max_latency_ms=60), 30, 50, 40),
        (Limits(target_fps=20, max_latency_ms=60), 30, 50, 40),
        (Limits(target_fps=40, max_latency_ms=60), 30, 50, 25),
        (Limits(max_latency_ms=10), 5, 50, -35),
    ],
)
def test_the_network_gets_what_the_rest_leaves_to_it(limits, infer, total, wanted):
    assert limits.of_network(infer, total) == wanted


def test_mult_adds_and_threads_bound_what_a_step_saves():
    assert most_saved(Rung(224, 1), Rung(112, 2)) == 8


def test_what_fits_is_left_alone():
    assert drive(Limits(target_fps=20), Device(base_ms=45)).run(300) == []


def test_it_says_what_it_saw_when_it_steps():
    (change, *_) = drive(Limits(target_fps=30), Device(base_ms=50, noise=0.0)).run(5)
    assert change == Change(Rung(224, 1), Rung(224, 2), pytest.approx(50), pytest.approx(1000 / 30))


def test_a_hiccup_costs_nothing():
    governor = Governor(RUNGS, Limits(max_latency_ms=50))
    frames = [(150.0 if number % 10 == 0 else 30.0) for number in range(1000)]
    asked = [governor.look(number / 30, ms, ms + 3) for number, ms in enumerate(frames)]
    assert not any(asked)


def test_it_comes_back_when_the_load_goes():
    device = Device(base_ms=30)
    road = drive(Limits(max_latency_ms=43), device)
    down = road.run(30, load=4.0)
    fits = [rung for rung in RUNGS if device.cost(rung, 4.0) * 1.05 + 3.3 <= 43]
    assert road.governor.rung == fits[0]
    up = road.run(120)
    assert road.governor.rung == RUNGS[0]
    assert len(up) == len(down)


@dataclass
class Trap(Device):
    """Slows down just after each step down, so that what the step saved looks like little."""

    since: int = 0

    def frame(self, rung, load):
        self.since = 0 if rung == RUNGS[0] else self.since + 1
        infer = 52.0 if rung == RUNGS[0] else 44.0 if self.since < 60 else 24.0
        return infer, infer


def test_a_step_up_that_was_wrong_is_tried_ever_more_rarely():
    road = drive(Limits(target_fps=20), Trap(), RUNGS[:2])
    road.run(3000)
    waits = np.diff([now for now, change in road.changes if change.new == RUNGS[0]])
    assert len(waits) > 4
    assert all(waits[1:] > np.minimum(1.5 * waits[:-1], 600))
    assert max(waits) < 700


def test_nothing_fits_ends_at_the_last_rung_and_says_so():
    road = drive(Limits(max_latency_ms=0.5), Device())
    assert len(road.run(120)) == len(RUNGS) - 1
    assert road.governor.rung == RUNGS[-1]
    assert road.governor.short.network_ms > road.governor.short.wanted_ms


def test_one_rung_only_stays():
    road = drive(Limits(target_fps=30), Device(base_ms=90), RUNGS[:1])
    assert road.run(60) == []
    assert road.governor.short is not None
    road = drive(Limits(target_fps=30), Device(base_ms=9), RUNGS[:1])
    assert road.run(60) == []
    assert road.governor.short is None


def test_a_rung_that_cannot_be_had_is_left_out():
    road = drive(Limits(max_latency_ms=0.5), Device(), cannot=(RUNGS[1], RUNGS[3]))
    assert [change.new for change in road.run(120)] == [RUNGS[2], RUNGS[4], RUNGS[5]]


def test_one_that_cannot_be_had_again_does_not_bring_it_down():
    road = drive(Limits(max_latency_ms=43), Device(), RUNGS[:2])
    road.run(30, load=1.5)
    road.cannot = RUNGS[:1]
    assert road.run(60, load=0.2) == []
    assert road.governor.rung == RUNGS[1]


def test_frames_that_come_rarely_are_judged_all_the_same():
    governor = Governor(RUNGS, Limits(max_latency_ms=20))
    seen = [governor.look(float(number), 30.0, 33.0) for number in range(40)]
    assert any(seen)
    assert seen.index(next(change for change in seen if change)) <= 25


devices = st.builds(
    Device,
    base_ms=st.floats(2, 400),
    fixed_ms=st.floats(0, 5),
    shared=st.floats(0.5, 1),
    noise=st.floats(0, 0.15),
    rest_ms=st.floats(0, 10),
    seed=st.integers(0, 1000),
)
limits = st.builds(
    Limits,
    target_fps=st.one_of(st.none(), st.floats(2, 60)),
    max_latency_ms=st.floats(10, 300),
)
ladders = st.builds(
    ladder,
    own=st.sampled_from([224, 192, 160]),
    resolutions=st.lists(
        st.sampled_from([224, 192, 160, 128, 96]), min_size=1, unique=True, max_size=5
    ),
    threads=st.just(1),
    max_threads=st.integers(1, 4),
)


def burden(device, limits, rung, load=1.0):
    """Of a frame without noise."""
    infer = device.cost(rung, load)
    limit = limits.of_network(infer, infer + device.rest_ms)
    return infer / limit if limit > 0 else float("inf")


@settings(max_examples=30)
@given(device=devices, limits=limits, rungs=ladders)
def test_under_constant_load_it_settles_at_the_best_rung_that_fits(device, limits, rungs):
    road = drive(limits, device, rungs)
    # Down only: what was left did not fit, and still does not.
    assert [change.new for change in road.run(200)] == list(rungs[1 : len(road.changes) + 1])
    slack = 1 + device.noise + 0.15
    end = rungs.index(road.governor.rung)
    if end + 1 < len(rungs):
        assert burden(device, limits, rungs[end]) <= slack
    if end > 0:
        assert burden(device, limits, rungs[end - 1]) >= 1 / slack


@settings(max_examples=30)
@given(
    device=devices,
    limits=limits,
    rungs=ladders,
    phases=st.lists(st.tuples(st.floats(1, 60), st.floats(0.3, 5)), min_size=1, max_size=6),
)
def test_load_that_comes_and_goes_costs_few_steps(device, limits, rungs, phases):
    road = drive(limits, device, rungs)
    for seconds, load in phases:
        road.run(seconds, load)
    ups = sum(seconds for seconds, _ in phases) / 10 + 1
    assert len(road.changes) <= 2 * ups + len(rungs) - 1
    # Then quiet for long: it ends where it would have got without all that, and stays.
    road.run(900)
    slack = 1 + device.noise + 0.15
    end = rungs.index(road.governor.rung)
    if end + 1 < len(rungs):
        assert burden(device, limits, rungs[end]) <= slack
    if end > 0:
        saved = most_saved(rungs[end - 1], rungs[end])
        assert burden(device, limits, rungs[end]) * saved >= 0.8 / slack
    assert len(road.run(300)) <= 2


@settings(max_examples=100)
@given(
    rungs=ladders,
    limits=limits,
    frames=st.lists(st.tuples(st.floats(0, 5), st.floats(0, 1e4), st.floats(0, 1e4)), max_size=400),
    answers=st.lists(st.booleans(), max_size=40),
)
def test_whatever_comes_it_asks_for_neighbours_only_and_never_for_two(
    rungs, limits, frames, answers
):
    governor = Governor(rungs, limits)
    left, answers, now = list(rungs), list(answers), 0.0
    for wait, infer, rest in frames:
        now += wait
        change = governor.look(now, infer, infer + rest)
        if change is None:
            continue
        here = left.index(governor.rung)
        assert change.old == governor.rung
        assert abs(left.index(change.new) - here) == 1
        assert governor.look(now, infer, infer + rest) is None
        if answers and answers.pop():
            governor.failed()
            left.remove(change.new)
            assert governor.rung == change.old
        else:
            governor.made(now)
            assert governor.rung == change.new


def test_answers_that_nobody_asked_for_change_nothing():
    governor = Governor(RUNGS, Limits(target_fps=20))
    governor.made(1.0)
    governor.failed()
    assert governor.rung == RUNGS[0]
