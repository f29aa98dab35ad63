"""What a task read in one box of one frame, and what was decided from many of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from edgevision.values.box import Box
    from edgevision.values.place import Place

Verdict = Literal["nothing", "unsure", "seen"]
Cause = Literal["seen", "gone", "presence", "score", "hits", "cooldown", "off", "frozen", "other"]


@dataclass(frozen=True, slots=True)
class Guess:
    """`label` as files and settings have it, `name` for people, `score` 0..1."""

    label: str
    name: str
    score: float


@dataclass(frozen=True, slots=True)
class Result:
    """One task's reading of one box.

    Attributes:
        task: the task's name.
        box: where it looked.
        guesses: best first.
        presence: 0..1, how sure the task is that there is anything of its kind at all (a dog, for
            breeds); 1 for tasks that have an answer to every picture.
        place: for geolocation; else None.
        group: for breeds, the kind of dog whose breeds have the highest score together; else None.
    """

    task: str
    box: Box
    guesses: tuple[Guess, ...]
    presence: float = 1.0
    place: Place | None = None
    group: Guess | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a frame meant, in the light of those before it.

    Attributes:
        verdict: "nothing" (none of the task's kind), "unsure" (no label passes yet, or nobody
            looks) or "seen".
        label: the best label so far, or None.
        score: its smoothed score, 0..1.
        reason: in words, e.g. "collie 0.41 against 0.50, 2 of 3 hits".
        group: where it is "unsure", what is sure all the same: "some terrier"; else None.
        cause: the kind of the reason, to count by: "seen"; "gone" (it was seen a moment ago); none
            of the task's kind ("presence"); a "score" under the threshold; too few "hits"; seen
            too short a time ago to be told again ("cooldown"); switched "off"; "frozen", which is
            the last answer once more; "other".
    """

    task: str
    source: str
    verdict: Verdict
    label: str | None
    score: float
    reason: str
    group: Guess | None = None
    cause: Cause = "other"
