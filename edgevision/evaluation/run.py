"""Accuracy of a task on labelled photos."""

from __future__ import annotations

from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

from edgevision.errors import ModelError, PhotoError, WrittenError
from edgevision.evaluation.answers import Answer, Evaluation
from edgevision.pixels.photo import read_photo
from edgevision.table import read_rows
from edgevision.values.box import centred_square

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from edgevision.protocols import Engine, Task
    from edgevision.values.box import Box

    Prepare = Callable[[npt.NDArray[np.uint8], Box, npt.NDArray[Any]], None]

LABELS = "labels.csv"


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
    rows = read_rows(text)
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
    """Show the middle square of every photo to the network.

    Args:
        truth: photos with the right label, or None for "none of the task's classes".
        task: whose guesses are counted; it should give five.
        engine: the network.
        prepare: writes a photo into its input tensor.
        presence: 0..1, from which a photo counts as showing one of the task's classes.
    """
    answers: list[Answer] = []
    millis: list[float] = []
    skipped: list[str] = []
    for path, label in truth:
        try:
            pixels = read_photo(path)
        except PhotoError as error:
            skipped.append(str(error))
            continue
        begun = perf_counter()
        box = centred_square(pixels.shape[1], pixels.shape[0])
        features = engine.infer(partial(prepare, pixels, box))
        millis.append((perf_counter() - begun) * 1000)
        answers.append(Answer(label, task.read(features, box)))
    return Evaluation(answers, presence, millis, skipped)


def _expected(task: Task, label: str, where: str) -> str | None:
    try:
        return task.expected(label.strip())
    except ModelError as error:
        raise WrittenError(f"{where}: {error}") from error
