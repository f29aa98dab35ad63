from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edgevision.pipeline.cooling import Cap, Cooler, caps
from edgevision.pipeline.governor import Rung

LADDER = caps(Rung(224, 4), (224, 160, 128))
PER_FRAME = {224: 1.0, 160: 0.51, 128: 0.33}


class Board:
    """A board that warms with its work and cools towards the air: tau dT/dt = air + R P - T.

    About a Raspberry Pi 4 without a heat sink: 3 W idle and 4 W more at full work, 10 degrees a
    watt, two minutes to follow.
    """

    def __init__(self, air_c: float) -> None:
        self.air_c = air_c
        self.temperature_c = air_c + 30.0

    def live(self, seconds: float, work: float) -> float:
        settled = self.air_c + 10.0 * (3.0 + 4.0 * work)
        self.temperature_c += (settled - self.temperature_c) * seconds / 120.0
        return self.temperature_c


def work_of(cap: Cap) -> float:
    rung = cap.rung or Rung(224, 4)
    return cap.share * PER_FRAME[rung.resolution]


def simulate(cooler: Cooler, board: Board, minutes: int, air_c=lambda _: 30.0):
    """Temperatures and levels, every five seconds."""
    told = []
    for step in range(minutes * 12):
        board.air_c = air_c(step / 12)
        degrees = board.live(5.0, work_of(cooler.cap))
        cooler.look(step * 5.0, degrees)
        told.append((degrees, cooler.level))
    return told


def test_rates_are_given_up_first_then_threads_then_resolution():
    assert (
        Cap(),
        Cap(0.75),
        Cap(0.5),
        Cap(0.5, Rung(224, 2)),
        Cap(0.5, Rung(224, 1)),
        Cap(0.5, Rung(160, 1)),
        Cap(0.5, Rung(128, 1)),
        Cap(0.25, Rung(128, 1)),
        Cap(0.1, Rung(128, 1)),
    ) == LADDER


def test_a_board_that_would_be_throttled_stays_under_its_limit():
    free = Board(30.0)
    assert max(free.live(5.0, 1.0) for _ in range(600)) > 95

    told = simulate(Cooler(LADDER, 75.0), Board(30.0), 120)

    assert max(degrees for degrees, _ in told) < 80
    assert sum(degrees > 75 for degrees, _ in told) < 0.05 * len(told)
    # It neither gives up everything nor goes up and down all the time.
    later = [level for _, level in told[len(told) // 2 :]]
    assert 1 <= min(later) <= max(later) <= 5
    assert sum(one != other for one, other in pairwise(later)) <= 12


def test_speed_comes_back_when_the_air_cools():
    told = simulate(Cooler(LADDER, 75.0), Board(30.0), 240, lambda minute: 30 if minute < 60 else 0)

    assert max(level for _, level in told) >= 1
    assert told[-1][1] == 0


def test_a_cool_board_is_left_alone():
    told = simulate(Cooler(LADDER, 75.0), Board(0.0), 60, lambda _: 0.0)

    assert {level for _, level in told} == {0}


def test_a_firmware_that_throttles_counts_as_too_warm():
    cooler = Cooler(LADDER, 75.0)
    for second in range(0, 20, 5):
        cooler.look(float(second), 50.0, throttled=True)

    assert cooler.level == 2


@given(st.lists(st.tuples(st.floats(0.5, 60), st.floats(-20, 110), st.booleans()), max_size=200))
def test_one_step_at_a_time_and_none_up_while_it_is_warm(readings):
    cooler, now = Cooler(LADDER, 75.0), 0.0
    for seconds, degrees, throttled in readings:
        now += seconds
        before = cooler.level
        told = cooler.look(now, degrees, throttled=throttled)
        assert abs(cooler.level - before) <= 1
        assert (told is None) == (cooler.level == before)
        if cooler.level < before:
            assert degrees <= 70.0
            assert not throttled
