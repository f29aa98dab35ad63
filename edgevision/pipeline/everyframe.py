"""One event for each result: for photos, and where every frame is to be a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgevision.pipeline.groups import in_words, sure_group
from edgevision.pipeline.sighting import EventWriter, Rules, Sighting, new_id
from edgevision.values.result import Cause, Decision, Result, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from edgevision.values.event import Event
    from edgevision.values.frame import Frame
    from edgevision.values.tensor import ModelSpec


_CAUSES: dict[Verdict, Cause] = {"seen": "seen", "unsure": "score", "nothing": "presence"}


class EveryFrame:
    """No smoothing: one event for each result, as for photos, and where every frame is a row.

    Args:
        rules: by task; a result below `presence` or `threshold` gives no event.
        model: whose digest events carry.
        opened_at: the time (UTC) that media time 0 of files stands for.
    """

    def __init__(
        self, rules: Mapping[str, Rules], model: ModelSpec, opened_at: datetime | None = None
    ) -> None:
        self._rules = rules
        self._writer = EventWriter(model, opened_at)

    def decide(
        self, frame: Frame, results: tuple[Result, ...], millis: Mapping[str, float]
    ) -> tuple[tuple[Decision, ...], tuple[Event, ...]]:
        """An event for each result that passes; a decision for each result."""
        decisions: list[Decision] = []
        events: list[Event] = []
        for result in results:
            rules = self._rules.get(result.task)
            # Its task was taken out while the frame was on its way.
            if rules is None:
                continue
            best = result.guesses[0]
            passes = result.presence >= rules.presence
            seen = passes and best.score >= rules.threshold
            reason = f"{best.label} {best.score:.2f} against {rules.threshold:.2f}"
            if not passes:
                reason = f"presence {result.presence:.2f} against {rules.presence:.2f}"
            verdict = _verdict(passes=passes, seen=seen)
            group = sure_group([(1.0, result.group)]) if verdict == "unsure" else None
            why = in_words(group) + reason
            task, cause = result.task, _CAUSES[verdict]
            decisions.append(
                Decision(task, frame.source, verdict, best.label, best.score, why, group, cause)
            )
            if seen:
                top = tuple((guess.label, guess.score) for guess in result.guesses[: rules.top])
                once = Sighting(
                    new_id(), best, result, frame.seconds, frame.seconds, best.score, top, 1
                )
                events.append(self._writer.event("seen", once, frame, millis))
        return tuple(decisions), tuple(events)

    def finish(self, frame: Frame) -> tuple[Event, ...]:
        """Nothing is pending."""
        del frame
        return ()

    def change(self, rules: Mapping[str, Rules], model: ModelSpec) -> None:
        """Decide by other rules, about what `model` saw, from the next frame on."""
        self._rules = rules
        self._writer = self._writer.of(model)


def _verdict(*, passes: bool, seen: bool) -> Verdict:
    return "seen" if seen else "unsure" if passes else "nothing"
