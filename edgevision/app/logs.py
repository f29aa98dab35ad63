"""How messages are written: for people, for machines, for the journal; and how many at most."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections import deque
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TEXT = "edgevision: %(levelname)s: %(message)s"
# Of one kind of message; an SD card that is written to without end wears out.
_MOST, _SECONDS = 10, 60.0
# The levels of sd-daemon(3).
_LEVELS = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (0, 7))


def start_log(level: str, form: str, environ: Mapping[str, str] = os.environ) -> None:
    """Messages go to the standard error, a line each, few of a kind.

    Args:
        level: "debug", "info", "warning" or "error".
        form: "text" or "json".
        environ: tells whether the standard error is the journal, which wants levels as numbers.
    """
    handler = logging.StreamHandler(sys.stderr)
    formatter = JsonLines() if form == "json" else logging.Formatter(_TEXT)
    handler.setFormatter(Journal(formatter) if is_journal(environ, sys.stderr) else formatter)
    handler.addFilter(Bounded())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def is_journal(environ: Mapping[str, str], stream: TextIO) -> bool:
    """Whether `stream` is what $JOURNAL_STREAM names by device and inode (systemd.exec(5))."""
    try:
        facts = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{facts.st_dev}:{facts.st_ino}"


class JsonLines(logging.Formatter):
    """One object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """With the keys time, level, from and message."""
        return json.dumps(
            {
                "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
                "level": record.levelname.lower(),
                "from": record.name,
                "message": record.getMessage(),
            },
            ensure_ascii=False,
        )


class Journal(logging.Formatter):
    """What `inner` writes, each line with its level in front, as the journal takes it."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """For example "<4>edgevision: WARNING: ..."."""
        number = next(number for level, number in _LEVELS if record.levelno >= level)
        lines = self._inner.format(record).splitlines() or [""]
        return "\n".join(f"<{number}>{line}" for line in lines)


class Bounded(logging.Filter):
    """Lets ten messages of a kind through a minute, and says with the next how many it kept back.

    Of a kind are those of one place in the code, whatever numbers and names stand in them.

    Args:
        clock: gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._times: dict[tuple[str, int], deque[float]] = {}
        self._kept_back: dict[tuple[str, int], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is written."""
        kind, now = (record.pathname, record.lineno), self._clock()
        times = self._times.setdefault(kind, deque(maxlen=_MOST))
        if len(times) == _MOST and now - times[0] < _SECONDS:
            self._kept_back[kind] = self._kept_back.get(kind, 0) + 1
            return False
        times.append(now)
        count = self._kept_back.pop(kind, 0)
        if count:
            record.msg = f"{record.getMessage()} (and {count} like it before)"
            record.args = None
        return True
