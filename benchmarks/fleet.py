"""Many devices on one broker: what is lost (nothing may be), and how long an event takes.

    python benchmarks/fleet.py [--devices 200] [--events 20] [--seconds 30] [--processes 4]
    python benchmarks/fleet.py --broker HOST:PORT [--broker HOST:PORT] [--version 3.1.1]

Each device has a store, an outbox and the MQTT output of its own, as in a run; only its events
come out of a generator. They share a few processes, and all of it one machine with the
broker and the listener, so the delay is what this machine has to bear and not what a device adds.

With brokers that run already the devices take turns among them, and only what they made and what
still waits is told: somebody else listens (scripts/fleet_cluster).
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import numpy as np
from brokering import Hearer, Mosquitto
from measuring import add_results_flag, circumstances, save
from ulid import ULID

from edgevision.outputs.broker import VERSIONS
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

# A dead node may take minutes to come back, and a device a minute more to try again.
_PATIENCE_SECONDS = 300.0
# For all to be connected before the first event.
_SETTLE_SECONDS = 3.0


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--devices", type=int, default=200, metavar="N")
    parser.add_argument("--events", type=int, default=20, metavar="N", help="of each device")
    parser.add_argument(
        "--seconds", type=float, default=30.0, metavar="S", help="in which they come"
    )
    parser.add_argument("--processes", type=int, default=4, metavar="N", help="that devices share")
    parser.add_argument(
        "--broker",
        action="append",
        default=[],
        metavar="HOST:PORT",
        help="one that runs already; may be given several times",
    )
    parser.add_argument("--version", choices=sorted(VERSIONS), default="5", help="of MQTT")
    parser.add_argument("--part", nargs=2, metavar=("FOLDER", "FROM"), help=argparse.SUPPRESS)
    add_results_flag(parser)
    options = parser.parse_args()
    if options.part:
        be_devices(Path(options.part[0]), int(options.part[1]), options)
        return
    if options.broker:
        with tempfile.TemporaryDirectory() as place:
            finish(start_devices(options, place, options.broker), options.seconds)
            waiting = sum(Outbox(path, "mqtt").depth() for path in Path(place).glob("*.sqlite"))
        made = options.devices * options.events
        print(f"{options.devices} devices, {made} events: {waiting} still wait")
        sys.exit(waiting > 0)
    found = {**circumstances(), "seconds": options.seconds, **run(options)}
    save(options.results, "fleet", found)
    print(
        f"{found['devices']} devices, {found['made']} events in {options.seconds:g} s: "
        f"{found['lost']} lost, {found['copies']} copies; delay {found['p50_ms']} ms (median), "
        f"{found['p95_ms']} ms (95 %), {found['max_ms']} ms (longest)"
    )
    if found["lost"]:
        sys.exit(1)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Start broker, listener and devices, and count what arrives."""
    made = options.devices * options.events
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        mosquitto = stack.enter_context(Mosquitto(Path(place)))
        hearer = stack.enter_context(Hearer(mosquitto.port, "edgevision/+/+/+/event"))
        finish(
            start_devices(options, place, [f"127.0.0.1:{mosquitto.port}"]),
            options.seconds,
        )
        until = monotonic() + _PATIENCE_SECONDS
        while len({told["id"] for _, told in list(hearer.heard)}) < made and monotonic() < until:
            sleep(0.1)
        heard = list(hearer.heard)
    delays: dict[str, float] = {}
    for at, told in heard:
        delays.setdefault(told["id"], at - datetime.fromisoformat(_plain(told["time"])).timestamp())
    millis = np.asarray(list(delays.values())) * 1e3
    return {
        "devices": options.devices,
        "made": made,
        "lost": made - len(delays),
        "copies": len(heard) - len(delays),
        "p50_ms": round(float(np.percentile(millis, 50))),
        "p95_ms": round(float(np.percentile(millis, 95))),
        "max_ms": round(float(millis.max())),
    }


def start_devices(
    options: argparse.Namespace, place: str, brokers: Sequence[str]
) -> list[subprocess.Popen[bytes]]:
    """The processes that are the devices, each a part of them; their databases lie in `place`."""
    each = -(-options.devices // options.processes)
    parts = []
    for first in range(0, options.devices, each):
        words = ["--part", place, first, "--devices", min(each, options.devices - first)]
        words += ["--events", options.events, "--seconds", options.seconds]
        words += ["--version", options.version]
        words += [word for broker in brokers for word in ("--broker", broker)]
        parts.append(subprocess.Popen([sys.executable, __file__, *map(str, words)]))
    return parts


def finish(parts: Sequence[subprocess.Popen[bytes]], seconds: float) -> None:
    """Wait until all of them have told what they had, or have given up."""
    for part in parts:
        part.wait(seconds + 2 * _PATIENCE_SECONDS)


def _plain(moment: str) -> str:
    # Python 3.10 reads no Z.
    return moment.replace("Z", "+00:00")


def be_devices(folder: Path, first: int, options: argparse.Namespace) -> None:
    """Be those devices: connect, make events at random moments, and leave when none waits."""
    numbers = range(first, first + options.devices)
    brokers = {f"device-{one}": options.broker[one % len(options.broker)] for one in numbers}
    chance = random.Random(first)  # noqa: S311 - no secret
    moments = sorted(
        (chance.uniform(0, options.seconds), name)
        for name in brokers
        for _ in range(options.events)
    )
    with ExitStack() as stack:
        recorders = {
            name: stack.enter_context(
                device(folder / f"{name}.sqlite", broker, name, options.version)
            )
            for name, broker in brokers.items()
        }
        sleep(_SETTLE_SECONDS)
        start = monotonic()
        for number, (moment, name) in enumerate(moments):
            sleep(max(start + moment - monotonic(), 0.0))
            recorders[name].write(report(number))
        until = monotonic() + _PATIENCE_SECONDS
        waiting = [Outbox(folder / f"{name}.sqlite", "mqtt") for name in brokers]
        while any(one.depth() for one in waiting) and monotonic() < until:
            sleep(0.2)


def device(path: Path, broker: str, name: str, version: str) -> Recorder:
    """A store, an outbox and the output, as a run has them."""
    host, _, port = broker.rpartition(":")
    outbox = Outbox(path, "mqtt")
    output = Mqtt(host, int(port), device=name, client_id=name, version=version, outbox=outbox)
    return Recorder(EventStore(path, ["mqtt"]), [Outlet(output)])


def report(number: int) -> Report:
    """One with an event of now."""
    now = datetime.now(timezone.utc)
    event = Event(
        *(str(ULID()), "seen", now, "camera", "dogs", "pug", "pug", 0.9, (("pug", 0.9),)),
        Box(0.25, 0.25, 0.5, 0.5),
        *("mobilenet_v2", "0" * 64, {"infer": 4.1, "total": 12.3}, now, now, 3),
    )
    return Report(Frame(np.zeros((1, 1, 3), np.uint8), number, number, "camera"), events=(event,))


if __name__ == "__main__":
    main()
