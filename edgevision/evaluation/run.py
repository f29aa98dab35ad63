"""Accuracy of a task on labelled photos."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from edgevision.errors import ModelError, PhotoError, WrittenError
from edgevision.evaluation.metrics import Share
from edgevision.pixels.photo import read_photo
from edgevision.values.box import centred_square

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import numpy.typing as npt

    from edgevision.protocols import Engine, Task
    from edgevision.values.box import Box

    Prepare = Callable[[npt.NDArray[np.uint8], Box, npt.NDArray[Any]], None]

LABELS = "labels.csv"
_AMONG = 5


@dataclass(slots=True)
class Evaluation:
    """What a task said of photos whose labels are known.

    Attributes:
        top1, top5: photos that show one of the task's classes, and how many guesses were right.
        accepted: of those, in how many the task saw that there is one.
        absent: photos that show none, and in how many the task wrongly saw one.
        infer_millis: of each inference.
        skipped: names of files that are no readable photos.
        mistakes: (true label, guess) and how often, the most frequent first.
    """

    top1: Share
    top5: Share
    accepted: Share
    absent: Share
    infer_millis: list[float]
    skipped: list[str]
    mistakes: Counter[tuple[str, str]]

    def to_dict(self) -> dict[str, Any]:
        """JSON types; shares 0..1, milliseconds."""
        millis = np.array(self.infer_millis or [0.0])
        return {
            "n": self.top1.n,
            "top1": self.top1.value,
            "top5": self.top5.value,
            "top1_interval": list(self.top1.interval()),
            "accepted": self.accepted.value,
            "absent": {"n": self.absent.n, "false_accepts": self.absent.hits},
            "infer_ms": {
                "p50": round(float(np.percentile(millis, 50)), 3),
                "p95": round(float(np.percentile(millis, 95)), 3),
            },
            "skipped": self.skipped,
        }


@dataclass(slots=True)
class _Tally:
    n: int = 0
    top1: int = 0
    top5: int = 0
    accepted: int = 0
    absent: int = 0
    false_accepts: int = 0
    millis: list[float] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    mistakes: Counter[tuple[str, str]] = field(default_factory=Counter)


def read_truth(folder: Path, task: Task) -> list[tuple[Path, str | None]]:
    """The photos of `folder` with the right answer of `task`; None: shows none of its classes.

    Raises:
        WrittenError: if labels.csv is missing, has no columns path and label, or has an unknown
            label; all with the line.
    """
    file = folder / LABELS
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise WrittenError(
            f"{file}: cannot be read ({error}); it should have a line `path,label` for each photo"
        ) from error
    rows = csv.DictReader(text.splitlines())
    if not {"path", "label"} <= set(rows.fieldnames or ()):
        raise WrittenError(f"{file}:1: has no columns `path` and `label`; write them in line 1")
    truth = []
    for row in rows:
        path, label = row["path"], row["label"]
        if not path or label is None:
            raise WrittenError(f"{file}:{rows.line_num}: a row needs both a path and a label")
        truth.append((folder / path, _expected(task, label, f"{file}:{rows.line_num}")))
    return truth


def evaluate(
    truth: Iterable[tuple[Path, str | None]],
    task: Task,
    engine: Engine,
    prepare: Prepare,
    presence: float = 0.5,
) -> Evaluation:
    """Run the middle square of every photo through the network.

    Args:
        truth: photos with the right label, or None for "none of the task's classes".
        task: whose guesses are counted; it should give five.
        engine: the network.
        prepare: writes a photo into its input tensor.
        presence: 0..1, from which a photo counts as showing one of the task's classes.
    """
    tally = _Tally()
    for path, label in truth:
        try:
            pixels = read_photo(path)
        except PhotoError as error:
            tally.skipped.append(str(error))
            continue
        begun = perf_counter()
        box = centred_square(pixels.shape[1], pixels.shape[0])
        features = engine.infer(partial(prepare, pixels, box))
        tally.millis.append((perf_counter() - begun) * 1000)
        result = task.read(features, box)
        seen = result.presence >= presence
        if label is None:
            tally.absent += 1
            tally.false_accepts += seen
            continue
        guesses = [guess.label for guess in result.guesses[:_AMONG]]
        tally.n += 1
        tally.accepted += seen
        tally.top1 += guesses[0] == label
        tally.top5 += label in guesses
        if guesses[0] != label:
            tally.mistakes[label, guesses[0]] += 1
    return Evaluation(
        top1=Share(tally.top1, tally.n),
        top5=Share(tally.top5, tally.n),
        accepted=Share(tally.accepted, tally.n),
        absent=Share(tally.false_accepts, tally.absent),
        infer_millis=tally.millis,
        skipped=tally.skipped,
        mistakes=tally.mistakes,
    )


def _expected(task: Task, label: str, where: str) -> str | None:
    try:
        return task.expected(label.strip())
    except ModelError as error:
        raise WrittenError(f"{where}: {error}") from error
