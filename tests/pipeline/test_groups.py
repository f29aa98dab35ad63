from __future__ import annotations

import pytest
from parts import SPEC, frame

from edgevision.pipeline.decide import Sightings
from edgevision.pipeline.everyframe import EveryFrame
from edgevision.pipeline.groups import sure_group
from edgevision.pipeline.sighting import Rules
from edgevision.values.box import FULL
from edgevision.values.result import Guess, Result

RULES = {"dogs": Rules(threshold=0.5, release=0.2)}


def terrier(score, group=0.8, presence=1.0, kind="terrier"):
    guesses = (Guess("cairn", "Cairn", score), Guess("airedale", "Airedale", 0.1))
    return Result("dogs", FULL, guesses, presence, group=Guess(kind, kind.title(), group))


@pytest.mark.parametrize("kind", [Sightings, EveryFrame])
def test_some_terrier_is_said_where_no_breed_passes(kind):
    (decision,), events = kind(RULES, SPEC).decide(frame(0, 0.0), (terrier(0.3),), {})
    assert decision.verdict == "unsure"
    assert not events
    assert decision.group == Guess("terrier", "Terrier", 0.8)
    assert decision.reason.startswith("some terrier 0.80; cairn 0.30 against 0.50")


@pytest.mark.parametrize("kind", [Sightings, EveryFrame])
@pytest.mark.parametrize("result", [terrier(0.3, group=0.4), terrier(0.3, presence=0.1)])
def test_no_group_is_said_that_is_not_sure_or_where_nothing_is(kind, result):
    (decision,), _ = kind(RULES, SPEC).decide(frame(0, 0.0), (result,), {})
    assert decision.group is None
    assert "some" not in decision.reason


def test_no_group_is_said_beside_a_breed():
    (decision,), _ = EveryFrame(RULES, SPEC).decide(frame(0, 0.0), (terrier(0.9),), {})
    assert decision.verdict == "seen"
    assert decision.group is None


def test_frames_have_to_agree_on_the_group():
    sightings = Sightings(RULES, SPEC)
    for number, kind in enumerate(["terrier", "poodle", "terrier", "poodle"]):
        (decision,), _ = sightings.decide(
            frame(number, number / 10), (terrier(0.3, kind=kind),), {}
        )
    assert decision.group is None
    for number in range(4, 24):
        (decision,), _ = sightings.decide(frame(number, number / 10), (terrier(0.3),), {})
    assert decision.group.label == "terrier"
    assert 0.5 <= decision.group.score <= 0.8


def test_votes_weigh_as_they_are_sure():
    one, other = Guess("terrier", "Terrier", 0.9), Guess("poodle", "Poodle", 0.9)
    found = sure_group([(0.9, one), (0.1, other)])
    assert found.label == "terrier"
    assert found.score == pytest.approx(0.81)
    assert sure_group([]) is None
    assert sure_group([(1.0, None), (1.0, one)]) is None
