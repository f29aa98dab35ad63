"""What a sighting is, by which rules it begins and ends, and how it becomes an event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from ulid import ULID

from edgevision.values.event import Event, Phase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgevision.values.frame import Frame
    from edgevision.values.result import Guess, Result
    from edgevision.values.tensor import ModelSpec


@dataclass(frozen=True, slots=True)
class Rules:
    """When scores of one task become a sighting.

    Attributes:
        threshold: smoothed score (0..1) from which a label is seen.
        release: smoothed score below which it is no longer; at most `threshold`.
        presence: 0..1, how sure a frame must be that anything of the task's kind is there.
        window_s: seconds over which votes are smoothed.
        min_hits: frames that must have voted for the label.
        hold_s: seconds after the last hit until the sighting ends.
        cooldown_s: seconds after its end until the same label may be seen again.
        top: labels that an event lists.
    """

    threshold: float
    release: float
    presence: float = 0.5
    window_s: float = 2.0
    min_hits: int = 3
    hold_s: float = 2.0
    cooldown_s: float = 5.0
    top: int = 5


@dataclass(slots=True)
class Sighting:
    """One that goes on.

    Attributes:
        first, last: in seconds of the source's time.
        score: smoothed, at the last hit; `best` the highest so far.
        top: labels with their scores, when it was best.
    """

    id: str
    guess: Guess
    result: Result
    first: float
    last: float
    score: float
    top: tuple[tuple[str, float], ...]
    hits: int
    best: float = 0.0


def new_id() -> str:
    """A ULID: 26 letters and digits that sort by time."""
    return str(ULID())


class EventWriter:
    """Gives sightings their times and the model's names."""

    def __init__(self, model: ModelSpec, opened_at: datetime | None) -> None:
        self._model = model
        self._opened_at = opened_at or datetime.now(timezone.utc)

    def of(self, model: ModelSpec) -> EventWriter:
        """The same for events of another model."""
        return self if model is self._model else EventWriter(model, self._opened_at)

    def event(
        self, phase: Phase, sighting: Sighting, frame: Frame, millis: Mapping[str, float]
    ) -> Event:
        """The event of `phase`, at the time of `frame`."""
        now = frame.taken_at or self._opened_at + timedelta(seconds=frame.seconds)
        return Event(
            id=sighting.id,
            phase=phase,
            time=now,
            source=frame.source,
            task=sighting.result.task,
            label=sighting.guess.label,
            name=sighting.guess.name,
            score=sighting.score if phase == "seen" else max(sighting.score, sighting.best),
            top=sighting.top,
            box=sighting.result.box,
            place=sighting.result.place,
            model=self._model.name,
            model_sha256=self._model.sha256,
            latency_ms=dict(millis),
            first_seen=now - timedelta(seconds=frame.seconds - sighting.first),
            last_seen=now - timedelta(seconds=frame.seconds - sighting.last),
            hits=sighting.hits,
        )
