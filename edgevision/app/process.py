"""What the system knows of this process: when it began, how much memory it took."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path


def seconds_since_start() -> float | None:
    """Since the process was started, before Python's own start-up; None where /proc is missing.

    Field 22 of /proc/self/stat (proc(5)) is the start after boot, in clock ticks of 10 ms.
    """
    try:
        stat = Path("/proc/self/stat").read_text(encoding="ascii")
    except OSError:
        return None
    # The name in parentheses may hold spaces; the fields after it do not.
    ticks = int(stat.rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


def peak_rss_mb() -> float:
    """The most resident memory so far, in units of 10^6 bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
