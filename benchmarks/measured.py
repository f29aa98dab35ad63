"""What was measured of a network by the side of its input; writes accuracies into the registry."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from measuring import PROJECT

from edgevision.zoo.pinned import pinned

if TYPE_CHECKING:
    from collections.abc import Mapping

REGISTRY = PROJECT / "edgevision" / "zoo" / "registry.yaml"
_ENTRY = re.compile(r"^(?P<id>[\w.-]+):\n(?P<body>(?: +.*\n)+)", re.MULTILINE)
_OLD = re.compile(r"^  measured_top1:.*\n(?:    .*\n)*", re.MULTILINE)
_BEFORE = "  licence: "


def at_sides(accuracy: Mapping[str, Any], network: str) -> dict[int, Mapping[str, Any]]:
    """Counts of the sets by the side of the input in pixels, the largest first."""
    known = {**pinned("embedded"), **pinned("registry")}
    found = {known[network].resolution: accuracy["sets"][network]}
    found.update({int(side): sets for side, sets in accuracy["sides"].get(network, {}).items()})
    return dict(sorted(found.items(), reverse=True))


def counts(accuracy: Mapping[str, Any], network: str) -> dict[int, Mapping[str, Any]]:
    """What was counted on the photos of ImageNet's classes, by the side of the input in pixels.

    Args:
        accuracy: results/accuracy.json.
        network: an id of the registry; nothing is given for one that was not measured.
    """
    if network not in accuracy["sets"]:
        return {}
    return {side: sets["imagenet"] for side, sets in at_sides(accuracy, network).items()}


def one_thread(results: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The runs of results/zoo.json that speak for a network: on LiteRT, with the fewest threads."""
    fewest = min((run["threads"] for run in results["runs"]), default=1)
    return [
        run
        for run in results["runs"]
        if run["runtime"].startswith("litert") and run["threads"] == fewest
    ]


def per_cent(count: Mapping[str, Any]) -> float:
    """Top-1, as docs/accuracy.md has it."""
    return round(100 * float(count["top1"] / count["n"]), 1)


def with_measured(text: str, accuracy: Mapping[str, Any]) -> str:
    """The registry's file with the accuracies of every network that was measured, and no others."""

    def anew(entry: re.Match[str]) -> str:
        body = _OLD.sub("", entry["body"])
        found = counts(accuracy, entry["id"])
        if found:
            lines = [f"    {at}: {per_cent(count)}\n" for at, count in found.items()]
            new = "".join(["  measured_top1:\n", *lines])
            body = body.replace(_BEFORE, new + _BEFORE, 1)
        return f"{entry['id']}:\n{body}"

    return _ENTRY.sub(anew, text)
