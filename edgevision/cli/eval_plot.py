"""What was taken for what, and whether scores mean what they say, as a picture."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgevision.cli.plot import library, save_figure
from edgevision.errors import WrittenError
from edgevision.values.reliability import error_by_chance, expected_calibration_error
from edgevision.zoo.labels import breed_groups, display_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from edgevision.evaluation.answers import Evaluation
    from edgevision.values.reliability import Bin

# A matrix of more is no picture any more; the rest is drawn together.
_MOST_ROWS: Final = 24
_REST: Final = "all others"
_RIGHT: Final = "#31688e"
_GAP: Final = "#d55e00"
_GREY: Final = "#555555"
# From this share of its row on, a cell is so dark that its number is white.
_DARK: Final = 0.55


def draw_plot(path: Path, done: Evaluation, task: str, what: str) -> None:
    """Write the picture; its ending says how.

    Args:
        path: the file.
        done: what was measured.
        task: breeds are drawn by the kind of dog.
        what: was measured, in words.

    Raises:
        WrittenError: if there is no such photo.
        ExtraError: if matplotlib is not installed.
        OutputError: if the file cannot be written.
    """
    if not done.shown:
        raise WrittenError(f"{path}: no photo shows one of the classes; there is nothing to draw")
    names, counts = confusions(done, breed_groups() if task == "dogs" else {})
    side = 3.2 + 0.27 * len(names)
    figure = library("matplotlib.figure").Figure(
        figsize=(side + 5.2, max(side, 5.0)), layout="constrained"
    )
    left, right = figure.subplots(1, 2, width_ratios=(side, 4.6))
    _matrix(left, names, counts, "kind of dog" if task == "dogs" else "class")
    _reliability(right, done)
    figure.suptitle(
        f"{what}: {done.top1.value or 0:.1%} of {done.top1.n} photos right", fontsize=11
    )
    save_figure(figure, path)


def confusions(done: Evaluation, groups: dict[str, str]) -> tuple[list[str], npt.NDArray[np.int64]]:
    """How often each was taken for each.

    Args:
        done: the answers.
        groups: by label, under which name it is counted; a label that is not there under its own.

    Returns:
        names, and (names, names) counts: a row for what the photos show, a column for the guess.
        Beyond 24 names, those with the most photos have a row of their own.
    """
    pairs = Counter(
        (groups.get(str(one.label), str(one.label)), groups.get(one.guess, one.guess))
        for one in done.shown
    )
    photos: Counter[str] = Counter()
    for (shown, guess), count in pairs.items():
        photos[shown] += count
        photos[guess] += 0
    names = sorted(photos, key=lambda name: (-photos[name], name))
    if len(names) > _MOST_ROWS:
        names = [*names[: _MOST_ROWS - 1], _REST]
    place = {name: index for index, name in enumerate(names)}
    last = len(names) - 1
    counts = np.zeros((len(names), len(names)), np.int64)
    for (shown, guess), count in pairs.items():
        counts[place.get(shown, last), place.get(guess, last)] += count
    return names, counts


def _matrix(axes: Any, names: Sequence[str], counts: npt.NDArray[np.int64], what: str) -> None:
    of_row = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(of_row, cmap="Blues", vmin=0, vmax=1)
    words = [display_name(name) for name in names]
    axes.set_xticks(range(len(names)), words, rotation=60, ha="right", rotation_mode="anchor")
    photos = counts.sum(axis=1)
    axes.set_yticks(
        range(len(names)), [f"{one} ({n})" for one, n in zip(words, photos, strict=True)]
    )
    axes.tick_params(labelsize=8, length=0)
    for row, column in zip(*np.nonzero(counts), strict=True):
        axes.text(
            column,
            row,
            str(counts[row, column]),
            ha="center",
            va="center",
            fontsize=7,
            color="white" if of_row[row, column] > _DARK else "black",
        )
    axes.set_xticks(np.arange(len(names) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(names) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="#e5e5e5", linewidth=0.5)
    axes.tick_params(which="minor", length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel(f"first guess, by {what}")
    axes.set_ylabel(f"what the photo shows, by {what} (photos)")
    within = np.trace(counts) / max(int(counts.sum()), 1)
    axes.set_title(f"Taken for ({within:.1%} within the {what})", fontsize=10, loc="left")


def _reliability(axes: Any, done: Evaluation) -> None:
    filled: list[Bin] = [one for one in done.bins if one.n]
    wide = 1 / len(done.bins)
    middles = [(one.low + one.high) / 2 for one in filled]
    axes.plot([0, 1], [0, 1], color=_GREY, linewidth=1, linestyle="--", zorder=4)
    axes.bar(
        middles,
        [one.accuracy for one in filled],
        wide * 0.94,
        color=_RIGHT,
        zorder=2,
        label="right",
    )
    axes.plot(
        [one.confidence for one in filled],
        [one.confidence for one in filled],
        "o",
        markersize=4,
        color=_GAP,
        zorder=5,
        label="said, on average",
    )
    for middle, one in zip(middles, filled, strict=True):
        axes.text(middle, 0.012, str(one.n), ha="center", fontsize=7, color="white", zorder=6)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    axes.set_aspect("equal")
    axes.grid(color="#e5e5e5", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("score of the first guess")
    axes.set_ylabel("share of those guesses that is right")
    error, chance = expected_calibration_error(done.bins), error_by_chance(done.confidences)
    axes.set_title(
        f"Scores: calibration error {error:.3f} ({chance:.3f} by chance)", fontsize=10, loc="left"
    )
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=2, frameon=False, fontsize=9)
