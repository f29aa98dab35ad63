"""The points of the picture: networks with their cost, time and accuracy, ours and published."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from measured import counts, one_thread

from edgevision.evaluation.metrics import Share
from edgevision.zoo.families import network_of
from edgevision.zoo.published import top1

if TYPE_CHECKING:
    from collections.abc import Mapping

_SIDES = (224, 192, 160, 128)
_ALPHAS = {"mobilenet_v1": (0.25, 0.5, 0.75, 1.0), "mobilenet_v2": (0.35, 0.5, 0.75, 1.0)}


@dataclass(frozen=True)
class Point:
    """A network at one resolution.

    Attributes:
        side: of its input in pixels.
        millions: of multiply-adds.
        millis: of an inference; None if not measured.
        percent: top-1.
        below, above: how far its interval (95 %) reaches, in per cent; 0 if there is none.
    """

    side: int
    millions: float
    millis: float | None
    percent: float
    below: float = 0.0
    above: float = 0.0


def ours(results: Mapping[str, Any], accuracy: Mapping[str, Any]) -> dict[str, list[Point]]:
    """Our points by network, the largest resolution first; times are of LiteRT with one thread.

    Args:
        results: results/zoo.json.
        accuracy: results/accuracy.json; a network that is not in it has no point.
    """
    found: dict[str, list[Point]] = {}
    for run in one_thread(results):
        hits = counts(accuracy, run["id"]).get(run["resolution"])
        if hits is None:
            continue
        share = Share(hits["top1"], hits["n"])
        low, high = share.interval()
        percent = 100 * hits["top1"] / hits["n"]
        found.setdefault(run["id"], []).append(
            Point(
                side=run["resolution"],
                millions=run["mult_adds"] / 1e6,
                millis=run["ms"],
                percent=percent,
                below=percent - 100 * low,
                above=100 * high - percent,
            )
        )
    return found


def theirs(results: Mapping[str, Any]) -> dict[tuple[str, float], list[Point]]:
    """The published points by family and alpha, the largest resolution first."""
    millis = {
        (row["family"], row["alpha"], row["resolution"]): row["ms"]
        for row in results["grid"]
        if not row["trained"]
    }
    found: dict[tuple[str, float], list[Point]] = {}
    for family, alphas in _ALPHAS.items():
        for alpha in alphas:
            network = network_of(family, alpha)
            for side in _SIDES:
                published = top1(family, alpha, side)
                if published is not None:
                    found.setdefault((family, alpha), []).append(
                        Point(
                            side,
                            network.mult_adds(side) / 1e6,
                            millis.get((family, alpha, side)),
                            published.percent,
                        )
                    )
    return found


def digest(results: Mapping[str, Any], accuracy: Mapping[str, Any]) -> str:
    """Of all points; stands in the picture's file, which so can be told to be an old one."""
    every = [*ours(results, accuracy).values(), *theirs(results).values()]
    shown = [[point.millions, point.millis, point.percent] for points in every for point in points]
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()
