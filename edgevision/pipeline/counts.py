"""What happened to a supervised source, in numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counts:
    """What happened to a supervised source; may be read from any thread.

    Attributes:
        opened: how often it was opened.
        stalls: how often it gave nothing for too long.
        errors: how often it failed, or ended.
        dropped: frames that were replaced by a newer one before anybody took them.
        black, frozen: how often it turned so.
        fault: "black" or "frozen" while it is so.
        wait_seconds: the last wait before it was tried again.
        last_error: the last failure or stall in words, or "".
    """

    opened: int = 0
    stalls: int = 0
    errors: int = 0
    dropped: int = 0
    black: int = 0
    frozen: int = 0
    fault: str = ""
    wait_seconds: float = 0.0
    last_error: str = ""
