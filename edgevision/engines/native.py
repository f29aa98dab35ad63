"""Messages that native libraries print by themselves, taken into the log."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator

_STDERR = 2


@contextmanager
def native_messages_to(log: logging.Logger) -> Iterator[None]:
    """What is printed to the standard error meanwhile becomes debug messages of `log`.

    The runtime greets on every start and has no switch against it; its errors come as exceptions
    as well. The whole process is concerned, so this is for opening, not for running.
    """
    try:
        kept = os.dup(_STDERR)
    except OSError:
        # A service may have no standard error at all.
        yield
        return
    with tempfile.TemporaryFile() as printed:
        os.dup2(printed.fileno(), _STDERR)
        try:
            yield
        finally:
            os.dup2(kept, _STDERR)
            os.close(kept)
            printed.seek(0)
            for line in printed.read().decode(errors="replace").splitlines():
                log.debug("%s", line)
