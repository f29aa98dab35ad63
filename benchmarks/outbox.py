"""N events are produced while the broker and the device's process are killed at random: N arrive.

    python benchmarks/outbox.py [--events 2000] [--kills 20] [--seed 1]

A child process makes events, keeps them with the real store and sends them with the real output.
This one kills, at random and by SIGKILL, now the child and now the broker, starts each again,
and listens. Lost is what the store has kept and nobody heard; a copy is the same ULID and phase
again.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import numpy as np
from brokering import Hearer, Mosquitto
from measuring import add_results_flag, circumstances, save
from ulid import ULID

from edgevision.outputs.mqtt import Mqtt
from edgevision.pipeline.outlet import Outlet
from edgevision.pipeline.recorder import Recorder
from edgevision.store.events import EventStore
from edgevision.store.outbox import Outbox
from edgevision.values.box import Box
from edgevision.values.event import Event
from edgevision.values.frame import Frame
from edgevision.values.report import Report

if TYPE_CHECKING:
    from collections.abc import Sequence

_FIRST = datetime(2026, 5, 1, tzinfo=timezone.utc)
_SECONDS_APART = 0.005
_PATIENCE_SECONDS = 120.0
_SOURCES = ("door", "yard")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--events", type=int, default=2000, metavar="N", help="to produce")
    parser.add_argument("--kills", type=int, default=20, metavar="N", help="of either")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of when and whom")
    parser.add_argument("--device", nargs=2, metavar=("DB", "PORT"), help=argparse.SUPPRESS)
    add_results_flag(parser)
    options = parser.parse_args()
    if options.device:
        produce(Path(options.device[0]), int(options.device[1]), options.events)
        return
    found = {**circumstances(), **run(options.events, options.kills, options.seed)}
    save(options.results, "outbox", found)
    print(
        f"{found['kept']} events kept, {found['arrived']} arrived, {found['lost']} lost, "
        f"{found['copies']} copies, {found['disordered']} out of order; the process was killed "
        f"{found['process_kills']} times, the broker {found['broker_kills']} times"
    )
    if found["lost"]:
        sys.exit(1)


def run(events: int, kills: int, seed: int) -> dict[str, Any]:
    """Produce, kill and count."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    killed = {"process": 0, "broker": 0}
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "events.sqlite"
        mosquitto = Mosquitto(Path(place))
        mosquitto.start()
        with Hearer(mosquitto.port, "edgevision/+/+/+/event") as hearer:
            # From here on it knows its subscriber, however it ends.
            mosquitto.end()
            mosquitto.start()
            hearer.wait()
            device = start(path, mosquitto.port, events)
            for _ in range(kills):
                sleep(chance.uniform(0.2, 1.5))
                whom = chance.choice(list(killed))
                killed[whom] += 1
                if whom == "process":
                    device.kill()
                    device.wait()
                    device = start(path, mosquitto.port, events)
                else:
                    mosquitto.kill()
                    sleep(chance.uniform(0.0, 1.0))
                    mosquitto.start()
                    hearer.wait()
            device.wait(_PATIENCE_SECONDS)
            until = monotonic() + _PATIENCE_SECONDS
            while len(names(hearer)) < events and monotonic() < until and device.returncode == 0:
                sleep(0.1)
        mosquitto.kill()
        return {
            **counted(path, [told for _, told in hearer.heard]),
            **{f"{whom}_kills": count for whom, count in killed.items()},
            "seed": seed,
        }


def names(hearer: Hearer) -> set[tuple[str, str]]:
    """What was heard so far, each once."""
    return {(told["id"], told["phase"]) for _, told in list(hearer.heard)}


def counted(path: Path, heard: Sequence[dict[str, Any]]) -> dict[str, int]:
    """What became of the events; by source, their ULIDs were made in order."""
    with EventStore(path) as store:
        kept = store.count()
    first: dict[tuple[str, str], str] = {}
    for told in heard:
        first.setdefault((told["id"], told["phase"]), told["source"])
    disordered = 0
    for source in _SOURCES:
        ids = [one for (one, _), of in first.items() if of == source]
        disordered += sum(a > b for a, b in pairwise(ids))
    return {
        "kept": kept,
        "arrived": len(first),
        "lost": kept - len(first),
        "copies": len(heard) - len(first),
        "disordered": disordered,
    }


def start(path: Path, port: int, events: int) -> subprocess.Popen[bytes]:
    """The device's process; it goes on where the last one was killed."""
    command = [sys.executable, __file__, "--device", str(path), str(port), "--events", str(events)]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


def produce(path: Path, port: int, events: int) -> None:
    """Keep and send events until there are `events` in the store, and none waits."""
    with EventStore(path) as store:
        done = store.count()
    outbox = Outbox(path, "mqtt")
    output = Mqtt("127.0.0.1", port, device="bench", client_id="bench", outbox=outbox)
    with Recorder(EventStore(path, ["mqtt"]), [Outlet(output)]) as recorder:
        for number in range(done, events):
            recorder.write(report(number))
            sleep(_SECONDS_APART)
        mine = Outbox(path, "mqtt")
        until = monotonic() + _PATIENCE_SECONDS
        while mine.depth() and monotonic() < until:
            sleep(0.1)
        mine.close()


def report(number: int) -> Report:
    """One with the event of that number, always the same."""
    source = _SOURCES[number % len(_SOURCES)]
    when = _FIRST + timedelta(seconds=number)
    # A ULID begins with its time; the rest has to be the same for the process that comes after.
    name = str(ULID.from_timestamp(when.timestamp()))[:10] + f"{number:016d}"
    event = Event(
        *(name, "seen", when, source, "dogs", "pug", "pug", 0.9, (("pug", 0.9),)),
        Box(0.25, 0.25, 0.5, 0.5),
        *("mobilenet_v2", "0" * 64, {"infer": 4.1, "total": 12.3}, when, when, 3),
    )
    return Report(Frame(np.zeros((1, 1, 3), np.uint8), number, number, source), events=(event,))


if __name__ == "__main__":
    main()
