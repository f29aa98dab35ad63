"""The whole pipeline beside the network and the decoder alone: `edgevision bench`, run by run.

Writes results/pipeline.json and prints the table of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measuring import (
    add_results_flag,
    circumstances,
    edgevision,
    measured_on,
    save,
    table,
    test_data,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "pipeline"
CORAL = "mobilenet_v1_0.75_192_quant"
# Network and tasks; the default is that of the package.
_RUNS = (
    (CORAL, "classify"),
    ("default", "dogs"),
    ("default", "classify,dogs"),
    ("mobilenet_v2", "dogs"),
)


def measure(source: Path, rounds: int, frames: int) -> dict[str, Any]:
    """All runs; one at a time, as they take the whole machine."""
    found: list[dict[str, Any]] = []
    results = {**circumstances(), "source": source.name, "runs": found}
    for model, task in _RUNS:
        file = test_data("models", f"{model}.tflite") if model == CORAL else model
        amount = ["--rounds", str(rounds), "--frames", str(frames)]
        run = edgevision("bench", "--source", source, "--model", file, "--task", task, *amount)
        found.append({**run, "model": model})
    return results


def figures(results: Mapping[str, Any]) -> dict[str, str]:
    """The tables of the docs, by name."""
    rows = []
    for run in results["runs"]:
        spread = f"{min(run['ratios']):.2f} to {max(run['ratios']):.2f}"
        rows.append(
            [
                f"`{run['model']}`, {' and '.join(run['task'])}",
                f"{run['raw_fps']:.0f}",
                f"{run['decode_fps']:.0f}",
                f"{run['pipeline_fps']:.0f}",
                f"{run['ratio']:.3f} ({spread})",
                f"{run['latency_p50_ms']:.1f}",
                f"{run['latency_p95_ms']:.1f}",
                f"{run['added_p95_ms']:.1f}",
                f"{run['rss_mb']:.0f}",
                f"{run['first_result_s']:.2f}",
            ]
        )
    head = ["network, task", "network alone, 1/s", "decoder alone, 1/s", "pipeline, 1/s"]
    head += ["ratio (rounds)", "latency p50, ms", "p95, ms", "added p95, ms"]
    head += ["memory, MB", "first result, s"]
    first = results["runs"][0]
    each = first["frames"] // first["rounds"]
    amount = f"{first['rounds']} rounds of {each} frames of each part. "
    return {NAME: table(head, rows) + "\n" + amount + measured_on(results)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, help="a video file")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--frames", type=int, default=500, help="of each part of a round")
    add_results_flag(parser)
    given = parser.parse_args()
    source = given.source or test_data("video", "dog_walk_720p.mp4")
    results = measure(source, given.rounds, given.frames)
    save(given.results, NAME, results)
    print(figures(results)[NAME])


if __name__ == "__main__":
    main()
