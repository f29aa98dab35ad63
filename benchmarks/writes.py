"""How many bytes a day the store, snapshots and clips write, for the life of an SD card.

    python benchmarks/writes.py [--sightings 300] [--per-day 500] [--folder FOLDER]

The real store and outputs run on the frames of a video, each sighting as it comes in a run: "seen",
its pictures, "ended". Counted is `write_bytes` of /proc/self/io, what this process made the kernel
send to the disk, with every file synchronised after each sighting, as the kernel would have done by
itself before the next one. What the file system's own journal writes besides is not in it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
from measuring import add_results_flag, circumstances, measured_on, save, table, test_data
from ulid import ULID

from edgevision.outputs.clips import Clips
from edgevision.outputs.snapshots import Snapshots
from edgevision.store.events import EventStore
from edgevision.store.files import Ledger
from edgevision.values.box import Box
from edgevision.values.event import Event
from edgevision.values.frame import Frame
from edgevision.values.report import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edgevision.protocols import Output

    Make = Callable[[Path, Ledger], list[Output]]

CASES: dict[str, Make] = {
    "events alone": lambda _, __: [],
    "with a snapshot": lambda folder, ledger: [Snapshots(folder, ledger=ledger)],
    "with a snapshot and its box": lambda folder, ledger: [
        Snapshots(folder, what="both", ledger=ledger)
    ],
    "with a clip of 10 s": lambda folder, ledger: [Clips(folder, ledger=ledger)],
}
_FRAMES_A_SECOND = 10
# As long as two clips stay apart.
_SECONDS_APART = 15


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--sightings", type=int, default=300, metavar="N", help="of each case")
    parser.add_argument("--clips", type=int, default=20, metavar="N", help="sightings with a clip")
    parser.add_argument("--per-day", type=int, default=500, metavar="N", help="extrapolated to")
    parser.add_argument("--folder", type=Path, help="on a real disk (default: here)")
    add_results_flag(parser)
    options = parser.parse_args()
    frames = pictures()
    found: dict[str, Any] = {**circumstances(), "per_day": options.per_day, "cases": []}
    found["frame"] = list(frames[0].shape[:2])
    for words, make in CASES.items():
        count = options.clips if "clip" in words else options.sightings
        with tempfile.TemporaryDirectory(dir=options.folder or Path.cwd()) as place:
            written = run(Path(place), make, count, frames)
            kept = sum(one.stat().st_size for one in Path(place).rglob("*") if one.is_file())
        each = written / count
        found["cases"].append(
            {
                "case": words,
                "sightings": count,
                "kb_each": round(each / 1e3, 1),
                "kept_kb_each": round(kept / count / 1e3, 1),
                "mb_per_day": round(each * options.per_day / 1e6, 1),
            }
        )
    if not any(case["kb_each"] for case in found["cases"]):
        sys.exit("nothing was counted: --folder has to be on a disk, and not in memory")
    save(options.results, "writes", found)
    print(measured_on(found))
    print(words_of(found))


def pictures() -> list[Any]:
    """Ten seconds of a real video, (H, W, 3) uint8 RGB each."""
    found = []
    with av.open(str(test_data("video", "dog_walk_720p.mp4"))) as file:
        for number, frame in enumerate(file.decode(video=0)):
            if number % 3 == 0:
                found.append(frame.to_ndarray(format="rgb24"))
    return found[: _FRAMES_A_SECOND * 10]


def run(place: Path, make: Make, count: int, frames: list[Any]) -> int:
    """Bytes that `count` sightings made this process write."""
    database = place / "events.sqlite"
    with ExitStack() as opened:
        store = opened.enter_context(EventStore(database))
        outputs = [opened.enter_context(one) for one in make(place / "files", Ledger(database))]
        films = any(isinstance(one, Clips) for one in outputs)
        before = written_bytes()
        for report in reports(count, frames, every=films):
            store.add(report.events)
            for output in outputs:
                output.write(report)
            if report.events:
                synchronise(place)
    synchronise(place)
    return written_bytes() - before


def reports(count: int, frames: list[Any], *, every: bool) -> Iterator[Report]:
    """Frames with what is seen in them; those between the sightings only if `every`."""
    start = datetime(2026, 5, 1, tzinfo=timezone.utc)
    plain = Event(
        *("", "seen", start, "door", "dogs", "golden_retriever", "golden retriever", 0.87),
        (("golden_retriever", 0.87), ("kuvasz", 0.05), ("labrador", 0.02)),
        Box(0.25, 0.25, 0.5, 0.5),
        *("efficientnet_lite0", "0" * 64, {"infer": 9.1, "total": 22.4}, start, start, 7),
    )
    for number in range(count):
        for step in range(_SECONDS_APART * _FRAMES_A_SECOND):
            index = number * _SECONDS_APART * _FRAMES_A_SECOND + step
            now = start + timedelta(seconds=index / _FRAMES_A_SECOND)
            if step == 0:
                seen = replace(plain, id=str(ULID()), time=now, first_seen=now, last_seen=now)
            events = {0: (seen,), 30: (replace(seen, phase="ended", time=now, hits=30),)}
            if every or step in events:
                pixels = frames[index % len(frames)]
                frame = Frame(pixels, index, index / _FRAMES_A_SECOND, "door", now)
                yield Report(frame, events=events.get(step, ()))


def synchronise(place: Path) -> None:
    for file in place.rglob("*"):
        if file.is_file() and "sqlite" in file.name:
            opened = os.open(file, os.O_RDONLY)
            os.fsync(opened)
            os.close(opened)


def written_bytes() -> int:
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))


def words_of(found: dict[str, Any]) -> str:
    head = ("a sighting", "kB written", "kB kept", f"MB a day, {found['per_day']} sightings")
    rows = [
        (one["case"], str(one["kb_each"]), str(one["kept_kb_each"]), str(one["mb_per_day"]))
        for one in found["cases"]
    ]
    return table(head, rows)


if __name__ == "__main__":
    main()
