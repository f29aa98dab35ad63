"""Tells systemd how the service is: sd_notify(3), which is a datagram with a line for each fact."""

from __future__ import annotations

import os
import socket
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Its queue is short (net.unix.max_dgram_qlen, 10 by default), and systemd may be busy.
_PATIENCE_SECONDS = 0.5


class Notifier:
    """Sends to the socket that $NOTIFY_SOCKET names; without one, nothing is sent.

    Args:
        environ: the environment's variables.

    Attributes:
        is_service: whether systemd listens.
        watchdog_seconds: how often it wants a sign of life; None if it does not.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        # A leading "@" stands for the zero byte of Linux's abstract namespace.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.is_service = bool(address)
        self.watchdog_seconds = _watchdog(environ)

    def tell(self, *facts: str) -> None:
        """Send lines like "READY=1"; a systemd that does not listen any more is not waited for."""
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.settimeout(_PATIENCE_SECONDS)
            out.sendto("\n".join(facts).encode(), self._address)

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """Around reading the settings anew; systemctl reload waits for the end."""
        self.tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            yield
        finally:
            self.tell("READY=1")


def _watchdog(environ: Mapping[str, str]) -> float | None:
    """Seconds of $WATCHDOG_USEC, if it is meant for this process (sd_watchdog_enabled(3))."""
    micros, pid = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if not micros.isdecimal() or (pid and pid != str(os.getpid())):
        return None
    return int(micros) / 1e6 or None
