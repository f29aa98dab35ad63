"""A kind of thing that is sure, though none of its labels is: some terrier, but which?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edgevision.values.result import Guess

SURE: Final = 0.5
"""The score from which a group is sure: it is more likely than all others together."""


def sure_group(votes: Iterable[tuple[float, Guess | None]]) -> Guess | None:
    """The group that frames agree on, with its mean score; None if none comes to `SURE`.

    Args:
        votes: of each frame its weight, 0 or more, and its best group; a frame that has another
            one, or none, counts as 0.
    """
    sums: dict[str, float] = {}
    guesses: dict[str, Guess] = {}
    total = 0.0
    for weight, guess in votes:
        total += weight
        if guess is not None:
            guesses[guess.label] = guess
            sums[guess.label] = sums.get(guess.label, 0.0) + weight * guess.score
    if not sums or not total:
        return None
    label = max(sums, key=lambda one: sums[one])
    score = sums[label] / total
    return replace(guesses[label], score=score) if score >= SURE else None


def in_words(group: Guess | None) -> str:
    """What begins a reason: "some terrier 0.62; ", or nothing."""
    return "" if group is None else f"some {group.label} {group.score:.2f}; "
