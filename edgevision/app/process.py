"""This process: how it is set up, when it began, how much memory it took."""

from __future__ import annotations

import ctypes
import os
import resource
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import cv2

if TYPE_CHECKING:
    from collections.abc import Iterator

# A thread that comes back from the network must not wait 5 ms (Python's default) for another one
# that computes in Python.
_SWITCH_SECONDS = 0.0005


# glibc's mallopt(3): M_ARENA_MAX.
_ARENA_MAX, _ARENAS = -8, 2


def set_up_process() -> None:
    """Once, before any thread is started."""
    # Left to itself, glibc gives each thread a heap of its own, and what one has spare is lost to
    # the others: some 5 MB here.
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, _ARENAS)
    # The interpreter has its own threads; more here would take its cores away.
    cv2.setNumThreads(1)
    sys.setswitchinterval(_SWITCH_SECONDS)


@contextmanager
def core_for_network(threads: int) -> Iterator[frozenset[int] | None]:
    """A core that no other thread of ours uses; meanwhile this thread keeps to the others.

    Threads that are started meanwhile inherit that (sched_setaffinity(2)). It is worth it where
    the network has one thread, which works all the time: left to itself, the system lets the
    decoder and the outputs take turns with it.

    Yields:
        the core for the network's thread; None if there is but one core, if it has several threads,
        or where the system does not let us choose.
    """
    mine = os.sched_getaffinity(0)
    core = frozenset({max(mine)})
    if threads > 1 or len(mine) == 1 or not _keep_to(mine - core):
        yield None
        return
    try:
        yield core
    finally:
        _keep_to(mine)


def _keep_to(cores: set[int]) -> bool:
    """Keep this thread to `cores`; False where the system does not let us choose."""
    try:
        os.sched_setaffinity(0, cores)
    except OSError:
        return False
    return True


def seconds_since_start(moment: float) -> float | None:
    """From the start of the process, before Python's own, to `moment` of `time.perf_counter()`.

    Field 22 of /proc/self/stat (proc(5)) is the start after boot, in clock ticks of 10 ms. None
    where there is no such file.
    """
    try:
        stat = Path("/proc/self/stat").read_text(encoding="ascii")
    except OSError:
        return None
    # The name in parentheses may hold spaces; the fields after it do not.
    ticks = int(stat.rpartition(")")[2].split()[19])
    up = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return round(up - (time.perf_counter() - moment), 3)


def peak_rss_mb() -> float:
    """The most resident memory of this program so far, in units of 10^6 bytes.

    VmHWM of /proc/self/status (proc(5)): getrusage(2) counts what the process was before its exec,
    and so what started it.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        kib = int(status.partition("VmHWM:")[2].split()[0])
    except (OSError, ValueError, IndexError):
        kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kib * 1024 / 1e6


def rss_mb() -> float:
    """Resident memory of this program now, in units of 10^6 bytes; 0 where the system does not say.

    The second number of /proc/self/statm (proc(5)), in pages.
    """
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def io_bytes() -> tuple[int, int]:
    """Bytes that this process caused to be read from and written to disks (/proc/self/io, proc(5)).

    Both 0 where the system does not say.
    """
    try:
        lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0, 0
    counts = dict(line.split(": ") for line in lines if ": " in line)
    return int(counts.get("read_bytes", 0)), int(counts.get("write_bytes", 0))
