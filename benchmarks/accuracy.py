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
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future

NAME = "accuracy"
EMBEDDED = ("efficientnet_lite0", "efficientnet_lite2", "mobilenet_v2")
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
# Those of other sizes than a network's own, for networks whose input can be resized.
SIDES = (192, 160, 128)
RESIZED = {
    "efficientnet_lite0": ("imagenet", "unseen_dogs", "dogs"),
    "mobilenet_v2": ("imagenet", "unseen_dogs", "dogs"),
    "tf2_mobilenet_v2_1.0_224_ptq": ("imagenet",),
}
# The embedded networks' own.
_OWN = "224"
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


def _evaluated(limit: int | None, model: str, name: str, *more: str) -> dict[str, Any]:
    """Counts on a set; `more` are further arguments of `edgevision eval`."""
    task, folder = SETS[name]
    with tempfile.TemporaryDirectory() as made:
        with (Path(made) / "labels.csv").open("w", encoding="utf-8", newline="") as text:
            writer = csv.DictWriter(text, ["path", "label"], extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows_of(folder, limit))
        # One look, at the size that is measured: what photos get by default is in dogs.py.
        own = () if "--resolution" in more or model not in EMBEDDED else ("--resolution", _OWN)
        words = ("eval", "--task", task, "--model", _file(model), "--no-mirror")
        found = edgevision(*words, *own, *more, made)
    present = found["n"]
    return {
        "n": present,
        "top1": round((found["top1"] or 0) * present),
        "top5": round((found["top5"] or 0) * present),
        "accepted": round((found["accepted"] or 0) * present),
        "absent": found["absent"]["n"],
        "false_accepts": found["absent"]["false_accepts"],
    }


def _resized(limit: int | None, model: str, side: str, name: str) -> dict[str, Any]:
    return _evaluated(limit, model, name, "--resolution", side)


def _fitted(limit: int | None, model: str, way: str) -> dict[str, int]:
    command: list[str | Path] = [
        sys.executable,
        _HERE / "fitting.py",
        model,
        way,
        test_data("photos", _TRAIN),
    ]
    found: dict[str, int] = last_json([*command, str(limit or 0)])
    return found


def _canines(limit: int | None, model: str) -> list[dict[str, Any]]:
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
    own = [model for model in models if model in EMBEDDED]
    work: dict[str, tuple[Callable[..., Any], list[tuple[str, ...]]]] = {
        "sets": (_evaluated, [(model, name) for model in models for name in SETS]),
        "sides": (
            _resized,
            [
                (model, str(side), name)
                for model in models
                for name in RESIZED.get(model, ())
                for side in SIDES
            ],
        ),
        "fitting": (_fitted, [(model, way) for model in own for way in _WAYS.values()]),
        "canines": (_canines, [(model,) for model in own]),
    }
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        begun = {
            part: {key: pool.submit(do, limit, *key) for key in keys}
            for part, (do, keys) in work.items()
        }
        return {**results, **{part: _nested(futures) for part, futures in begun.items()}}


def _nested(futures: Mapping[tuple[str, ...], Future[Any]]) -> dict[str, Any]:
    """Results by the parts of their keys, one within the other."""
    tree: dict[str, Any] = {}
    for (*path, last), future in futures.items():
        branch = tree
        for part in path:
            branch = branch.setdefault(part, {})
        branch[last] = future.result()
    return tree


def percent(hits: int, n: int, *, digits: int = 1) -> str:
    """A share with its Wilson interval (95 %)."""
    if not n:
        return "none to count"
    low, high = Share(hits, n).interval()
    return f"{hits / n:.{digits}%} ({low:.{digits}%} to {high:.{digits}%})"


def figures(results: Mapping[str, Any]) -> dict[str, str]:
    """The tables of the docs, by name; zoo.py makes that of the resolutions."""
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
        shares = [percent(own[which], own["n"]) for which in ("top1", "top5")]
        rows.append([f"`{model}`", str(own["n"]), *shares])
    return table(["network", "photos", "top-1", "top-5"], rows)


def _dogs(sets: Mapping[str, Any]) -> str:
    rows = []
    for model, found in sets.items():
        test, unseen = found["dogs"], found["unseen_dogs"]
        rows.append(
            [
                f"`{model}`",
                percent(unseen["top1"], unseen["n"]),
                percent(unseen["top5"], unseen["n"]),
                percent(test["top1"], test["n"]),
                percent(test["top5"], test["n"]),
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
        both = percent(hits, val["absent"] + none["absent"])
        seen = [percent(one["accepted"], one["n"]) for one in (val, test)]
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
        shares = [percent(ways[way]["top1"], ways[way]["n"]) for way in _WAYS.values()]
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
