"""The same video and network through edgevision and through what one might use instead.

Every peer runs in a process of its own, in turn, several rounds. MediaPipe brings another OpenCV,
so it gets an environment of its own beside this file. Writes results/peers.json and prints the
table of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import venv
from pathlib import Path
from statistics import median
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

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Peer = Callable[[Path, int], dict[str, Any]]

NAME = "peers"
MODEL = "mobilenet_v1_0.75_192_quant"
_HERE = Path(__file__).resolve().parent
_MEDIAPIPE = _HERE / ".venv-mediapipe"
_SAYS = {
    "raw": "LiteRT, the network alone",
    "edgevision": "edgevision, the whole pipeline",
    "sequential": "OpenCV and LiteRT in a plain loop",
    "mediapipe": "MediaPipe Tasks, ImageClassifier",
    "opencv_dnn": "OpenCV DNN",
}


def mediapipe_python() -> Path:
    """The Python of MediaPipe's environment, which is made if it is not there.

    Raises:
        RuntimeError: if it cannot be made.
    """
    python = _MEDIAPIPE / "bin" / "python"
    ready = (
        subprocess.run([python, "-c", "import mediapipe"], check=False, capture_output=True)
        if python.exists()
        else None
    )
    if ready is None or ready.returncode:
        print("peers: installing MediaPipe into an environment of its own", file=sys.stderr)
        venv.create(_MEDIAPIPE, clear=True, with_pip=True)
        command: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "mediapipe>=0.10"]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return python


def _whole(video: Path, frames: int) -> dict[str, Any]:
    amount = ["--rounds", "1", "--frames", str(frames)]
    model = test_data("models", f"{MODEL}.tflite")
    found = edgevision("bench", "--source", video, "--model", model, "--task", "classify", *amount)
    return {"fps": found["pipeline_fps"], "rss_mb": found["rss_mb"]}


def _script(python: str | Path, name: str, *before: str) -> Peer:
    def run(video: Path, frames: int) -> dict[str, Any]:
        model = test_data("models", f"{MODEL}.tflite")
        labels = test_data("models", "imagenet_labels.txt")
        command = [python, _HERE / name, *before, video, model, labels, str(frames)]
        found: dict[str, Any] = last_json(command)
        return found

    return run


def _peers(wanted: list[str]) -> tuple[dict[str, Peer], dict[str, str]]:
    """Those that can run, by name, and why the others cannot."""
    every: dict[str, Peer] = {
        "raw": _script(sys.executable, "peer_litert.py", "raw"),
        "edgevision": _whole,
        "sequential": _script(sys.executable, "peer_litert.py", "sequential"),
        "opencv_dnn": _script(sys.executable, "peer_opencv_dnn.py"),
    }
    left_out = {}
    if "mediapipe" in wanted:
        try:
            every["mediapipe"] = _script(mediapipe_python(), "peer_mediapipe.py")
        except (RuntimeError, OSError) as error:
            left_out["mediapipe"] = f"cannot be installed: {error}"
            print(f"peers: left out: mediapipe {left_out['mediapipe']}", file=sys.stderr)
    return {name: every[name] for name in wanted if name in every}, left_out


def measure(video: Path, wanted: list[str], rounds: int, frames: int) -> dict[str, Any]:
    """Every peer in every round; one that fails is left out from then on, with the reason."""
    results = circumstances()
    peers, left_out = _peers(wanted)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in peers}
    for _ in range(rounds):
        for name in [name for name in peers if name not in left_out]:
            try:
                found[name].append(peers[name](video, frames))
            except RuntimeError as error:  # noqa: PERF203 - seconds lie between two tries
                left_out[name] = str(error)
                print(f"peers: left out: {name}: {error}", file=sys.stderr)
    runs = {name: _summary(found[name], found["raw"]) for name in peers if name not in left_out}
    amount = {"source": video.name, "model": MODEL, "rounds": rounds, "frames": frames}
    return {**results, **amount, "runs": runs, "left_out": left_out}


def _summary(rounds: list[dict[str, Any]], raw: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians, and the ratio to the network alone of the same round."""
    ratios = [own["fps"] / alone["fps"] for own, alone in zip(rounds, raw, strict=True)]
    return {
        "fps": round(median(own["fps"] for own in rounds), 2),
        "ratio": round(median(ratios), 4),
        "ratios": [round(ratio, 4) for ratio in ratios],
        "rss_mb": round(median(own["rss_mb"] for own in rounds), 1),
        "most_often": rounds[-1].get("most_often"),
        "note": rounds[-1].get("note"),
    }


def figures(results: Mapping[str, Any]) -> dict[str, str]:
    """The tables of the docs, by name."""
    rows = []
    for name, run in sorted(results["runs"].items(), key=lambda item: -item[1]["ratio"]):
        says = _SAYS[name] + (f" ({run['note'].partition(':')[0]})" if run["note"] else "")
        spread = f"{min(run['ratios']):.2f} to {max(run['ratios']):.2f}"
        ratio = f"{run['ratio']:.2f} ({spread})"
        rows.append([says, f"{run['fps']:.0f}", ratio, f"{run['rss_mb']:.0f}"])
    head = ["program", "frames a second", "ratio to the network alone (rounds)", "memory, MB"]
    words = f"{results['rounds']} rounds of {results['frames']} frames. " + measured_on(results)
    left_out = [f"Left out: {_SAYS[name]}: {why}.\n" for name, why in results["left_out"].items()]
    return {NAME: table(head, rows) + "\n" + words + "".join(left_out)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, help="a video file")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--peers", default=",".join(_SAYS), help="some of the default's; raw first")
    add_results_flag(parser)
    given = parser.parse_args()
    wanted = given.peers.split(",")
    if not set(wanted) <= set(_SAYS) or wanted[0] != "raw":
        parser.error(f"--peers: some of {','.join(_SAYS)}, raw first, separated by commas")
    source = given.source or test_data("video", "dog_walk_720p.mp4")
    results = measure(source, wanted, given.rounds, given.frames)
    save(given.results, NAME, results)
    print(figures(results)[NAME])


if __name__ == "__main__":
    main()
