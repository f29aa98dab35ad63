"""Every network on every runtime: `edgevision bench --zoo`, with the accuracy on the same photos.

tflite-runtime wants another numpy than LiteRT, so it is measured in the environment `.venv-tflite`,
which `scripts/test` makes. Writes results/zoo.json, and prints the tables of docs/models.md and of
docs/resolution.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accuracy import RESIZED, percent
from measured import at_sides, counts, one_thread
from measuring import (
    PROJECT,
    RESULTS,
    add_results_flag,
    circumstances,
    edgevision,
    last_json,
    measured_on,
    save,
    table,
    test_data,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "zoo"
RUNTIMES = {"litert": "LiteRT", "tflite_runtime": "tflite-runtime"}
OLDER = PROJECT / ".venv-tflite" / "bin" / "python"
_SETS = {
    "imagenet": "ImageNet photos",
    "unseen_dogs": "new photos of dogs",
    "dogs": "dogs known from training",
}
# Why a network has no accuracy here.
_UNKNOWN = {
    "mobilenet_v1_1.0_224_quant_embedding_extractor": "gives features, and has no classifier",
    "mobilenet_v2_1.0_224_inat_bird_quant": "names birds, of which there are no photos here",
}


def measure(
    models: Path, rounds: int, threads: str, older: Path, *, with_fit: bool
) -> dict[str, Any]:
    """Everything; one at a time, as it is timed. `older` is a Python that has tflite-runtime."""
    results = circumstances()
    given: list[str | Path] = ["bench", "--zoo", "--models", models.resolve()]
    given += ["--rounds", str(rounds), "--threads-list", threads]
    runs = edgevision(*given)
    not_run = {}
    try:
        runs += _with_older(older, given)
    except (RuntimeError, OSError) as error:
        not_run["tflite_runtime"] = str(error)
        print(f"zoo: left out: tflite-runtime: {error}", file=sys.stderr)
    grid = edgevision("fit")["grid"] if with_fit else []
    left_out = {run["id"]: run["left_out"] for run in runs if "left_out" in run}
    timed = [run for run in runs if "left_out" not in run]
    return {
        **results,
        "rounds": rounds,
        "runs": timed,
        "left_out": left_out,
        "not_run": not_run,
        "grid": grid,
    }


def _with_older(python: Path, given: list[str | Path]) -> list[dict[str, Any]]:
    """What the program gives in that Python's environment.

    Raises:
        RuntimeError: if it is not there, or its copy of the program is not this one.
    """
    if not python.exists():
        raise RuntimeError("there is no .venv-tflite; scripts/test makes it")
    # Elsewhere, so that the program is the installed one and not that of the checkout.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        same = _said(python, folder, "--version") == _said(sys.executable, None, "--version")
        if not same or "--zoo" not in _said(python, folder, "bench", "--help"):
            raise RuntimeError("the program in .venv-tflite is an older one; run scripts/test")
        command = [python, "-m", "edgevision", *given, "--json"]
        found: list[dict[str, Any]] = last_json(command, folder)
    return found


def _said(python: str | Path, folder: Path | None, *words: str) -> str:
    command = [python, "-m", "edgevision", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def figures(results: Mapping[str, Any], accuracy: Mapping[str, Any]) -> dict[str, str]:
    """The tables of the docs, by name; `accuracy` is what accuracy.py measured."""
    rows = []
    cells: dict[tuple[str, int], dict[str, Any]] = {}
    for run in results["runs"]:
        kept = cells.setdefault((run["id"], run["resolution"]), {**run, "at": {}})
        kept["at"][run["runtime"].split()[0], run["threads"]] = run
    lanes = _lanes(results["runs"])
    for (name, side), run in cells.items():
        hits = counts(accuracy, name).get(side)
        rows.append(
            [
                f"`{name}`",
                str(side),
                f"{run['mult_adds'] / 1e6:.0f}",
                f"{run['parameters'] / 1e6:.2f}",
                f"{run['mb']:.1f}",
                percent(hits["top1"], hits["n"]) if hits else "-",
                *(_millis(run["at"].get(lane)) for lane in lanes),
                *(_memory(run["at"].get(lane)) for lane in _single(lanes)),
            ]
        )
    photos = next(iter(accuracy["sets"].values()))["imagenet"]["n"]
    head = ["network", "side", "mult-adds, M", "parameters, M", "file, MB", f"top-1 of {photos}"]
    head += [f"{RUNTIMES[name]}, {_threads(count)}, ms" for name, count in lanes]
    head += [f"{RUNTIMES[name]}, memory, MB" for name, _ in _single(lanes)]
    return {
        "models-table": table(head, rows) + "\n" + _notes(results),
        "accuracy-resolution": _resolutions(results, accuracy),
    }


def _resolutions(results: Mapping[str, Any], accuracy: Mapping[str, Any]) -> str:
    """Of the networks that can be resized, what each side of the input costs and gives."""
    millis = {(run["id"], run["resolution"]): run["ms"] for run in one_thread(results)}
    rows = []
    for name, sets in RESIZED.items():
        if name not in accuracy["sides"]:
            continue
        for side, found in at_sides(accuracy, name).items():
            shares = [
                percent(found[one]["top1"], found[one]["n"]) if one in sets else "-"
                for one in _SETS
            ]
            taken = f"{millis[name, side]:.1f}" if (name, side) in millis else "-"
            rows.append([f"`{name}`", str(side), taken, *shares])
    first = next(iter(accuracy["sets"].values()))
    head = [f"top-1 of {first[one]['n']} {says}" for one, says in _SETS.items()]
    words = "\nms: median of an inference with one thread on LiteRT. "
    return table(["network", "side", "ms", *head], rows) + words + measured_on(accuracy)


def _lanes(runs: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """Runtimes and numbers of threads that were measured, in the order of the table."""
    found = {(run["runtime"].split()[0], run["threads"]) for run in runs}
    return [(name, count) for name in RUNTIMES for known, count in sorted(found) if known == name]


def _single(lanes: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """The first of each runtime: another thread takes next to no memory."""
    return list({name: (name, count) for name, count in reversed(lanes)}.values())[::-1]


def _threads(count: int) -> str:
    return f"{count} thread{'' if count == 1 else 's'}"


def _millis(run: Mapping[str, Any] | None) -> str:
    return "-" if run is None else f"{run['ms']:.1f} ({run['p95_ms']:.1f})"


def _memory(run: Mapping[str, Any] | None) -> str:
    return "-" if run is None else f"{run['rss_mb']:.0f}"


def _notes(results: Mapping[str, Any]) -> str:
    """What was left out and why, and where it was measured."""
    here = {run["id"] for run in results["runs"]}
    words = [f"`{name}` {why}. " for name, why in _UNKNOWN.items() if name in here]
    why_not: dict[str, list[str]] = {}
    for name, why in results["left_out"].items():
        why_not.setdefault(why, []).append(f"`{name}`")
    words += [f"Left out: {', '.join(names)}: {why}. " for why, names in why_not.items()]
    words += [f"No {RUNTIMES[name]}: {why}. " for name, why in results["not_run"].items()]
    older = {run["runtime"] for run in results["runs"] if not run["runtime"].startswith("litert")}
    versions = "".join(f", {one.replace('_', '-')}" for one in sorted(older))
    rounds = f"{results['rounds']} round{'' if results['rounds'] == 1 else 's'}"
    words.append(f"{rounds}{versions}. {measured_on(results)}")
    return "".join(words)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, help="a folder of .tflite files")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--threads-list", default="1,2")
    parser.add_argument(
        "--older", type=Path, default=OLDER, help="a Python that has tflite-runtime"
    )
    parser.add_argument(
        "--without-fit", action="store_true", help="leave the paper's grid out of the picture"
    )
    add_results_flag(parser)
    given = parser.parse_args()
    models = given.models or test_data("models")
    with_fit = not given.without_fit
    results = measure(models, given.rounds, given.threads_list, given.older, with_fit=with_fit)
    save(given.results, NAME, results)
    accuracy = json.loads((RESULTS / "accuracy.json").read_text(encoding="utf-8"))
    print(*figures(results, accuracy).values())


if __name__ == "__main__":
    main()
