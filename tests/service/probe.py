"""What the service may do, tried from inside it: a line of JSON."""

from __future__ import annotations

import errno
import json
import os
import socket
import sys
from pathlib import Path


def tried(action) -> str:
    """The name of the error, or "done"."""
    try:
        action()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "done"


def opened(path: str):
    return lambda: os.close(os.open(path, os.O_RDWR))


sys.stdout.write(
    json.dumps(
        {
            "user": os.getuid() != 0,
            "cpuinfo": "processor" in Path("/proc/cpuinfo").read_text(),
            "cpu_topology": Path("/sys/devices/system/cpu/online").read_text() != "",
            "thermal": tried(lambda: list(Path("/sys/class/thermal").iterdir())),
            "others": tried(lambda: list(Path("/proc/1/fd").iterdir())),
            "video0": tried(opened("/dev/video0")),
            "vcio": tried(opened("/dev/vcio")),
            "kmsg": tried(opened("/dev/kmsg")),
            "mem": tried(opened("/dev/mem")),
            "homes": tried(lambda: list(Path("/root").iterdir())),
            "etc": tried(lambda: Path("/etc/edgevision/x").write_text("x")),
            "state": tried(lambda: Path("/var/lib/edgevision/x").write_text("x")),
            "cache": tried(lambda: Path("/var/cache/edgevision/x").write_text("x")),
            "logs": tried(lambda: Path("/var/log/edgevision/x").write_text("x")),
            "kernel": tried(lambda: Path("/proc/sys/kernel/hostname").write_text("x")),
            "raw": tried(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)),
            "web": tried(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()),
            "affinity": tried(lambda: os.sched_setaffinity(0, os.sched_getaffinity(0))),
            "nice": tried(lambda: os.setpriority(os.PRIO_PROCESS, 0, os.getpriority(0, 0) + 1)),
            "chroot": tried(lambda: os.chroot("/")),
        }
    )
)
