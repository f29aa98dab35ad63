"""Draws accuracy against multiply-adds and against milliseconds: docs/images/accuracy.png.

Ours are the points of results/zoo.json with the accuracies of results/accuracy.json; theirs are the
published ones, whose milliseconds are of networks of the same layers with seeded weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from points import digest, ours, theirs

from edgevision.zoo.pinned import pinned
from edgevision.zoo.published import PAPER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from matplotlib.axes import Axes
    from points import Point

    Away = tuple[float, float]

_DARK, _LIGHT = "#6b6b6b", "#ababab"
_SMALL = 8.5
_THEIRS = {"mobilenet_v1": ("o", _DARK), "mobilenet_v2": ("^", _LIGHT)}
_MOST_MILLIONS = 3000
_MILLIS = [digit * 10**power for power in (-2, -1, 0, 1, 2) for digit in (1, 2, 3, 5)]
_HOLLOW: dict[str, Any] = {"markersize": 4.5, "markerfacecolor": "white", "markeredgewidth": 0.9}
# Others that the MobileNets paper compares itself with (tables 8 and 9).
_OTHERS = {
    "GoogleNet": "GoogLeNet",
    "VGG 16": "VGG-16",
    "Squeezenet": "SqueezeNet",
    "AlexNet": "AlexNet",
}


@dataclass(frozen=True)
class Series:
    """Some of our points that are joined.

    Attributes:
        name: what the picture calls them.
        networks: their ids.
        colour: of Okabe and Ito's palette or near it, which colour-blind eyes tell apart.
        marker: matplotlib's name of it; each family has its own.
        away: from the point that has the name to the name, in typographic points.
        named: which point that is.
        tags: from a point to its own label, likewise; None: they have none. Of one network at
            several resolutions only the ends have labels.
    """

    name: str
    networks: tuple[str, ...]
    colour: str
    marker: str
    away: Away
    named: int = 0
    tags: Away | None = None


_V1 = ("mobilenet_v1_0.75_192_quant", "mobilenet_v1_0.5_160_quant", "mobilenet_v1_0.25_128_quant")
OURS = (
    Series("EfficientNet-Lite0", ("efficientnet_lite0",), "#0072b2", "s", (10, 10), tags=(9, -4)),
    Series("MobileNet V2", ("mobilenet_v2",), "#d55e00", "^", (-10, 2), named=1),
    Series("V2, TF 2, Coral", ("tf2_mobilenet_v2_1.0_224_ptq",), "#aa4499", "^", (11, -8)),
    Series("V2, Coral", ("mobilenet_v2_1.0_224_quant",), "#000000", "^", (10, 2)),
    Series("V1, Coral", _V1, "#009e73", "o", (9, -4), named=-1, tags=(-6, 8)),
)


def draw(path: Path, results: Mapping[str, Any], accuracy: Mapping[str, Any]) -> None:
    """Write the picture; the same figures give the same bytes with the same matplotlib."""
    style: Any = {"font.family": "DejaVu Sans", "font.size": 9.5}
    with mpl.rc_context(style):
        figure = Figure(figsize=(10.4, 6.2), layout="constrained", facecolor="white")
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=(1.2, 1))
        published, measured = theirs(results), ours(results, accuracy)
        for axes, which in ((left, "millions"), (right, "millis")):
            for (family, alpha), points in published.items():
                _draw_theirs(axes, family, alpha, points, which)
            for series in OURS:
                points = [one for name in series.networks for one in _shown(name, measured)]
                _draw_ours(axes, series, points, which)
        _draw_others(left)
        _finish(left, right)
        _explain(left, right, results, accuracy)
        about = {"Description": digest(results, accuracy)}
        figure.savefig(path, dpi=130, metadata=about, pil_kwargs={"optimize": True})


def _shown(name: str, measured: Mapping[str, list[Point]]) -> list[Point]:
    """Of a network that was not made to be resized, the point at its own resolution."""
    own = pinned("registry").get(name)
    points = measured.get(name, [])
    return [one for one in points if own is None or one.side == own.resolution]


def _draw_theirs(axes: Axes, family: str, alpha: float, points: list[Point], which: str) -> None:
    known = [point for point in points if getattr(point, which) is not None]
    if not known:
        return
    marker, colour = _THEIRS[family]
    axes.plot(
        [getattr(point, which) for point in known],
        [point.percent for point in known],
        color=colour,
        linewidth=0.9,
        marker=marker,
        zorder=2,
        **_HOLLOW,
    )
    if family == "mobilenet_v1":
        where = (getattr(known[0], which), known[0].percent)
        _say(axes, f"$\\alpha$ {alpha:g}", where, (8, -6), colour=colour, size=_SMALL)


def _draw_ours(axes: Axes, series: Series, points: list[Point], which: str) -> None:
    if not points:
        return
    where = [(getattr(point, which), point.percent) for point in points]
    axes.errorbar(
        [across for across, _ in where],
        [up for _, up in where],
        yerr=[[point.below for point in points], [point.above for point in points]],
        color=series.colour,
        linewidth=1.8,
        ecolor=to_rgba(series.colour, 0.4),
        elinewidth=1.0,
        marker=series.marker,
        markersize=7,
        markeredgecolor="white",
        markeredgewidth=0.8,
        zorder=4,
    )
    named = where[min(series.named, len(where) - 1)]
    _say(axes, series.name, named, series.away, colour=series.colour, weight="bold")
    if series.tags is None:
        return
    several = len(series.networks) > 1
    for place, point in enumerate(points):
        if several:
            label = f"{pinned('registry')[series.networks[place]].alpha:g}-{point.side}"
        elif place in {0, len(points) - 1}:
            label = str(point.side)
        else:
            continue
        _say(axes, label, where[place], series.tags, colour=series.colour, size=_SMALL)


def _draw_others(axes: Axes) -> None:
    """The networks that the paper compares MobileNets with; nobody timed them here."""
    for row in {row.model: row for row in PAPER if row.model in _OTHERS}.values():
        if row.top1 is None:
            continue
        name, millions = _OTHERS[row.model], float(row.mult_adds)
        style: dict[str, Any] = {"colour": _DARK, "size": _SMALL}
        if millions <= _MOST_MILLIONS:
            axes.plot(millions, row.top1, "X", color=_DARK, markersize=7, zorder=2)
            _say(axes, name, (millions, row.top1), (0, -13), **style)
        else:
            words = f"{name}: {millions / 1000:.1f} G $\\rightarrow$"
            _say(axes, words, (_MOST_MILLIONS, row.top1), (-1, 0), **style)


def _say(
    axes: Axes,
    words: str,
    where: tuple[float, float],
    away: Away,
    *,
    colour: str,
    size: float = 9.5,
    weight: str = "normal",
) -> None:
    """A label beside a point, on the side to which it is away."""
    axes.annotate(
        words,
        where,
        xytext=away,
        textcoords="offset points",
        ha="left" if away[0] > 0 else "right" if away[0] < 0 else "center",
        va="center",
        color=colour,
        fontsize=size,
        fontweight=weight,
        zorder=5,
        # Lines end before the letters.
        path_effects=[withStroke(linewidth=2.5, foreground="white")],
    )


def _finish(left: Axes, right: Axes) -> None:
    for axes in (left, right):
        axes.set_xscale("log")
        axes.grid(color="#e8e8e8", linewidth=0.7)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.minorticks_off()
        axes.xaxis.set_major_formatter("{x:g}")
    left.set_xlim(6, _MOST_MILLIONS)
    left.set_xticks([10, 20, 50, 100, 200, 500, 1000, 2000])
    left.set_xlabel("multiply-adds of an inference, millions")
    left.set_ylabel("ImageNet top-1, %")
    # Room for the labels at both ends.
    low, high = right.get_xlim()
    right.set_xlim(low / 1.8, high * 1.7)
    right.set_xticks([tick for tick in _MILLIS if low / 1.8 < tick < high * 1.7])
    right.set_xlabel("milliseconds of an inference, one thread")


def _explain(
    left: Axes, right: Axes, results: Mapping[str, Any], accuracy: Mapping[str, Any]
) -> None:
    photos = next(iter(accuracy["sets"].values()))["imagenet"]["n"]
    about: dict[str, Any] = {"loc": "lower right", "fontsize": _SMALL, "framealpha": 1}
    filled: dict[str, Any] = {"color": "#222222", "marker": "s", "markersize": 6, "linewidth": 1.8}
    crosses: dict[str, Any] = {"color": _DARK, "marker": "X", "linestyle": ""}
    left.legend(
        handles=[
            Line2D([], [], label=f"measured here on {photos} photos", **filled),
            _hollow("mobilenet_v1", "V1 as published, all 50,000 photos"),
            _hollow("mobilenet_v2", "V2 as published, likewise"),
            Line2D([], [], label="others, from the paper", **crosses),
        ],
        **about,
    )
    if results["grid"]:
        words = "published accuracy, same layers timed here"
        right.legend(handles=[_hollow("mobilenet_v1", words)], **about)


def _hollow(family: str, words: str) -> Line2D:
    marker, colour = _THEIRS[family]
    return Line2D([], [], color=colour, marker=marker, linewidth=0.9, label=words, **_HOLLOW)
