"""What every peer does with an answer: draw it, a line of JSON, a row in SQLite. Needs OpenCV only.

As plain as a program of one's own would do it, and for each frame, as `edgevision bench` does. The
overlay of a frame is drawn and thrown away, here and there.
"""

from __future__ import annotations

import json
import resource
import sqlite3
import tempfile
from collections import Counter
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    Frame = npt.NDArray[Any]
    # A BGR frame to (name, score), best first.
    Recognise = Callable[[Frame], list[tuple[str, float]]]

# Frames that are not counted: caches, lazily made memory, the decoder's first pictures.
WARM_UP = 20
_AMONG = 5


def read_labels(file: str) -> list[str]:
    """One a line."""
    return Path(file).read_text(encoding="utf-8").splitlines()


def best(scores: Frame, labels: list[str]) -> list[tuple[str, float]]:
    """The five highest scores with their names."""
    top = np.argpartition(scores, -_AMONG)[-_AMONG:]
    top = top[np.argsort(scores[top])[::-1]]
    return [(labels[index], float(scores[index])) for index in top]


def frames_of(video: str) -> Iterator[Frame]:
    """Frames of a video, over and over."""
    capture = cv2.VideoCapture(video)
    while True:
        there, frame = capture.read()
        if there:
            yield frame
        elif not capture.set(cv2.CAP_PROP_POS_FRAMES, 0):
            raise OSError(f"{video}: cannot be read")


def draw(frame: Frame, guesses: list[tuple[str, float]], fps: float) -> None:
    """A dark panel with five bars, their names and scores, and the rate in the corner."""
    panel = frame[16:196, 16:416]
    cv2.convertScaleAbs(panel, panel, 0.3, 0)
    for number, (name, score) in enumerate(guesses):
        top = 24 + 34 * number
        cv2.rectangle(frame, (24, top), (24 + int(380 * score), top + 28), (60, 160, 60), -1)
        words = f"{name[:24]} {score:.0%}"
        place, face = (30, top + 21), cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(frame, words, place, face, 0.6, (255, 255, 255), 1, cv2.LINE_AA)
    cv2.putText(frame, f"{fps:.1f}/s", (1150, 40), face, 0.7, (255, 255, 255), 2, cv2.LINE_AA)


def sequential(video: str, frames: int, recognise: Recognise) -> dict[str, Any]:
    """Read, recognise, draw, store and write, one after the other; frames a second."""
    names: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "events.jsonl").open("wb") as log:
        store = sqlite3.connect(Path(folder) / "events.sqlite", isolation_level=None)
        store.execute("PRAGMA journal_mode = WAL")
        store.execute("PRAGMA synchronous = NORMAL")
        store.execute("CREATE TABLE events (number INTEGER PRIMARY KEY, label TEXT, json TEXT)")
        begun = perf_counter()
        for number, frame in enumerate(frames_of(video)):
            if number == WARM_UP:
                begun = perf_counter()
            if number == WARM_UP + frames:
                break
            ready = perf_counter()
            guesses = recognise(frame)
            millis = (perf_counter() - ready) * 1000
            draw(frame, guesses, 1000 / millis)
            event = {"number": number, "label": guesses[0][0], "score": guesses[0][1]}
            line = json.dumps({**event, "top": guesses, "latency_ms": millis})
            store.execute("INSERT INTO events VALUES (?, ?, ?)", (number, guesses[0][0], line))
            log.write(line.encode() + b"\n")
            log.flush()
            names[guesses[0][0]] += 1
        seconds = perf_counter() - begun
        store.close()
    return {"fps": frames / seconds, "rss_mb": peak_rss_mb(), "most_often": names.most_common(1)[0]}


def peak_rss_mb() -> float:
    """The most resident memory of this process so far, in units of 10^6 bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
