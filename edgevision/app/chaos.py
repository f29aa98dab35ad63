"""Faults on purpose: what is promised of kept events, memory and endings, tried on this device.

Every trial runs the real program as a user does, in a folder of its own that is deleted afterwards.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgevision.app.kept import LINES, STORE, check, stored, told
from edgevision.app.process import rss_mb
from edgevision.errors import EdgevisionError
from edgevision.sources.uri import make

if TYPE_CHECKING:
    from collections.abc import Mapping

# An event for every frame, whatever is on it.
_CHATTY: Final = {
    "EDGEVISION_TASK": "classify",
    "EDGEVISION_DECIDE__MODE": "frames",
    "EDGEVISION_DECIDE__THRESHOLD": "0.0",
    "EDGEVISION_DECIDE__RELEASE": "0.0",
    "EDGEVISION_DECIDE__PRESENCE": "0.0",
    "EDGEVISION_OUTPUTS__CONSOLE": "false",
}
_DISK_BYTES: Final = 256 * 1024
_OPENINGS: Final = 1000
_OPENINGS_MB: Final = 12.0  # FFmpeg's pools settle at some megabytes
_SETTLED_SECONDS: Final = 6.0
_GROWTH_MB: Final = 6.0
_PATIENCE_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a trial went.

    Attributes:
        name: of the trial.
        held: what is promised held.
        found: in words: what was tried how often, or what broke.
    """

    name: str
    held: bool
    found: str


Trial = Callable[[Path, float], str]


def runs(place: Path, seconds: float) -> str:
    """A run on a drawn picture ends well, and tells the same events to file and database."""
    del seconds
    done = _run(place, "--source", "synthetic:?frames=30", "--json")
    check(done.returncode == 0, f"it ended with code {done.returncode}: {_last(done.stderr)}")
    lines, kept = told(place), stored(place)
    check(bool(lines) and set(lines) == kept, "file and database differ")
    summary = json.loads(done.stdout.splitlines()[-1])
    return f"{summary['frames']} frames, {len(lines)} events, {summary['fps']:.0f} frames/s"


def killed(place: Path, seconds: float) -> str:
    """Killed at any moment, it leaves whole events, each once, and tells only what is kept."""
    until, rounds = monotonic() + seconds, 0
    while rounds == 0 or monotonic() < until:
        process = _start(place, "--source", "synthetic:")
        before = _size(place)
        # Half of the times while it starts or tells its first, the others in full swing.
        wait = random.uniform(0.0, 3.0)  # noqa: S311 - a moment, no secret
        end = monotonic() + wait
        while monotonic() < end or (rounds % 2 and _size(place) == before):
            check(process.poll() is None, "it ended by itself")
            check(monotonic() < end + _PATIENCE_SECONDS, "it told nothing")
            sleep(0.01)
        process.kill()
        process.wait()
        rounds += 1
        lost = set(told(place)) - stored(place)
        check(not lost, f"{len(lost)} events are in the file and not in the database")
    return f"killed {rounds} times, {len(told(place))} events, none torn and none twice"


def full_disk(place: Path, seconds: float) -> str:
    """A disk that takes no more ends nothing and tears nothing, and what comes later is kept."""
    del seconds
    narrow = (
        "import resource, runpy, sys; "
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({_DISK_BYTES}, {_DISK_BYTES})); "
        "sys.argv[0] = 'edgevision'; runpy.run_module('edgevision', run_name='__main__')"
    )
    done = _run(place, "--source", "synthetic:?frames=400", program=("-c", narrow))
    check(done.returncode == 0, f"it ended with code {done.returncode}: {_last(done.stderr)}")
    before = told(place)
    size = (place / LINES).stat().st_size
    check(size <= _DISK_BYTES, "the limit did not hold")
    done = _run(place, "--source", "synthetic:?frames=20")
    check(done.returncode == 0, f"afterwards it ended with code {done.returncode}")
    after = told(place)
    check(len(after) > len(before), "afterwards nothing was told")
    new = set(after) - set(before)
    check(new <= stored(place), "afterwards not everything was kept")
    return f"{len(before)} events up to {_DISK_BYTES // 1024} kB, {len(new)} after it was freed"


def unwritable(place: Path, seconds: float) -> str:
    """Without a database that can be written to, it goes on and tells its events all the same."""
    del seconds
    (place / "file").write_text("x")
    more = {"EDGEVISION_STORE__PATH": str(place / "file" / STORE)}
    done = _run(place, "--source", "synthetic:?frames=30", more=more)
    check(done.returncode == 0, f"it ended with code {done.returncode}: {_last(done.stderr)}")
    check("Traceback" not in done.stderr, "it ended with a traceback")
    lines = told(place)
    check(bool(lines), "no event was told")
    return f"{len(lines)} events told without a database"


def reopened(place: Path, seconds: float) -> str:
    """A source that is opened and closed a thousand times costs no memory and no descriptor."""
    del seconds
    clip = place / "clip.mp4"
    done = _run(place, "--source", "synthetic:?frames=10&width=320&height=240", "--save", str(clip))
    check(done.returncode == 0, f"no clip could be made: {_last(done.stderr)}")
    descriptors, memory = 0, 0.0
    for number in range(_OPENINGS):
        with make(f"file:{clip}") as source:
            next(iter(source))
        if number == _OPENINGS // 10:
            descriptors, memory = _descriptors(), rss_mb()
    grown = rss_mb() - memory
    check(_descriptors() <= descriptors, f"{_descriptors() - descriptors} descriptors stay open")
    check(grown <= _OPENINGS_MB, f"memory grew by {grown:.1f} MB")
    return f"{_OPENINGS} openings, {max(grown, 0.0):.1f} MB more"


def memory(place: Path, seconds: float) -> str:
    """A run that goes on does not grow."""
    process = _start(place, "--source", "synthetic:?live=1&fps=30")
    times, sizes = [], []
    until = monotonic() + _SETTLED_SECONDS + max(seconds, 8.0)
    begun = monotonic()
    try:
        while (now := monotonic()) < until:
            check(process.poll() is None, f"it ended by itself after {now - begun:.0f} s")
            if now - begun > _SETTLED_SECONDS:
                times.append(now - begun)
                sizes.append(_rss_mb(process.pid))
            sleep(min(0.5, max(seconds / 1000, 0.1)))
    finally:
        process.terminate()
        ended = process.wait(_PATIENCE_SECONDS)
    check(ended == 0, f"it ended with code {ended}")
    quarter = max(len(sizes) // 4, 1)
    grown = float(np.median(sizes[-quarter:]) - np.median(sizes[:quarter]))
    slope = float(np.polyfit(times, sizes, 1)[0]) * 3600
    said = f"{sizes[-1]:.0f} MB after {times[-1]:.0f} s, {slope:+.1f} MB an hour by a straight line"
    check(grown <= _GROWTH_MB, f"it grew by {grown:.1f} MB: {said}")
    return said


QUICK: Final[dict[str, Trial]] = {"runs": runs}
CHAOS: Final[dict[str, Trial]] = {
    "killed": killed,
    "full disk": full_disk,
    "unwritable": unwritable,
    "reopened": reopened,
    "memory": memory,
}


def attempt(name: str, trial: Trial, place: Path, seconds: float) -> Outcome:
    """One trial in a folder of its own below `place`; at most about `seconds` where it repeats."""
    own = place / name.replace(" ", "-")
    own.mkdir()
    try:
        return Outcome(name, held=True, found=trial(own, seconds))
    except (EdgevisionError, subprocess.TimeoutExpired) as error:
        return Outcome(name, held=False, found=str(error))


def _command(place: Path, words: tuple[str, ...], program: tuple[str, ...]) -> list[str]:
    return [sys.executable, *program, "run", "--events", str(place / LINES), *words]


def _environment(place: Path, more: Mapping[str, str]) -> dict[str, str]:
    kept = {key: one for key, one in os.environ.items() if not key.startswith("EDGEVISION_")}
    own = {"EDGEVISION_STORE__PATH": str(place / STORE), "XDG_RUNTIME_DIR": str(place)}
    return {**kept, **_CHATTY, **own, **more}


def _run(
    place: Path,
    *words: str,
    program: tuple[str, ...] = ("-m", "edgevision"),
    more: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _command(place, words, program),
        env=_environment(place, more or {}),
        cwd=place,
        capture_output=True,
        text=True,
        timeout=_PATIENCE_SECONDS,
        check=False,
    )


def _start(place: Path, *words: str) -> subprocess.Popen[Any]:
    return subprocess.Popen(
        _command(place, words, ("-m", "edgevision")),
        env=_environment(place, {}),
        cwd=place,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _size(place: Path) -> int:
    path = place / LINES
    return path.stat().st_size if path.exists() else 0


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _rss_mb(process: int) -> float:
    text = Path(f"/proc/{process}/status").read_text("ascii", "replace")
    line = next(one for one in text.splitlines() if one.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024 / 1e6
