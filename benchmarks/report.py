"""Measures everything, and writes the figures into the docs. One command, about half an hour.

python benchmarks/report.py                     measure all, write results/ and docs/
python benchmarks/report.py --only pipeline     measure one of pipeline, peers, dogs, landmarks,
                                                accuracy, zoo
python benchmarks/report.py --write-docs        only write docs/ from results/
"""

from __future__ import annotations

import argparse
import json
import sys
from time import perf_counter
from typing import TYPE_CHECKING, Any

import accuracy
import dog_trials
import dogs
import landmarks
import peers
import pipeline
import zoo
from measured import REGISTRY, with_measured
from measuring import PROJECT, RESULTS, marked, measured_on, table, with_figures
from picture import draw

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

DOCS = (
    "README.md",
    "docs/benchmarks.md",
    "docs/accuracy.md",
    "docs/models.md",
    "docs/resolution.md",
)
PICTURE = PROJECT / "docs" / "images" / "accuracy.png"
_NETWORKS = ("efficientnet_lite0", "mobilenet_v2")
# The last one reads what the one before it wrote.
_PARTS: dict[str, Any] = {
    one.NAME: one for one in (pipeline, peers, dogs, landmarks, accuracy, zoo)
}
# Measured by its own command only, for it needs a network that is in no package.
_TRIALS = dog_trials.NAME


def measured_before(folder: Path = RESULTS) -> dict[str, Any]:
    """The results of all parts, by name."""
    return {
        name: json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        for name in (*_PARTS, _TRIALS)
    }


def figures(folder: Path = RESULTS) -> dict[str, str]:
    """All tables, by the name that the docs' markers give, from the results."""
    results = measured_before(folder)
    made = zoo.figures(results[zoo.NAME], results[accuracy.NAME])
    for part in (pipeline, peers, dogs, dog_trials, landmarks, accuracy):
        made.update(part.figures(results[part.NAME]))
    made["readme"] = _summary(results)
    return made


def _summary(results: Mapping[str, Any]) -> str:
    """The few figures that the README shows, for the embedded networks."""
    sets = results["accuracy"]["sets"]
    speed = {run["model"]: run for run in results["pipeline"]["runs"] if run["task"] == ["dogs"]}
    speed["efficientnet_lite0"] = speed["default"]

    def row(says: str, cell: Callable[[str], str]) -> list[str]:
        return [says, *(cell(network) for network in _NETWORKS)]

    def share(network: str, name: str, hits: str = "top1", of: str = "n") -> str:
        counts = sets[network][name]
        return f"{100 * counts[hits] / counts[of]:.1f} % of {counts[of]}"

    rows = [
        row("breed right, dogs that no training saw", lambda one: share(one, "unseen_dogs")),
        row("breed right, photos known from training", lambda one: share(one, "dogs")),
        row("a dog seen where there is one", lambda one: share(one, "unseen_dogs", "accepted")),
        row(
            "a dog seen where there is none",
            lambda one: share(one, "unseen_dogs", "false_accepts", "absent"),
        ),
        row("ImageNet's classes, an easier part of them", lambda one: share(one, "imagenet")),
        row("the network alone, one thread", lambda one: f"{1000 / speed[one]['raw_fps']:.1f} ms"),
        row(
            "the whole pipeline, task dogs",
            lambda one: f"{speed[one]['pipeline_fps']:.0f} frames/s",
        ),
        row("of the network's own rate", lambda one: f"{speed[one]['ratio']:.2f}"),
    ]
    return table(["", *(f"`{one}`" for one in _NETWORKS)], rows) + (
        "\n"
        + measured_on(results["pipeline"]).strip()
        + " More in [accuracy](docs/accuracy.md) and"
        " [speed](docs/benchmarks.md).\n"
    )


def write_docs() -> None:
    """Put the tables between the markers of the docs, the accuracies in the registry, and draw."""
    made = figures()
    for name in DOCS:
        file = PROJECT / name
        text = file.read_text(encoding="utf-8")
        file.write_text(with_figures(text, made), encoding="utf-8")
        print(f"{name}: {len(marked(text))} tables written", file=sys.stderr)
    results = measured_before()
    entries = REGISTRY.read_text(encoding="utf-8")
    REGISTRY.write_text(with_measured(entries, results[accuracy.NAME]), encoding="utf-8")
    draw(PICTURE, results[zoo.NAME], results[accuracy.NAME])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--only", choices=list(_PARTS), action="append", default=None)
    which.add_argument("--write-docs", action="store_true", help="measure nothing")
    given = parser.parse_args()
    for name in () if given.write_docs else given.only or _PARTS:
        begun = perf_counter()
        sys.argv = [name]
        _PARTS[name].main()
        print(f"{name}: {perf_counter() - begun:.0f} s\n", file=sys.stderr)
    write_docs()


if __name__ == "__main__":
    main()
