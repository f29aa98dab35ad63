"""The tables of docs/accuracy.md that dogs.py measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accuracy import percent
from dog_views import FINALISTS, TASKS, VIEWS
from measuring import measured_on, table

from edgevision.evaluation.metrics import mcnemar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dog_views import View


def figures(results: Mapping[str, Any]) -> dict[str, str]:
    """The tables of the docs, by name."""
    where = "\n" + measured_on(results)
    return {
        "dogs-views": _views(results["views"]) + where,
        "dogs-frames": _frames(results["frames"]) + where,
        "dogs-tests": _tests(results["tests"]) + where,
        "dogs-calibration": _calibration(results["tests"]) + where,
        "dogs-presence": _presence(results["tests"]) + where,
        "dogs-groups": _groups(results["tests"]) + where,
    }


def _words(view: View) -> list[str]:
    return [view.says, f"{view.side}", "two" if view.mirror else "one"]


def _views(views: Mapping[str, Any]) -> str:
    rows = []
    for view in VIEWS:
        found = views[view.key]
        shares = [percent(found[task]["right"], found[task]["n"]) for task in TASKS]
        rows.append([*_words(view), *shares])
    numbers = [views[VIEWS[0].key][task]["n"] for task in TASKS]
    head = ["network", "pixels", "looks", f"breed right, {numbers[0]} training photos"]
    return table([*head, f"class right, {numbers[1]} photos without a dog"], rows)


def _frames(frames: Mapping[str, Any]) -> str:
    rows = [
        [f"{side} pixels, {says}", *(percent(found[task][key], found[task]["n"]) for task in TASKS)]
        for says, key in (("one frame", "one"), ("vote of five", "five"))
        for side, found in frames.items()
    ]
    return table(["`efficientnet_lite0` at", "breeds", "classes that are no dogs"], rows)


def _tests(tests: Mapping[str, Any]) -> str:
    rows = []
    for views in FINALISTS:
        before = views[0]
        for view in views:
            row = _words(view)
            for name in ("new", "test"):
                one = tests[view.key][name]
                row += [percent(one["top1"], one["n"])]
                row += ["" if view is before else _paired(tests[before.key][name], one)]
            rows.append(row)
    first = tests[FINALISTS[0][0].key]
    head = ["network", "pixels", "looks"]
    head += [f"top-1 of {first['new']['n']} new photos", "won, lost"]
    return table([*head, f"top-1 of {first['test']['n']} known from training", "won, lost"], rows)


def _paired(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    pairs = list(zip(before["right"], now["right"], strict=True))
    won, lost = pairs.count(("n", "y")), pairs.count(("y", "n"))
    return f"{won}, {lost} (p = {mcnemar(won, lost):.2f})"


def _calibration(tests: Mapping[str, Any]) -> str:
    rows = []
    for pair in FINALISTS:
        for view in pair:
            row = _words(view)
            for name in ("new", "test"):
                one = tests[view.key][name]
                other = one.get("as_imagenet1k", {}).get("ece")
                errors = (one["plain"]["ece"], one["ece"], other, one["ece_by_chance"])
                row += ["-" if error is None else f"{error:.3f}" for error in errors]
            rows.append(row)
    sets = ("new photos", "known from training")
    head = [
        f"{says}: {what}"
        for says in sets
        for what in ("T = 1", "now", "T of `imagenet1k`", "by chance")
    ]
    return table(["network", "pixels", "looks", *head], rows)


def _presence(tests: Mapping[str, Any]) -> str:
    rows = []
    for pair in FINALISTS:
        for view in pair:
            new, test, none = (tests[view.key][name] for name in ("new", "test", "nodogs"))
            false = f"{new['false_accepts']} of {new['absent']}"
            both = new["false_accepts"] + none["false_accepts"]
            rows.append(
                [
                    *_words(view),
                    false,
                    f"{none['false_accepts']} of {none['absent']}",
                    percent(both, new["absent"] + none["absent"]),
                    percent(new["accepted"], new["n"]),
                    percent(test["accepted"], test["n"]),
                ]
            )
    head = ["network", "pixels", "looks", "called a dog: other ImageNet photos"]
    head += ["everyday photos without a dog", "both", "dogs seen: new photos"]
    return table([*head, "known from training"], rows)


def _groups(tests: Mapping[str, Any]) -> str:
    rows = []
    for *_, view in FINALISTS:
        for says, name in (("new photos", "new"), ("known from training", "test")):
            one = tests[view.key][name]
            silent = one["n"] - one["named"] - one["group_only"]
            rows.append(
                [
                    f"{view.says}; {says}",
                    f"{one['named']} of {one['n']}",
                    percent(one["named_right"], one["named"]),
                    str(one["group_only"]),
                    f"{one['group_right']} of {one['group_only']}",
                    str(silent),
                ]
            )
    head = ["network", "a breed is named", "rightly", "only the kind of dog", "rightly", "neither"]
    return table(head, rows)
