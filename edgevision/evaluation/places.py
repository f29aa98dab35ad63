"""How near a task's places are to where photos were taken, and how often its labels are right."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from edgevision.errors import ModelError, PhotoError, WrittenError
from edgevision.evaluation.answers import Answer, Evaluation
from edgevision.evaluation.metrics import Share
from edgevision.geo.distance import great_circle_km
from edgevision.geo.photos import LABELS, read_tags
from edgevision.geo.scales import Nearness, nearness
from edgevision.pixels.photo import SUFFIXES, read_photo
from edgevision.table import read_rows
from edgevision.values.box import centred_square
from edgevision.zoo.landmarks import landmarks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from edgevision.geo.photos import Tagged
    from edgevision.protocols import Engine, Task
    from edgevision.values.box import Box
    from edgevision.values.result import Result

    Prepare = Callable[[npt.NDArray[np.uint8], Box, npt.NDArray[Any]], None]

_AMONG = 5


@dataclass(frozen=True, slots=True)
class Placed:
    """A photo, where it was taken, and the label of what it shows; None: not labelled, or none."""

    photo: Tagged
    label: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """What the task said of a photo, and how far its place is from the truth; None: no place."""

    placed: Placed
    result: Result
    km: float | None


@dataclass(frozen=True, slots=True)
class Places:
    """All answers.

    Attributes:
        told: one for each photo, in their order.
        presence: 0..1, from which the task is taken to know what it sees.
        skipped: why rows and files could not be used.
    """

    told: Sequence[Told]
    presence: float
    skipped: Sequence[str]

    @property
    def nearness(self) -> Nearness:
        """Of all answers; one without a place is right at no distance."""
        far = [np.inf if one.km is None else one.km for one in self.told]
        return nearness(np.array(far, np.float64))

    @property
    def top1(self) -> Share:
        """How many first guesses were right, of photos with a label that is the task's."""
        return self._among(1)

    @property
    def top5(self) -> Share:
        """In how many the right label was among the first five guesses."""
        return self._among(_AMONG)

    def labelled(self) -> Evaluation:
        """The answers to photos with a label, for what is told of labels alone."""
        answers = [
            Answer(one.placed.label, one.result)
            for one in self.told
            if one.placed.label is not None and one.result.guesses
        ]
        return Evaluation(answers, self.presence, (), self.skipped)

    @property
    def accepted(self) -> Share:
        """In how many the task took it for something that it knows."""
        hits = sum(one.result.presence >= self.presence for one in self.told)
        return Share(hits, len(self.told))

    def to_dict(self) -> dict[str, Any]:
        """JSON types; shares 0..1."""
        found = self.nearness.to_dict()
        median = self.nearness.median_km
        return {
            **found,
            "median_km": found["median_km"] if median is not None and np.isfinite(median) else None,
            "labelled": self.top1.n,
            "top1": self.top1.value,
            "top5": self.top5.value,
            "top1_interval": list(self.top1.interval()),
            "accepted": self.accepted.value,
            "skipped": list(self.skipped),
        }

    def _among(self, count: int) -> Share:
        labelled = [one for one in self.told if one.placed.label is not None]
        hits = sum(
            any(guess.label == one.placed.label for guess in one.result.guesses[:count])
            for one in labelled
        )
        return Share(hits, len(labelled))


def has_places(folder: Path) -> bool:
    """True if the labels.csv of `folder` has columns for places; False also if there is none."""
    try:
        text = (folder / LABELS).read_text(encoding="utf-8-sig")
        return {"lat", "lon"} <= set(read_rows(text).fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error):
        return False


def read_places(folder: Path, task: Task) -> tuple[list[Placed], list[str]]:
    """The photos of `folder` with their places and labels, and a line on each row that is broken.

    Args:
        folder: has a labels.csv with the columns path, lat and lon, and perhaps label; or photos
            with GPS in their EXIF.
        task: knows what its labels mean.

    Raises:
        WrittenError: if there is no such folder, or its labels.csv cannot be read as one, or it has
            a label that means nothing to the task.
    """
    tags = read_tags(folder, SUFFIXES)
    labels = _labels(folder)
    found = []
    for photo in tags.photos:
        line, label = labels.get(photo.name, (0, ""))
        found.append(Placed(photo, _expected(task, label, f"{folder / LABELS}:{line}")))
    return found, list(tags.broken)


def evaluate_places(
    placed: Iterable[Placed],
    skipped: Sequence[str],
    task: Task,
    engine: Engine,
    prepare: Prepare,
    *,
    presence: float = 0.5,
) -> Places:
    """Ask `task` where each photo was taken; of each the middle square is looked at.

    Where the label is a landmark, its position is the truth, as nobody knows the camera's: an
    answer then counts as no nearer than the landmark is wide.

    Args:
        placed: photos with the truth.
        skipped: lines on rows that were left out, which are handed on.
        task: whose results have places.
        engine: the network.
        prepare: writes a photo into its input tensor.
        presence: 0..1, from which the task is taken to know what it sees.
    """
    told: list[Told] = []
    lines = list(skipped)
    for one in placed:
        try:
            pixels = read_photo(one.photo.path)
        except PhotoError as error:
            lines.append(str(error))
            continue
        box = centred_square(pixels.shape[1], pixels.shape[0])
        result = task.read(engine.infer(partial(prepare, pixels, box)), box)
        told.append(Told(one, result, _km(one, result)))
    return Places(told, presence, lines)


def _km(one: Placed, result: Result) -> float | None:
    if result.place is None:
        return None
    where = result.place.lat, result.place.lon
    km = float(great_circle_km(one.photo.lat, one.photo.lon, *where))
    shown = landmarks().get(one.label or "")
    return km if shown is None else max(km, shown.radius_km)


def _labels(folder: Path) -> dict[str, tuple[int, str]]:
    """Line and label by path; `read_tags` has found the file to be a table."""
    file = folder / LABELS
    if not file.exists():
        return {}
    rows = read_rows(file.read_text(encoding="utf-8-sig"))
    found: dict[str, tuple[int, str]] = {}
    for row in rows:
        # Of rows for the same photo the first counts, as for its place.
        said = rows.line_num, (row.get("label") or "").strip()
        found.setdefault((row["path"] or "").strip(), said)
    return found


def _expected(task: Task, label: str, where: str) -> str | None:
    if not label:
        return None
    try:
        return task.expected(label)
    except ModelError as error:
        raise WrittenError(f"{where}: {error}") from error
