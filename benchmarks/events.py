"""How long questions to the store take when it holds a million events.

    python benchmarks/events.py [--events 1000000] [--rounds 40] [--keep FILE]

Each question is asked anew from a closed file, as `edgevision events list` does it, with other
times and labels in every round; the file stays in the system's memory, as it does on a device with
some hundred megabytes free. Time is that of opening, asking and taking 50 rows out.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from measuring import add_results_flag, circumstances, measured_on, save, table

from edgevision.store.events import EventStore
from edgevision.store.filters import Filter
from edgevision.store.reader import EventReader
from edgevision.values.box import Box
from edgevision.values.event import Event
from edgevision.zoo.labels import breeds, imagenet_labels

if TYPE_CHECKING:
    from collections.abc import Callable

_FIRST = datetime(2025, 1, 1, tzinfo=timezone.utc)
_BATCH = 5000
_LIMIT = 50
_SECONDS_APART = 30


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--events", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--rounds", type=int, default=40, metavar="N", help="of each question")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="build it here, or use it again")
    add_results_flag(parser)
    options = parser.parse_args()
    found: dict[str, Any] = {**circumstances(), "events": options.events, "rounds": options.rounds}
    with tempfile.TemporaryDirectory() as folder:
        path = options.keep or Path(folder) / "events.sqlite"
        if not path.exists():
            begun = perf_counter()
            fill(path, options.events)
            found["build_s"] = round(perf_counter() - begun, 1)
        found["file_mb"] = round(path.stat().st_size / 1e6, 1)
        found["questions"] = [
            {"question": words, **times(path, ask, options.rounds)}
            for words, ask in questions(options.events).items()
        ]
    save(options.results, "events", found)
    print(measured_on(found))
    print(words_of(found))


def fill(path: Path, count: int) -> None:
    """Events of two tasks and three cameras, half a minute apart; some labels are common."""
    chance = random.Random(5)  # noqa: S311 - no secret
    dogs, things = list(breeds()), [line.split(",")[0] for line in imagenet_labels()]
    plain = Event(
        *("", "seen", _FIRST, "door", "dogs", "", "", 0.0, ()),
        Box(0.25, 0.25, 0.5, 0.5),
        *("efficientnet_lite0", "0" * 64, {"infer": 9.1, "total": 22.4}, _FIRST, _FIRST, 7),
    )
    with EventStore(path) as store:
        for start in range(0, count, _BATCH):
            batch = []
            for number in range(start, min(start + _BATCH, count)):
                task = chance.choice(("dogs", "classify"))
                known = dogs if task == "dogs" else things
                # A few labels are most of what a camera sees.
                label = known[int(len(known) * chance.random() ** 4)]
                when = _FIRST + timedelta(seconds=_SECONDS_APART * (number // 2))
                batch.append(
                    replace(
                        plain,
                        id=f"{number // 2:026d}",
                        phase=("seen", "ended")[number % 2],
                        time=when,
                        first_seen=when,
                        last_seen=when,
                        source=chance.choice(("door", "garden", "street")),
                        task=task,
                        label=label,
                        name=label,
                        score=round(0.5 + chance.random() / 2, 4),
                        top=((label, 0.8), ("other", 0.1), ("another", 0.05)),
                    )
                )
            store.add(batch)


def questions(count: int) -> dict[str, Callable[[random.Random], Filter]]:
    """What people ask, and what is worst for an index."""
    span = timedelta(seconds=_SECONDS_APART * count // 2)
    labels = list(breeds())

    def hours(chance: random.Random) -> Filter:
        begin = _FIRST + span * chance.random()
        return Filter(since=begin, until=begin + timedelta(hours=2))

    return {
        "the newest": lambda _: Filter(),
        "two hours": hours,
        "a task": lambda chance: Filter(task=chance.choice(("dogs", "classify"))),
        "a source": lambda chance: Filter(source=chance.choice(("door", "garden"))),
        "a common label": lambda _: Filter(label=labels[0].replace("_", " ").title()),
        "any label": lambda chance: Filter(label=chance.choice(labels)),
        "a label that there is not": lambda _: Filter(label="unicorn"),
        "a task that there is not": lambda _: Filter(task="birds"),
        "a high score": lambda chance: Filter(min_score=0.999 + chance.random() / 2000),
        "a score that there is not": lambda _: Filter(min_score=1.0),
        "task, label, score and phase": lambda chance: Filter(
            task="dogs", label=chance.choice(labels), min_score=0.9, phase="seen"
        ),
        "two hours, task, source, score": lambda chance: replace(
            hours(chance), task="dogs", source="door", min_score=0.9
        ),
    }


def times(path: Path, ask: Callable[[random.Random], Filter], rounds: int) -> dict[str, float]:
    """Milliseconds: the middle, 95 of 100, and the most."""
    chance = random.Random(7)  # noqa: S311 - no secret
    taken = []
    for _ in range(rounds):
        wanted = ask(chance)
        begun = perf_counter()
        with EventReader(path) as reader:
            reader.newest(wanted, _LIMIT)
        taken.append((perf_counter() - begun) * 1000)
    middle, high = np.percentile(taken, [50, 95])
    return {
        "p50_ms": round(float(middle), 2),
        "p95_ms": round(float(high), 2),
        "max_ms": round(max(taken), 2),
    }


def words_of(found: dict[str, Any]) -> str:
    head = ("question", "half of them under", "95 of 100 under", "longest")
    rows = [
        (
            one["question"],
            *(f"{one[key]:.1f} ms" for key in ("p50_ms", "p95_ms", "max_ms")),
        )
        for one in found["questions"]
    ]
    return f"{found['events']:,} events, {found['file_mb']:.0f} MB\n\n{table(head, rows)}"


if __name__ == "__main__":
    main()
