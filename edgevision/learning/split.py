"""Which photos are held out to tell the truth, so that none of them, or its double, was learnt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Indices = npt.NDArray[np.intp]

HELD_OUT: Final = 0.2
NEVER: Final = -1
_ENOUGH_GROUPS: Final = 2


def hold_out(classes: Indices, groups: Indices, seed: int = 0) -> npt.NDArray[np.bool_]:
    """Which photos are held out: about a fifth of each class, and at least one where it can be.

    Photos of a group stay together. Of a class that is one photo, or one group, nothing is held
    out; neither is a group that has photos of several classes.

    Args:
        classes: (n,) of each photo.
        groups: (n,) number of the group that each belongs to.
        seed: the same one holds out the same photos.

    Returns:
        (n,) bool.
    """
    held = np.zeros(len(classes), np.bool_)
    for index in np.unique(classes):
        movable = _movable(classes, groups, int(index), seed)
        wanted = max(1, round(HELD_OUT * int((classes == index).sum())))
        taken = 0
        for group in movable:
            size = int((groups == group).sum())
            if taken + size <= wanted:
                held[groups == group] = True
                taken += size
        if taken == 0 and movable:
            held[groups == min(movable, key=lambda group: (groups == group).sum())] = True
    return held


def folds(classes: Indices, groups: Indices, count: int, seed: int = 0) -> Indices:
    """The fold 0 <= fold < `count` in which each photo is left out; -1: in none of them.

    In each fold every class keeps a photo. Groups are treated as in `hold_out`.

    Args:
        classes, groups, seed: as in `hold_out`.
        count: 2 or more.
    """
    fold = np.full(len(classes), NEVER, np.intp)
    for index in np.unique(classes):
        for turn, group in enumerate(_movable(classes, groups, int(index), seed)):
            fold[groups == group] = turn % count
    return fold


def _movable(classes: Indices, groups: Indices, index: int, seed: int) -> list[int]:
    """Groups of one class that may be left out, shuffled, while another group of it stays."""
    own = np.unique(groups[classes == index])
    if len(own) < _ENOUGH_GROUPS:
        return []
    pure = [int(group) for group in own if (classes[groups == group] == index).all()]
    return [int(group) for group in np.random.default_rng((seed, index)).permutation(pure)]
