"""Accuracy against milliseconds as a picture."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any, Final

from edgevision.errors import OutputError, WrittenError
from edgevision.kinds import Kind, load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edgevision.evaluation.fit import Timed

ENDINGS: Final = (".png", ".svg")
LIBRARIES: Final = {
    "matplotlib": Kind("matplotlib:", "settings of plots", "plot"),
    "matplotlib.figure": Kind("matplotlib.figure:", "draws plots", "plot"),
}

# Four steps of the map "viridis", which stay apart for colour-blind eyes and in grey.
_COLOURS: Final = {0.25: "#fde725", 0.5: "#35b779", 0.75: "#31688e", 1.0: "#440154"}
_OTHER_COLOUR: Final = "#777777"
_MARKERS: Final = {"mobilenet_v1": "o", "mobilenet_v2": "D", "efficientnet_lite0": "s"}
_NAMES: Final = {
    "mobilenet_v1": "MobileNet V1",
    "mobilenet_v2": "MobileNet V2",
    "efficientnet_lite0": "EfficientNet-Lite0",
}
_SHORT: Final = {"mobilenet_v1": "V1", "mobilenet_v2": "V2", "efficientnet_lite0": "Lite0"}
# Share of the front's width that a name needs.
_ROOM: Final = 0.03
_TRAINED: Final = "#d55e00"


def check_plot(path: Path) -> None:
    """Raise what would stop `draw_plot`, before anything is measured.

    Raises:
        WrittenError: if the ending is none of `ENDINGS`.
        ExtraError: if matplotlib is not installed.
        OutputError: if there is no such folder.
    """
    if path.suffix.lower() not in ENDINGS:
        raise WrittenError(f"{path}: plots are written as {' or '.join(ENDINGS)}")
    library("matplotlib.figure")
    if not path.absolute().parent.is_dir():
        raise OutputError(f"{path}: there is no folder {path.absolute().parent}")


def draw_plot(
    path: Path,
    rows: Sequence[Timed],
    front: Sequence[Timed],
    *,
    title: str,
    budget_ms: float | None = None,
) -> None:
    """Write the picture; its ending says how.

    Colour shows alpha, the marker the family and its size the resolution; the front is a line, and
    trained networks have a ring.

    Args:
        path: the file.
        rows: those without a published accuracy are left out.
        front: rows that are joined by the line and named.
        title: of the picture.
        budget_ms: where a vertical line is drawn.

    Raises:
        ExtraError: if matplotlib is not installed.
        OutputError: if the file cannot be written.
    """
    figure = library("matplotlib.figure").Figure(figsize=(9, 5.6), layout="constrained")
    axes = figure.add_subplot()
    known = [row for row in rows if row.top1 is not None]
    named = {row.id for row in front}
    for row in known:
        axes.scatter(row.times.ms, row.top1, **_style(row), zorder=4 if row.id in named else 3)
    axes.plot(
        [row.times.ms for row in front],
        [row.top1 for row in front],
        color="#999999",
        linewidth=1.2,
        zorder=2,
    )
    _name(axes, front)
    if budget_ms is not None:
        axes.axvline(budget_ms, color=_TRAINED, linestyle="--", linewidth=1.2, zorder=1)
        axes.annotate(
            f"budget {budget_ms:g} ms",
            (budget_ms, 0.42),
            xycoords=("data", "axes fraction"),
            xytext=(-3, 0),
            textcoords="offset points",
            ha="right",
            rotation=90,
            color=_TRAINED,
            fontsize=9,
        )
    _axes(axes, known, title)
    _legends(axes, known)
    save_figure(figure, path)


def save_figure(figure: Any, path: Path) -> None:
    """Write a figure of matplotlib; the same one gives the same bytes at any time.

    Raises:
        OutputError: if the file cannot be written.
    """
    try:
        # Without a date and random names the same figures give the same bytes.
        with library("matplotlib").rc_context({"svg.hashsalt": "edgevision"}):
            figure.savefig(path, dpi=150, metadata={"Date": None} if _is_svg(path) else None)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror})") from error


def library(name: str) -> Any:
    """A module of matplotlib, loaded when a plot is wanted.

    Raises:
        ExtraError: if matplotlib is not installed.
    """
    # It tells of its caches of fonts, which is nobody's business here.
    logging.getLogger("matplotlib").setLevel(logging.WARNING)
    return load(LIBRARIES, name, "--plot")


def _is_svg(path: Path) -> bool:
    return path.suffix.lower() == ".svg"


def _area(resolution: int) -> float:
    """Of a marker, in square points."""
    return 130 * (resolution / 224) ** 2


def _style(row: Timed) -> dict[str, Any]:
    ring = row.trained is not None
    return {
        "s": _area(row.resolution),
        "c": _COLOURS.get(row.alpha or 0.0, _OTHER_COLOUR),
        "marker": _MARKERS.get(row.family, "X"),
        "edgecolors": _TRAINED if ring else "white",
        "linewidths": 2.2 if ring else 0.8,
    }


def _name(axes: Any, front: Sequence[Timed]) -> None:
    span = math.log(front[-1].times.ms / front[0].times.ms) if front else 0.0
    last = math.inf
    for row in reversed(front):
        place = math.log(row.times.ms)
        if last - place < _ROOM * span:
            continue  # its name would lie on that of a better one
        last = place
        alpha = "" if row.alpha is None else f" {float(row.alpha)}"
        axes.annotate(
            f"{_SHORT.get(row.family, row.id)}{alpha}-{row.resolution}",
            (row.times.ms, row.top1),
            xytext=(1, 7),
            textcoords="offset points",
            ha="right",
            # Slanting, they do not run into each other where points lie close.
            rotation=-35,
            rotation_mode="anchor",
            fontsize=8,
            color="#333333",
        )


def _axes(axes: Any, known: Sequence[Timed], title: str) -> None:
    axes.set_xscale("log")
    low, high = min(row.times.ms for row in known), max(row.times.ms for row in known)
    axes.set_xlim(low / 1.6, high * 1.2)
    bottom, top = min(row.top1 or 0 for row in known), max(row.top1 or 0 for row in known)
    axes.set_ylim(bottom - 1.5, top + 0.14 * (top - bottom) + 1)
    digits = (1, 1.5, 2, 3, 5, 7)
    ticks = [digit * 10.0**power for power in range(-3, 6) for digit in digits]
    axes.set_xticks([tick for tick in ticks if low / 1.6 <= tick <= high * 1.2])
    axes.xaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.set_xlabel("milliseconds an inference (median, this device)")
    axes.set_ylabel("ImageNet top-1, % (published)")
    axes.grid(color="#e5e5e5", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(title, fontsize=11, loc="left")


def _legends(axes: Any, known: Sequence[Timed]) -> None:
    def point(label: str, **style: Any) -> Any:
        given = {"c": "#777777", "marker": "o", "s": _area(192), "edgecolors": "white", **style}
        return axes.scatter([], [], label=label, **given)

    families = [name for name in _MARKERS if any(row.family == name for row in known)]
    handles = [point(_NAMES[name], marker=_MARKERS[name]) for name in families]
    alphas = sorted({row.alpha for row in known if row.alpha in _COLOURS})
    handles += [point(f"alpha {float(alpha)}", c=_COLOURS[alpha]) for alpha in alphas]
    sides = sorted({row.resolution for row in known})
    handles += [point(f"{side} pixels", s=_area(side)) for side in sides]
    if any(row.trained for row in known):
        ring = {"c": "white", "edgecolors": _TRAINED, "linewidths": 2.2}
        handles.append(point("trained, here", **ring))
    axes.legend(handles=handles, loc="lower right", fontsize=8.5, ncols=2, framealpha=1)
