"""What people who watch the page cost the network: inferences a second with and without them.

One run; phases with and without watchers take turns in it, so that a machine that grows warm or
busy counts for both. One of the watchers takes nothing after its first bytes. They are simulated by
one process on the same machine, which gives way to everything; of a device they are elsewhere.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from multiprocessing import Event, Process
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from measuring import add_results_flag, circumstances, save, test_data

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.synchronize import Event as Flag

NAME = "web"
_NICENESS = 19
_CHUNK = 1 << 20
_SETTLING_SECONDS = 1.0


@contextmanager
def running(source: str, seconds: float, *flags: str) -> Iterator[str]:
    """The address of the page of a run over `source`, with more `flags` of `edgevision run`."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "edgevision", "run", "--task", "dogs", "--source", source]
        words += ["--web", "0", "--duration", f"{seconds:g}", *flags]
        environ = {**os.environ, "XDG_STATE_HOME": folder}
        process = subprocess.Popen(words, env=environ, stderr=subprocess.PIPE, text=True)
        try:
            yield _address(process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)


def _address(process: subprocess.Popen[str]) -> str:
    for line in process.stderr or ():
        found = re.search(r"the page is at http://(\S+)/", line)
        if found:
            return found[1]
    sys.exit("the run has no page")


def watch(address: str, count: int, begun: Flag, over: Flag) -> None:
    """Watch `count` times until `over`; the last one stalls."""
    os.nice(_NICENESS)
    host, _, port = address.rpartition(":")
    asking = f"GET /api/v1/sources/camera/stream HTTP/1.1\r\nHost: {address}\r\n\r\n".encode()
    buffer = bytearray(_CHUNK)
    with ExitStack() as opened, selectors.DefaultSelector() as ready:
        for number in range(count):
            made = opened.enter_context(socket.create_connection((host, int(port)), timeout=30))
            made.sendall(asking)
            made.recv(512)
            if number < count - 1:
                ready.register(made, selectors.EVENT_READ)
        begun.set()
        while not over.is_set():
            for key, _ in ready.select(timeout=0.2):
                socket.socket.recv_into(key.fileobj, buffer)  # type: ignore[arg-type] # all are sockets


def rate(address: str, seconds: float) -> tuple[float, float]:
    """Inferences and pictures a second."""
    before, begun = numbers(address), time.perf_counter()
    time.sleep(seconds)
    after, took = numbers(address), time.perf_counter() - begun
    return (
        (after["inferences"] - before["inferences"]) / took,
        (after["web"]["pictures"] - before["web"]["pictures"]) / took,
    )


def numbers(address: str) -> dict[str, Any]:
    """Of the run."""
    with urllib.request.urlopen(f"http://{address}/api/v1/health", timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def measure(source: str, watchers: int, rounds: int, seconds: float) -> dict[str, Any]:
    """Alternating phases in one run."""
    found = []
    with running(source, 60 + rounds * (2 * seconds + 10)) as address:
        while not numbers(address)["inferences"]:
            time.sleep(0.2)
        for _ in range(rounds):
            alone, _pictures = rate(address, seconds)
            begun, over = Event(), Event()
            process = Process(target=watch, args=(address, watchers, begun, over))
            process.start()
            begun.wait(30)
            time.sleep(_SETTLING_SECONDS)
            watched, pictures = rate(address, seconds)
            over.set()
            process.join()
            time.sleep(_SETTLING_SECONDS)
            found.append({"alone": alone, "watched": watched, "pictures": pictures})
    ratios = [one["watched"] / one["alone"] for one in found]
    return {
        **circumstances(),
        "source": Path(source.partition("?")[0]).name,
        "watchers": watchers,
        "stalled": 1,
        "seconds": seconds,
        "rounds": found,
        "ratio": median(ratios),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", help="as `run --source` takes it; one that does not end")
    parser.add_argument("--watchers", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8, help="of each phase")
    add_results_flag(parser)
    given = parser.parse_args()
    source = given.source or f"file:{test_data('video', 'dog_walk_720p.mp4')}?loop=1"
    results = measure(source, given.watchers, given.rounds, given.seconds)
    save(given.results, NAME, results)
    for one in results["rounds"]:
        print(
            f"alone {one['alone']:.1f} inferences/s, watched {one['watched']:.1f},"
            f" {one['pictures']:.1f} pictures/s to {results['watchers']}"
        )
    print(f"ratio {results['ratio']:.3f} (median of {len(results['rounds'])})")


if __name__ == "__main__":
    main()
