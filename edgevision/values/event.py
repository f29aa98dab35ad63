"""A sighting as the outside world is told of it, and its one JSON form."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from edgevision.values.box import Box
    from edgevision.values.place import Place

SCHEMA = 1
Phase = Literal["seen", "ended"]


@dataclass(frozen=True, slots=True)
class Event:
    """One phase of a sighting; (`id`, `phase`) is unique.

    Attributes:
        id: ULID that names the sighting; both phases carry it.
        phase: "seen" when it is sure, "ended" when it is over, with the final counts.
        time, first_seen, last_seen: UTC. For files: the time of opening plus media time.
        source: the source's configured name.
        task, label, name: what was seen, `name` for people.
        score: 0..1, smoothed over the window; of "ended" the highest that it was.
        top: (label, score), best first.
        box: where, in 0..1 of the frame.
        place: for geolocation; else None.
        model, model_sha256: what saw it.
        latency_ms: milliseconds by stage, of the frame that gave the event.
        hits: frames in which it was seen so far.
    """

    id: str
    phase: Phase
    time: datetime
    source: str
    task: str
    label: str
    name: str
    score: float
    top: tuple[tuple[str, float], ...]
    box: Box
    model: str
    model_sha256: str
    latency_ms: Mapping[str, float]
    first_seen: datetime
    last_seen: datetime
    hits: int
    place: Place | None = None

    def to_dict(self) -> dict[str, Any]:
        """The object of docs/events.md, with JSON types only."""
        place = self.place
        return {
            "schema": SCHEMA,
            "id": self.id,
            "phase": self.phase,
            "time": rfc3339(self.time),
            "source": self.source,
            "task": self.task,
            "label": self.label,
            "name": self.name,
            "score": round(self.score, 4),
            "top": [[label, round(score, 4)] for label, score in self.top],
            "box": [round(side, 4) + 0.0 for side in self.box.as_tuple()],  # + 0.0: no -0.0
            "place": place and place.to_dict(),
            "model": self.model,
            "model_sha256": self.model_sha256,
            "latency_ms": {stage: round(millis, 3) for stage, millis in self.latency_ms.items()},
            "first_seen": rfc3339(self.first_seen),
            "last_seen": rfc3339(self.last_seen),
            "hits": self.hits,
        }

    def to_json(self) -> str:
        """One line of JSON: the only JSON form of an event, for every output.

        It can always be written as UTF-8: half a surrogate pair becomes "?".
        """
        line = json.dumps(self.to_dict(), ensure_ascii=False, separators=(",", ":"))
        return line.encode("utf-8", "replace").decode("utf-8")


def rfc3339(moment: datetime) -> str:
    """UTC with milliseconds, e.g. 2026-05-01T12:30:00.250Z.

    Raises:
        ValueError: if `moment` has no time zone.
    """
    offset = moment.utcoffset()
    if offset is None:
        msg = f"{moment} has no time zone"
        raise ValueError(msg)
    naive = (moment - offset).replace(tzinfo=None)
    return naive.isoformat(timespec="milliseconds") + "Z"
