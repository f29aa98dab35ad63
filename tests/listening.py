"""A socket on which a test listens as systemd does."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Systemd:
    """Collects what is told to $NOTIFY_SOCKET."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.facts: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    @property
    def environment(self) -> dict[str, str]:
        return {"NOTIFY_SOCKET": str(self.path)}

    def wait_for(self, start: str, seconds: float = 30.0) -> str:
        """The first fact from now on that begins so."""
        until = time.monotonic() + seconds
        while True:
            self._socket.settimeout(max(until - time.monotonic(), 0.001))
            told = self._socket.recv(65536).decode().split("\n")
            self.facts += told
            for fact in told:
                if fact.startswith(start):
                    return fact

    def all_now(self) -> list[str]:
        """Every fact so far, without waiting."""
        self._socket.settimeout(0)
        try:
            while True:
                self.facts += self._socket.recv(65536).decode().split("\n")
        except BlockingIOError:
            return self.facts
