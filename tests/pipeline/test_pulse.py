from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgevision.pipeline.pulse import Pulse, Signs

PATIENCE = 15.0


def test_it_beats_while_frames_are_answered():
    pulse = Pulse(PATIENCE)
    assert all(pulse.beats(now, Signs(answered=now)) for now in range(100))


def test_nothing_answered_is_no_sign_of_life():
    pulse = Pulse(PATIENCE)
    beats = [pulse.beats(now, Signs(answered=min(now, 50))) for now in range(100)]
    assert beats == [now <= 50 + PATIENCE for now in range(100)]


def test_a_source_that_is_tried_again_is_a_sign_and_one_that_hangs_is_none():
    pulse = Pulse(PATIENCE)
    tried = [pulse.beats(now, Signs(0, tries=now // 30, waiting_s=30)) for now in range(300)]
    assert all(tried)
    hung = [pulse.beats(now, Signs(0, tries=10, waiting_s=30)) for now in range(300, 400)]
    assert hung == [now <= 300 + PATIENCE + 30 for now in range(300, 400)]


def test_an_inference_that_does_not_come_back():
    pulse = Pulse(PATIENCE)
    beats = [pulse.beats(now, Signs(7, tries=now, inferring_s=now)) for now in range(30)]
    assert beats == [now <= PATIENCE for now in range(30)]


@given(
    st.lists(
        st.tuples(st.floats(0, 20), st.booleans(), st.one_of(st.none(), st.floats(0, 40))),
        min_size=1,
        max_size=60,
    )
)
def test_a_beat_means_that_something_happened_lately(steps):
    pulse, now, answered, last = Pulse(PATIENCE), 0.0, 0, 0.0
    for index, (seconds, advanced, inferring) in enumerate(steps):
        now += seconds if index else 0.0
        answered += advanced
        last = now if advanced or not index else last
        beats = pulse.beats(now, Signs(answered, inferring_s=inferring))
        hung = inferring is not None and inferring > PATIENCE
        assert beats == (now - last <= PATIENCE and not hung)
