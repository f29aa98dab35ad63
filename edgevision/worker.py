"""The one thread class."""

from __future__ import annotations

import logging
import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# On Linux, niceness is each thread's own (setpriority(2), "C library/kernel differences").
_NICENESS = 10

log = logging.getLogger(__name__)


class Worker:
    """Runs one function in a daemon thread and keeps what it raised.

    Args:
        name: the thread's name, as debuggers and logs show it.
        work: called once with the event that asks it to stop; it looks at the event at least once
            a second.
        patient: gives way to other threads, where the system lets a thread be nice by itself.
    """

    def __init__(
        self, name: str, work: Callable[[threading.Event], None], *, patient: bool = False
    ) -> None:
        self._patient = patient
        self.stopping = threading.Event()
        self.error: BaseException | None = None
        self._work = work
        # A daemon, because a driver that never returns must not keep the process alive.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> Worker:
        """Begin; returns itself."""
        self._thread.start()
        return self

    def stop(self, seconds: float = 1.0) -> bool:
        """Ask it to stop and wait at most `seconds`; True if it has ended."""
        self.stopping.set()
        return self.wait(seconds)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for its end without asking for it; True if it has ended."""
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(seconds)
        return not self._thread.is_alive()

    @property
    def running(self) -> bool:
        """True from start to end."""
        return self._thread.is_alive()

    def _run(self) -> None:
        if self._patient:
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
        try:
            self._work(self.stopping)
        except BaseException as error:  # noqa: BLE001 - handed to the thread that owns this worker
            log.debug("%s ended with %r", self._thread.name, error)
            self.error = error
