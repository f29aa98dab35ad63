from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parts import SPEC, frame

from edgevision.pipeline.decide import Sightings
from edgevision.pipeline.everyframe import EveryFrame
from edgevision.pipeline.sighting import Rules
from edgevision.values.box import FULL, Box
from edgevision.values.result import Guess, Result

OPENED = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)
RULES = Rules(threshold=0.5, release=0.2, window_s=1.0, min_hits=3, hold_s=1.0, cooldown_s=3.0)
LEFT, RIGHT = Box(0, 0, 0.4, 1), Box(0.6, 0, 0.4, 1)


def result(scores: dict[str, float], presence: float = 1.0, box: Box = FULL) -> Result:
    ranked = sorted(scores.items(), key=lambda pair: -pair[1])
    guesses = tuple(Guess(label, label.title(), score) for label, score in ranked)
    return Result("dogs", box, guesses, presence)


def play(frames: list[list[Result]], rules: Rules = RULES, fps: float = 10):
    """All events of a sequence of frames, and the last decision."""
    sightings = Sightings({"dogs": rules}, SPEC, OPENED)
    events, decision = [], None
    for number, results in enumerate(frames):
        (decision,), new = sightings.decide(
            frame(number, number / fps), tuple(results), {"infer": 1.0}
        )
        events += new
    return events, decision, sightings.finish(frame(len(frames), len(frames) / fps))


BEAGLE = [result({"beagle": 0.8, "basset": 0.1})]
NOTHING = [result({"beagle": 0.9, "basset": 0.1}, presence=0.1)]


def test_a_dog_that_stays_is_one_sighting_however_long():
    events, decision, final = play([BEAGLE] * 200)
    assert [event.phase for event in events] == ["seen"]
    assert decision.verdict == "seen"
    assert [event.phase for event in final] == ["ended"]
    assert final[0].id == events[0].id
    assert final[0].hits == 200
    assert final[0].last_seen - final[0].first_seen == timedelta(seconds=19.9)


def test_it_is_seen_within_two_seconds_of_the_first_look():
    events, _, _ = play([BEAGLE] * 10)
    assert events[0].time - events[0].first_seen < timedelta(seconds=2)
    assert events[0].hits == RULES.min_hits


def test_one_lucky_frame_is_no_sighting():
    events, _, final = play([NOTHING] * 5 + [BEAGLE] + [NOTHING] * 20)
    assert not events
    assert not final


def test_no_breed_is_named_without_a_dog():
    events, decision, _ = play([NOTHING] * 30)
    assert not events
    assert decision.verdict == "nothing"
    assert decision.label is None


def test_a_sighting_ends_after_the_hold_and_tells_when_it_was_last_seen():
    events, _, _ = play([BEAGLE] * 10 + [NOTHING] * 15)
    assert [event.phase for event in events] == ["seen", "ended"]
    assert events[1].last_seen == OPENED + timedelta(seconds=0.9)
    assert events[1].time == OPENED + timedelta(seconds=2.0)


def test_a_gap_shorter_than_the_hold_does_not_end_it():
    events, _, final = play([BEAGLE] * 10 + [NOTHING] * 8 + [BEAGLE] * 10)
    assert len(events) == 1
    assert len(final) == 1


def test_in_the_gap_nothing_is_shown_as_seen():
    _, decision, _ = play([BEAGLE] * 10 + [NOTHING] * 2)
    assert decision.verdict == "seen"
    _, decision, _ = play([BEAGLE] * 10 + [NOTHING] * 3)
    assert decision.verdict == "nothing"
    assert decision.reason == "beagle was last seen 0.3 s ago"


def test_the_same_label_waits_for_the_cooldown_and_another_does_not():
    pug = [result({"pug": 0.9, "beagle": 0.05})]
    frames = [BEAGLE] * 10 + [NOTHING] * 15 + [BEAGLE] * 10 + [NOTHING] * 5 + [pug] * 10
    events, _, _ = play(frames)
    assert [(event.phase, event.label) for event in events] == [
        ("seen", "beagle"),
        ("ended", "beagle"),
        ("seen", "pug"),
    ]


def test_two_dogs_apart_are_two_sightings():
    both = [result({"beagle": 0.9}, box=LEFT), result({"pug": 0.9}, box=RIGHT)]
    events, _, _ = play([both] * 10)
    assert {(event.label, event.box) for event in events} == {("beagle", LEFT), ("pug", RIGHT)}


def test_one_dog_that_looks_like_two_breeds_is_one_sighting():
    torn = [
        [result({"collie": 0.7, "sheltie": 0.3})]
        if number % 2
        else [result({"sheltie": 0.7, "collie": 0.3})]
        for number in range(60)
    ]
    events, _, final = play(torn, Rules(threshold=0.45, release=0.2))
    assert len(events) == 1
    assert len(final) == 1


def test_a_score_between_release_and_threshold_holds_but_does_not_begin():
    middling = [result({"beagle": 0.35, "basset": 0.3})]
    events, decision, _ = play([middling] * 30)
    assert not events
    assert decision.verdict == "unsure"
    assert "against 0.50" in decision.reason
    events, decision, _ = play([BEAGLE] * 5 + [middling] * 60)
    assert [event.phase for event in events] == ["seen"]
    assert decision.verdict == "seen"


def test_a_slow_camera_still_sees():
    events, _, _ = play([BEAGLE] * 5, fps=0.5)
    assert len(events) == 1


def test_frames_that_were_not_looked_at_end_a_sighting_but_cast_no_vote():
    events, _, _ = play([BEAGLE] * 5 + [[]] * 30)
    assert [event.phase for event in events] == ["seen", "ended"]
    assert events[1].hits == 5


def test_sources_have_nothing_to_do_with_each_other():
    sightings = Sightings({"dogs": RULES}, SPEC, OPENED)
    events = []
    for number in range(3):
        for source in ("yard", "street"):
            events += sightings.decide(frame(number, source=source), tuple(BEAGLE), {})[1]
    assert sorted(event.source for event in events) == ["street", "yard"]


@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.sampled_from(["beagle", "pug", "collie"]), st.floats(0, 1)),
        max_size=120,
    ),
    st.floats(0.1, 1),
    st.integers(1, 5),
)
def test_whatever_comes_each_sighting_is_seen_once_and_ended_once(looks, threshold, hits):
    rules = Rules(threshold, threshold / 2, min_hits=hits, hold_s=0.5, cooldown_s=1.0)
    frames = [
        [result({label: score, "other": 1 - score}, presence)] for presence, label, score in looks
    ]
    events, _, final = play(frames, rules)
    every = [*events, *final]
    seen = [event.id for event in every if event.phase == "seen"]
    ended = [event.id for event in every if event.phase == "ended"]
    assert len(set(seen)) == len(seen)
    assert sorted(seen) == sorted(ended)
    for event in every:
        assert event.first_seen <= event.last_seen <= event.time
        assert 0 <= event.score <= 1 + 1e-9
        assert event.hits >= hits
    assert [event.time for event in events] == sorted(event.time for event in events)


def test_every_frame_tells_each_result_that_passes():
    decider = EveryFrame({"dogs": RULES}, SPEC, OPENED)
    decisions, events = decider.decide(frame(7), tuple(BEAGLE), {"infer": 2.0})
    assert decisions[0].verdict == "seen"
    assert events[0].label == "beagle"
    assert events[0].hits == 1
    assert events[0].latency_ms == {"infer": 2.0}
    decisions, events = decider.decide(frame(8), tuple(NOTHING), {})
    assert decisions[0].verdict == "nothing"
    assert not events
    weak = (result({"beagle": 0.4, "basset": 0.35}),)
    decisions, events = decider.decide(frame(9), weak, {})
    assert decisions[0].verdict == "unsure"
    assert not events
    assert decider.finish(frame(10)) == ()


@pytest.mark.parametrize("taken", [None, datetime(2026, 7, 1, 8, tzinfo=timezone.utc)])
def test_live_frames_bring_their_own_time(taken):
    decider = EveryFrame({"dogs": RULES}, SPEC, OPENED)
    one = frame(5)
    object.__setattr__(one, "taken_at", taken)
    _, (event,) = decider.decide(one, tuple(BEAGLE), {})
    assert event.time == (taken or OPENED + timedelta(seconds=0.5))
