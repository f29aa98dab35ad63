"""What heads of landmarks say of photos that they were not made of: cross-fitting.

Photos of landmarks are dealt out by landmark, others by turns, and those of streets by place, so
that no head is asked about a street near one that it learned from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from discriminants import background_row, landmark_rows, space_of
from landmark_views import OWN

from edgevision.geo.distance import great_circle_km
from edgevision.learning.calibrate import log_sum_exp, temperature
from edgevision.tasks.landmarks import Landmarks
from edgevision.values.reliability import expected_calibration_error, reliability
from edgevision.zoo.heads import softmax

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt
    from discriminants import Array, Classes, Linear, Material, Rows, Views

FOLDS: Final = 10
SEED: Final = 0
TRAIN: Final = "landmarks/train"
NEAR_KM: Final = 50.0
"""Photos of streets that are nearer to each other are in one fold."""

_SQUARES: Final = ("square", "mirror")
_DIGITS: Final = 4


@dataclass(frozen=True)
class Others:
    """Features (photos, features) by view of photos without a landmark, and the photos' folds."""

    views: Views
    folds: Classes


@dataclass(frozen=True)
class Said:
    """What was said of photos by heads that did not see them: by view, before any temperature.

    Attributes:
        rows: (photos, landmarks) of logits.
        floors: (photos,) of the background's logit.
    """

    rows: dict[str, Array]
    floors: dict[str, Array]

    def with_means(self, side: int) -> Said:
        """With the mean of the square and the mirrored look at `side`, as "both"."""
        return self.beside(self, side, f"both {side}")

    def beside(self, second: Said, side: int, view: str) -> Said:
        """With the mean of this one's square look and `second`'s mirrored one, as `view`."""
        one, other = f"square {side}", f"mirror {side}"
        rows = (self.rows[one] + second.rows[other]) / 2
        floor = (self.floors[one] + second.floors[other]) / 2
        return Said(self.rows | {view: rows}, self.floors | {view: floor})

    def lifted(self, by: float) -> Said:
        """With a background that asks for so much more."""
        return Said(self.rows, {view: floor + by for view, floor in self.floors.items()})

    def margin(self, view: str, scale: float) -> Array:
        """In logits; 0 or more where presence is one half or more at the temperature `scale`."""
        return scale * log_sum_exp(self.rows[view] / scale) - self.floors[view]

    def named(self, view: str, scale: float) -> Rows:
        """Where one landmark stands out among them, by the task's threshold."""
        scores = softmax(self.rows[view] / scale).max(axis=1)
        return np.asarray(scores >= Landmarks.threshold, np.bool_)


@dataclass(frozen=True)
class Trial:
    """All photos with what was said of them.

    Attributes:
        classes: of the photos of landmarks.
        said: by the photos' folder.
        scales: temperatures by view.
    """

    classes: Classes
    said: Mapping[str, Said]
    scales: Mapping[str, float]

    def right(self, view: str) -> Rows:
        """Which photos of landmarks were told rightly."""
        return np.asarray(self.said[TRAIN].rows[view].argmax(axis=1) == self.classes, np.bool_)

    def lift(self, view: str, spent: float) -> float:
        """What the background may ask for beyond its row, for `spent` of the photos.

        It lies between the last that is lost and the first that passes.
        """
        margins = np.sort(self.said[TRAIN].margin(view, self.scales[view])[self.right(view)])
        first = int(spent * len(self.classes))
        return float(margins[max(first - 1, 0) : first + 1].mean())

    def lifted(self, by: float) -> Trial:
        """With that background."""
        said = {name: one.lifted(by) for name, one in self.said.items()}
        return Trial(self.classes, said, self.scales)

    def beside(self, second: Trial, side: int, view: str) -> Trial:
        """With `view`: this one's look at the photo, and `second`'s in the mirror, as one head."""
        own = f"both {side}"
        scale = (self.scales[own] + second.scales[own]) / 2
        said = {name: one.beside(second.said[name], side, view) for name, one in self.said.items()}
        return Trial(self.classes, said, {**self.scales, view: scale})

    def figures(self, view: str) -> dict[str, Any]:
        """What this look comes to: shares of landmarks' photos, and counts of others."""
        mine, scale, right = self.said[TRAIN], self.scales[view], self.right(view)
        passes, named = mine.margin(view, scale) >= 0, mine.named(view, scale)
        scores = softmax(mine.rows[view] / scale).max(axis=1)
        error = expected_calibration_error(reliability(scores, right))
        others = {name: _counts(one, view, scale) for name, one in self.said.items()}
        del others[TRAIN]
        return {
            "top1": _share(right),
            "passes": _share(passes),
            "lost": _share(right & ~passes),
            "lost_or_unsure": _share(right & ~(passes & named)),
            "calibration_error": round(error, _DIGITS),
            "temperature": round(scale, _DIGITS),
            **others,
        }


def tried(
    material: Material,
    kinds: Mapping[str, Others],
    folds: Classes,
    count: int,
    sides: Sequence[int],
) -> Trial:
    """Every photo as heads say it that are made without the photos of its fold.

    Args:
        material: of all photos; its `others` begin with those of `kinds`, view by view.
        kinds: photos without a landmark, by folder.
        folds: of the photos of landmarks.
        count: how many landmarks there are.
        sides: of the input in pixels that are measured.
    """
    own = f"square {OWN}"
    scale = _scale(material, folds, count)
    of_others = [np.tile(one.folds, len(one.views)) for one in kinds.values()]
    drawn = np.full(len(material.others) - sum(map(len, of_others)), -1)
    turns = np.concatenate([*of_others, drawn])
    asked = {TRAIN: Others(material.landmarks, folds), **kinds}
    said = {name: _blank(one, count) for name, one in asked.items()}
    for fold in range(FOLDS):
        rows, row = fitted(material.without(folds == fold, turns == fold), count, scale)
        for name, one in asked.items():
            mine = one.folds == fold
            for view in said[name].rows:
                said[name].rows[view][mine] = rows(one.views[view][mine])
                said[name].floors[view][mine] = row(one.views[view][mine])[:, 0]
    for side in sides:
        said = {name: one.with_means(side) for name, one in said.items()}
    scales = {own: scale}
    for side in sides:
        view = f"both {side}"
        apart = temperature(said[TRAIN].rows[view], material.classes)
        scales[view] = scale if side == OWN else apart
    return Trial(material.classes, said, scales)


def fitted(material: Material, count: int, scale: float) -> tuple[Linear, Linear]:
    """The landmarks' rows and the background's."""
    space = space_of(material, count)
    return landmark_rows(material, space), background_row(material, space, scale, SEED)


def by_class(classes: Classes) -> Classes:
    """A fold for each photo: each landmark's are dealt out in an order drawn from the seed."""
    random = np.random.default_rng(SEED)
    folds = np.empty(len(classes), np.intp)
    for one in range(int(classes.max()) + 1):
        mine = random.permutation(np.flatnonzero(classes == one))
        folds[mine] = (np.arange(len(mine)) + random.integers(FOLDS)) % FOLDS
    return folds


def by_place(lat: npt.NDArray[np.float64], lon: npt.NDArray[np.float64]) -> Classes:
    """A fold for each photo, the same for all that are linked by steps of under `NEAR_KM`."""
    near = great_circle_km(lat[:, None], lon[:, None], lat, lon) < NEAR_KM
    town = np.arange(len(lat))
    for here, there in zip(*np.nonzero(near), strict=True):
        first, second = sorted((town[here], town[there]))
        town[town == second] = first
    towns, sizes = np.unique(town, return_counts=True)
    order = np.random.default_rng(SEED).permutation(len(towns))
    folds, held = np.empty(len(lat), np.intp), np.zeros(FOLDS, np.intp)
    for one in order[np.argsort(-sizes[order], kind="stable")]:
        folds[town == towns[one]] = held.argmin()
        held[held.argmin()] += sizes[one]
    return folds


def _scale(material: Material, folds: Classes, count: int) -> float:
    """The temperature at the network's own size."""
    told = np.zeros((len(folds), count))
    nothing = np.zeros(len(material.others), bool)
    for fold in range(FOLDS):
        out = folds == fold
        rest = material.without(out, nothing)
        rows = landmark_rows(rest, space_of(rest, count))
        told[out] = rows(material.landmarks[f"square {OWN}"][out])
    return temperature(told, material.classes)


def _blank(photos: Others, count: int) -> Said:
    views = [view for view in photos.views if view.startswith(_SQUARES)]
    n = len(photos.folds)
    return Said(
        {view: np.zeros((n, count)) for view in views}, {view: np.zeros(n) for view in views}
    )


def _counts(said: Said, view: str, scale: float) -> dict[str, int]:
    passes = said.margin(view, scale) >= 0
    told = passes & said.named(view, scale)
    return {"n": len(passes), "passes": int(passes.sum()), "told": int(told.sum())}


def _share(hits: Rows) -> float:
    return round(float(hits.mean()), _DIGITS)
