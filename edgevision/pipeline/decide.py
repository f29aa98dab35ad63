"""From the scores of single frames to sightings: what was seen, from when to when.

Scores flicker; a sighting should not. For each source and task the recent frames vote for labels,
each weighted by how sure it is that anything is there. A label that passes the threshold in enough
of them begins a sighting, which lasts (with a lower threshold: hysteresis) until it has not been
seen for a while, and is not begun again at once (cooldown).
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edgevision.pipeline.groups import in_words, sure_group
from edgevision.pipeline.sighting import EventWriter, Rules, Sighting, new_id
from edgevision.values.result import Decision, Result

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from edgevision.values.event import Event
    from edgevision.values.frame import Frame
    from edgevision.values.result import Cause, Guess
    from edgevision.values.tensor import ModelSpec

# Boxes that overlap more than this show the same thing.
_SAME_THING = 0.3


@dataclass(slots=True)
class _Vote:
    seconds: float
    weight: float
    scores: dict[str, float]
    group: Guess | None = None


@dataclass(slots=True)
class _State:
    votes: deque[_Vote] = field(default_factory=deque)
    sightings: dict[str, Sighting] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)


class Sightings:
    """Votes, sightings and cooldowns of every source and task.

    Args:
        rules: by task.
        model: whose digest events carry.
        opened_at: the time (UTC) that media time 0 of files stands for.
    """

    def __init__(
        self, rules: Mapping[str, Rules], model: ModelSpec, opened_at: datetime | None = None
    ) -> None:
        self._rules = rules
        self._writer = EventWriter(model, opened_at)
        self._states: dict[tuple[str, str], _State] = {}
        # Tasks that are no longer asked for, and may have sightings that are to be ended.
        self._leaving: frozenset[str] = frozenset()

    def decide(
        self, frame: Frame, results: tuple[Result, ...], millis: Mapping[str, float]
    ) -> tuple[tuple[Decision, ...], tuple[Event, ...]]:
        """Take one frame's results in.

        Args:
            frame: the time is its own, so that a file gives the same sightings at any speed.
            results: all that its tasks read; empty if the network did not look.
            millis: latency by stage, for events.
        """
        decisions: list[Decision] = []
        events: list[Event] = []
        for task, rules in self._rules.items():
            state = self._states.setdefault((frame.source, task), _State())
            mine = [result for result in results if result.task == task]
            if mine:
                _vote(state, rules, frame.seconds, mine)
            events += self._advance(state, rules, frame, mine, millis)
            decisions.append(_decision(state, rules, task, frame))
        if self._leaving:
            events += self._dismiss(frame, millis)
        return tuple(decisions), tuple(events)

    def finish(self, frame: Frame) -> tuple[Event, ...]:
        """End every sighting of the frame's source: nothing more will come."""
        events: list[Event] = []
        for (source, _), state in self._states.items():
            if source == frame.source:
                events += [self._ended(one, frame, {}) for one in state.sightings.values()]
                state.sightings.clear()
                state.votes.clear()
        return tuple(events)

    def change(self, rules: Mapping[str, Rules], model: ModelSpec) -> None:
        """Decide by other rules, about what `model` saw, from the next frame on.

        Sightings of tasks that are no longer among the rules end with that frame; the others go on.
        """
        self._rules = rules
        self._writer = self._writer.of(model)
        self._leaving = self._left()

    def _dismiss(self, frame: Frame, millis: Mapping[str, float]) -> list[Event]:
        gone = [
            self._states.pop(key)
            for key in list(self._states)
            if key[0] == frame.source and key[1] in self._leaving
        ]
        self._leaving = self._left()
        return [
            self._ended(one, frame, millis) for state in gone for one in state.sightings.values()
        ]

    def _left(self) -> frozenset[str]:
        return frozenset(task for _, task in self._states if task not in self._rules)

    def _advance(
        self,
        state: _State,
        rules: Rules,
        frame: Frame,
        results: list[Result],
        millis: Mapping[str, float],
    ) -> Iterator[Event]:
        now = frame.seconds
        present = [result for result in results if result.presence >= rules.presence]
        smooth = _smoothed(state.votes)
        for label, sighting in list(state.sightings.items()):
            score = smooth.get(label, 0.0)
            if present and score >= rules.release:
                sighting.last, sighting.score, sighting.hits = now, score, sighting.hits + 1
                sighting.result = _strongest(present, label) or sighting.result
                if score > sighting.best:
                    sighting.best, sighting.top = score, _top(smooth, rules.top)
            elif now - sighting.last > rules.hold_s:
                del state.sightings[label]
                state.ended[label] = now
                yield self._ended(sighting, frame, millis)
        for label, score in sorted(smooth.items(), key=lambda pair: -pair[1]):
            if not present or score < rules.threshold or label in state.sightings:
                continue
            if now - state.ended.get(label, -math.inf) < rules.cooldown_s:
                continue
            votes = [vote for vote in state.votes if vote.scores.get(label, 0.0) >= rules.release]
            result = _strongest(present, label)
            if len(votes) < rules.min_hits or result is None:
                continue
            if _shown_by_another(state, result, smooth, rules):
                continue
            guess = next(guess for guess in result.guesses if guess.label == label)
            top = _top(smooth, rules.top)
            begun = Sighting(new_id(), guess, result, votes[0].seconds, now, score, top, len(votes))
            state.sightings[label] = begun
            yield self._writer.event("seen", begun, frame, millis)

    def _ended(self, sighting: Sighting, frame: Frame, millis: Mapping[str, float]) -> Event:
        return self._writer.event("ended", sighting, frame, millis)


def _vote(state: _State, rules: Rules, now: float, results: list[Result]) -> None:
    present = [result for result in results if result.presence >= rules.presence]
    scores: dict[str, float] = {}
    for result in present:
        for guess in result.guesses:
            scores[guess.label] = max(guess.score, scores.get(guess.label, 0.0))
    surest = max(present, key=lambda result: result.presence, default=None)
    weight, group = (surest.presence, surest.group) if surest else (0.0, None)
    state.votes.append(_Vote(now, weight, scores, group))
    # A slow camera gives few frames: the last `min_hits` always count, however old.
    while len(state.votes) > rules.min_hits and now - state.votes[0].seconds > rules.window_s:
        state.votes.popleft()


def _smoothed(votes: Iterable[_Vote]) -> dict[str, float]:
    """Mean score by label over the frames that saw anything, weighted by how sure they were."""
    sums: dict[str, float] = {}
    total = 0.0
    for vote in votes:
        total += vote.weight
        for label, score in vote.scores.items():
            sums[label] = sums.get(label, 0.0) + vote.weight * score
    return {label: value / total for label, value in sums.items()} if total else {}


def _top(smooth: Mapping[str, float], count: int) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(smooth.items(), key=lambda pair: -pair[1])[:count])


def _strongest(results: list[Result], label: str) -> Result | None:
    """The result that gives `label` most."""
    scored = [
        (guess.score, index)
        for index, result in enumerate(results)
        for guess in result.guesses
        if guess.label == label
    ]
    return results[max(scored)[1]] if scored else None


def _shown_by_another(
    state: _State, result: Result, smooth: Mapping[str, float], rules: Rules
) -> bool:
    """True if a sighting that still holds is at the same place: one thing has one label."""
    return any(
        smooth.get(label, 0.0) >= rules.release
        and sighting.result.box.overlap(result.box) > _SAME_THING
        for label, sighting in state.sightings.items()
    )


def _decision(state: _State, rules: Rules, task: str, frame: Frame) -> Decision:
    source = frame.source
    smooth = _smoothed(state.votes)
    if state.sightings:
        label, sighting = max(state.sightings.items(), key=lambda pair: pair[1].last)
        misses = sum(vote.seconds > sighting.last for vote in state.votes)
        if misses >= rules.min_hits:
            ago = frame.seconds - sighting.last
            reason = f"{label} was last seen {ago:.1f} s ago"
            return Decision(task, source, "nothing", None, 0.0, reason, cause="gone")
        reason = f"{label} {sighting.score:.2f} held above {rules.release:.2f}"
        return Decision(task, source, "seen", label, sighting.score, reason, cause="seen")
    if not smooth:
        reason = f"presence under {rules.presence:.2f}"
        return Decision(task, source, "nothing", None, 0.0, reason, cause="presence")
    label, score = max(smooth.items(), key=lambda pair: pair[1])
    hits = sum(vote.scores.get(label, 0.0) >= rules.release for vote in state.votes)
    group = sure_group((vote.weight, vote.group) for vote in state.votes)
    reason = f"{label} {score:.2f} against {rules.threshold:.2f}, {hits} of {rules.min_hits} hits"
    cause: Cause = "cooldown"
    if score < rules.threshold or hits < rules.min_hits:
        cause = "score" if score < rules.threshold else "hits"
    return Decision(task, source, "unsure", label, score, in_words(group) + reason, group, cause)
