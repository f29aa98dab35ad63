"""How often it is right, on labelled photos: `edgevision eval` for every network and set.

Writes results/accuracy.json and prints the tables of docs/accuracy.md.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measuring import (
    add_results_flag,
    circumstances,
    edgevision,
    last_json,
    measured_on,
    save,
    table,
    test_data,
)

from edgevision.evaluation.metrics import Share

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "accuracy"
EMBEDDED = ("efficientnet_lite0", "mobilenet_v2")
CORAL = (
    "mobilenet_v1_0.25_128_quant",
    "mobilenet_v1_0.5_160_quant",
    "mobilenet_v1_0.75_192_quant",
    "mobilenet_v2_1.0_224_quant",
    "tf2_mobilenet_v2_1.0_224_ptq",
)
# By name: the task and the folder of its photos.
SETS = {
    "imagenet": ("classify", "imagenet/val"),
    "dogs": ("dogs", "dogs/test"),
    "unseen_dogs": ("dogs", "imagenet/val"),
    "nodogs": ("dogs", "nodogs"),
}
# Fitting a photo into the square was chosen on these, never on the test photos.
_TRAIN = "dogs/train"
_WAYS = {"middle square": "middle", "whole photo, squeezed": "whole"}
# ImageNet's canines that are none of the 120 breeds, by class: a dog, and wild ones.
_OTHER_CANINES = {"251": "dalmatian", **dict.fromkeys(map(str, range(269, 273)), "wolf")}
_OTHER_CANINES.update(dict.fromkeys(map(str, range(277, 281)), "fox"))
_HERE = Path(__file__).resolve().parent


def _file(model: str) -> str:
    return model if model in EMBEDDED else str(test_data("models", f"{model}.tflite"))


def rows_of(folder: str, limit: int | None) -> list[dict[str, str]]:
    """The first `limit` rows of labels.csv, with whole paths."""
    photos = test_data("photos", folder)
    with (photos / "labels.csv").open(encoding="utf-8", newline="") as text:
        rows = [{**row, "path": str(photos / row["path"])} for row in csv.DictReader(text)]
    return rows[:limit]


def _evaluated(model: str, name: str, limit: int | None) -> dict[str, Any]:
    task, folder = SETS[name]
    with tempfile.TemporaryDirectory() as made:
        with (Path(made) / "labels.csv").open("w", encoding="utf-8", newline="") as text:
            writer = csv.DictWriter(text, ["path", "label"], extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows_of(folder, limit))
        found = edgevision("eval", "--task", task, "--model", _file(model), made)
    present = found["n"]
    return {
        "n": present,
        "top1": round((found["top1"] or 0) * present),
        "top5": round((found["top5"] or 0) * present),
        "accepted": round((found["accepted"] or 0) * present),
        "absent": found["absent"]["n"],
        "false_accepts": found["absent"]["false_accepts"],
    }


def _fitted(model: str, way: str, limit: int | None) -> dict[str, int]:
    command: list[str | Path] = [
        sys.executable,
        _HERE / "fitting.py",
        model,
        way,
        test_data("photos", _TRAIN),
    ]
    found: dict[str, int] = last_json([*command, str(limit or 0)])
    return found


def _canines(model: str, limit: int | None) -> list[dict[str, Any]]:
    """What the task dogs says of each photo of a canine that is none of the 120 breeds."""
    rows = [row for row in rows_of("imagenet/val", None) if row["label"] in _OTHER_CANINES][:limit]
    photos = [row["path"] for row in rows]
    answers = edgevision("classify", "--task", "dogs", "--model", model, *photos)
    found = []
    for row, answer in zip(rows, answers, strict=True):
        (said,) = answer["results"]
        found.append(
            {
                "photo": Path(row["path"]).name,
                "shows": _OTHER_CANINES[row["label"]],
                "presence": said["presence"],
                "verdict": said["verdict"],
                "guess": said["guesses"][0]["name"],
            }
        )
    return found


def measure(models: list[str], limit: int | None) -> dict[str, Any]:
    """Everything, as many at once as there are cores: nothing here is timed."""
    results = circumstances()
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        sets = {
            (model, name): pool.submit(partial(_evaluated, model, name, limit))
            for model in models
            for name in SETS
        }
        own = [model for model in models if model in EMBEDDED]
        fits = {
            (model, way): pool.submit(partial(_fitted, model, way, limit))
            for model in own
            for way in _WAYS.values()
        }
        canines = {model: pool.submit(partial(_canines, model, limit)) for model in own}
        return {
            **results,
            "sets": {
                model: {name: sets[model, name].result() for name in SETS} for model in models
            },
            "fitting": {
                model: {way: fits[model, way].result() for way in _WAYS.values()} for model in own
            },
            "canines": {model: canines[model].result() for model in own},
        }


def _percent(hits: int, n: int, *, digits: int = 1) -> str:
    """A share with its Wilson interval (95 %)."""
    if not n:
        return "none to count"
    low, high = Share(hits, n).interval()
    return f"{hits / n:.{digits}%} ({low:.{digits}%} to {high:.{digits}%})"


def figures(results: Mapping[str, Any]) -> dict[str, str]:
    """The tables of the docs, by name."""
    where = "\n" + measured_on(results)
    return {
        "accuracy-imagenet": _imagenet(results["sets"]) + where,
        "accuracy-dogs": _dogs(results["sets"]) + where,
        "accuracy-no-dog": _no_dog(results["sets"]) + where,
        "accuracy-canines": _other_canines(results["canines"]),
        "accuracy-fitting": _fitting(results["fitting"]) + where,
    }


def _imagenet(sets: Mapping[str, Any]) -> str:
    rows = []
    for model, found in sets.items():
        own = found["imagenet"]
        shares = [_percent(own[which], own["n"]) for which in ("top1", "top5")]
        rows.append([f"`{model}`", str(own["n"]), *shares])
    return table(["network", "photos", "top-1", "top-5"], rows)


def _dogs(sets: Mapping[str, Any]) -> str:
    rows = []
    for model, found in sets.items():
        test, unseen = found["dogs"], found["unseen_dogs"]
        rows.append(
            [
                f"`{model}`",
                _percent(unseen["top1"], unseen["n"]),
                _percent(unseen["top5"], unseen["n"]),
                _percent(test["top1"], test["n"]),
                _percent(test["top5"], test["n"]),
            ]
        )
    first = next(iter(sets.values()))
    new, seen = first["unseen_dogs"]["n"], first["dogs"]["n"]
    head = ["network", f"top-1 of {new} new photos", "top-5 of them"]
    return table([*head, f"top-1 of {seen} photos known from training", "top-5 of them"], rows)


def _no_dog(sets: Mapping[str, Any]) -> str:
    rows = []
    for model, found in sets.items():
        val, none, test = found["unseen_dogs"], found["nodogs"], found["dogs"]
        absent = [f"{one['false_accepts']} of {one['absent']}" for one in (val, none)]
        hits = val["false_accepts"] + none["false_accepts"]
        both = _percent(hits, val["absent"] + none["absent"])
        seen = [_percent(one["accepted"], one["n"]) for one in (val, test)]
        rows.append([f"`{model}`", *absent, both, *seen])
    head = ["network", "called a dog: other ImageNet photos", "everyday photos without a dog"]
    return table([*head, "both", "dogs seen: new photos", "known from training"], rows)


def _other_canines(canines: Mapping[str, Any]) -> str:
    rows = []
    for model, answers in canines.items():
        for kind in dict.fromkeys(_OTHER_CANINES.values()):
            own = [one for one in answers if one["shows"] == kind]
            if not own:
                continue
            taken = [one for one in own if one["verdict"] != "nothing"]
            presence = ", ".join(f"{one['presence']:.2f}" for one in own)
            guesses = ", ".join(dict.fromkeys(one["guess"] for one in taken)) or "-"
            rows.append([f"`{model}`", kind, f"{len(taken)} of {len(own)}", presence, guesses])
    return table(["network", "shows a", "called a dog", "presence of each", "as"], rows)


def _fitting(fitting: Mapping[str, Any]) -> str:
    rows = []
    for model, ways in fitting.items():
        shares = [_percent(ways[way]["top1"], ways[way]["n"]) for way in _WAYS.values()]
        rows.append([f"`{model}`", str(ways["middle"]["n"]), *shares])
    return table(["network", "photos", *_WAYS], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    models = [*EMBEDDED, *CORAL]
    parser.add_argument("--models", default=",".join(models), help="some of the default's")
    parser.add_argument("--limit", type=int, help="only the first so many photos of each set")
    add_results_flag(parser)
    given = parser.parse_args()
    wanted = given.models.split(",")
    if not set(wanted) <= set(models):
        parser.error(f"--models: some of {', '.join(models)}, separated by commas")
    results = measure(wanted, given.limit)
    save(given.results, NAME, results)
    print("\n".join(figures(results).values()))


if __name__ == "__main__":
    main()
