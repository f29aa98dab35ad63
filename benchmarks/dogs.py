"""How photos of dogs are best looked at, and what the scores then mean.

Writes results/dogs.json and prints the tables of docs/accuracy.md. What is chosen is chosen on
photos of dogs from the training set, and on photos without dogs; the test photos are read once for
what was chosen, and once for what it is compared with.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from dog_tables import figures
from dog_views import DEFAULT, FINALISTS, VIEWS, View
from frames import wander
from measuring import add_results_flag, circumstances, save, test_data

from edgevision.app.rules import rules_of
from edgevision.cli.flags import settings_from
from edgevision.evaluation.run import evaluate, read_truth
from edgevision.pipeline.groups import SURE
from edgevision.tasks.dogs import Dogs
from edgevision.values.reliability import error_by_chance, expected_calibration_error
from edgevision.zoo.labels import breed_groups, breeds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from edgevision.evaluation.answers import Answer, Evaluation
    from edgevision.protocols import Task
    from edgevision.zoo.heads import Head

NAME = "dogs"
CHOSEN_ON: Final = {"dogs": "dogs/train", "classify": "imagenet/val"}
TESTS: Final = {"test": "dogs/test", "new": "imagenet/val", "nodogs": "nodogs"}
_DALMATIAN: Final = 251


def truth_of(folder: str, task: Task, limit: int | None) -> list[tuple[Path, str | None]]:
    return read_truth(test_data("photos", folder), task)[:limit]


def looked(view: View, task: str, limit: int | None) -> dict[str, int]:
    """How many of the photos that are there to choose by are named rightly."""
    network = view.network(task)
    (reader,) = network.tasks
    truth = truth_of(CHOSEN_ON[task], reader, limit)
    if task == "classify":
        dogs = {reader.expected(str(index)) for index in (*breeds().values(), _DALMATIAN)}
        truth = [(path, label) for path, label in truth if label not in dogs]
    done = evaluate(truth, reader, network.engine, network.prepare)
    return {"n": done.top1.n, "right": done.top1.hits}


def read(view: View, limit: int | None) -> dict[str, Any]:
    """What is said of the test photos."""
    network = view.network("dogs")
    (task,) = network.tasks
    presence = rules_of(settings_from(None, task="dogs"), task).presence
    others = {
        name: Dogs(replace(network.model, heads=heads), network.engine.spec, {})
        for name, heads in otherwise(network.model.heads).items()
    }
    found: dict[str, Any] = {}
    for name, folder in TESTS.items():
        truth = truth_of(folder, task, limit)
        done = evaluate(truth, task, network.engine, network.prepare, presence)
        found[name] = counted(done, task.threshold)
        for which, other in others.items():
            told = evaluate(truth, other, network.engine, network.prepare, presence)
            found[name][which] = {
                "ece": error_of(told),
                "accepted": told.accepted.hits,
                "false_accepts": told.absent.hits,
            }
    return found


def otherwise(heads: Mapping[str, Head]) -> dict[str, dict[str, Head]]:
    """The same heads without temperatures, and the breeds with those of ImageNet's classes."""
    without = {
        name: replace(head, temperature=1.0, temperatures={}) for name, head in heads.items()
    }
    found = {"plain": without}
    if "imagenet1k" in heads:
        every = heads["imagenet1k"]
        same = replace(heads["dogs"], temperatures=every.temperatures)
        found["as_imagenet1k"] = {"imagenet1k": every, "dogs": same}
    return found


def counted(done: Evaluation, threshold: float) -> dict[str, Any]:
    """An evaluation as numbers; `right` has a letter for each photo with a dog."""
    return {
        "n": done.top1.n,
        "top1": done.top1.hits,
        "top5": done.top5.hits,
        "right": "".join("y" if one.right else "n" for one in done.shown),
        "accepted": done.accepted.hits,
        "absent": done.absent.n,
        "false_accepts": done.absent.hits,
        "ece": error_of(done),
        "ece_by_chance": error_by_chance(done.confidences) if done.shown else None,
        **grouped(done.shown, threshold),
    }


def error_of(done: Evaluation) -> float | None:
    return expected_calibration_error(done.bins) if done.shown else None


def grouped(shown: Sequence[Answer], threshold: float) -> dict[str, int]:
    """How often a breed is named, how often only the kind of dog, and how often rightly."""
    named = [one for one in shown if one.result.guesses[0].score >= threshold]
    rest = [one for one in shown if one.result.guesses[0].score < threshold]
    kinds = breed_groups()
    told = [
        (kinds[str(one.label)], one.result.group.label)
        for one in rest
        if one.result.group is not None and one.result.group.score >= SURE
    ]
    return {
        "named": len(named),
        "named_right": sum(one.right for one in named),
        "group_only": len(told),
        "group_right": sum(shows == said for shows, said in told),
    }


def measure(limit: int | None) -> dict[str, Any]:
    """Everything, as many at once as there are cores: nothing here is timed."""
    results = circumstances()
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        views = {
            (view.key, task): pool.submit(looked, view, task, limit)
            for view in VIEWS
            for task in CHOSEN_ON
        }
        frames = {side: pool.submit(wander, DEFAULT, side, limit) for side in (224, 256)}
        tests = {view.key: pool.submit(read, view, limit) for pair in FINALISTS for view in pair}
        chosen: dict[str, dict[str, Any]] = {}
        for (key, task), future in views.items():
            chosen.setdefault(key, {})[task] = future.result()
        return {
            **results,
            "views": chosen,
            "frames": {str(side): future.result() for side, future in frames.items()},
            "tests": {key: future.result() for key, future in tests.items()},
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, help="only the first so many photos of each set")
    add_results_flag(parser)
    given = parser.parse_args()
    results = measure(given.limit)
    save(given.results, NAME, results)
    print("\n".join(figures(results).values()))


if __name__ == "__main__":
    main()
