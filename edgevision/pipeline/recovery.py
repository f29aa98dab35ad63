"""What to do about inferences that fail: pure, no engine.

The ladder is: leave the frame out; build the interpreter anew; give up, so that the process is
started again by whoever looks after it. (A source that fails is opened again in `supervise`.)
"""

from __future__ import annotations

from typing import Literal

Remedy = Literal["leave out", "restart", "give up"]

# Failures in a row that call for a new interpreter, and new ones in a row that do not help.
FAILURES = 5
RESTARTS = 3
# So many inferences in a row show that the last new interpreter did help.
PROVEN = 100


class Recovery:
    """Counts what happens to inferences, and says what is to be done."""

    def __init__(self) -> None:
        self._failures = 0
        self._restarts = 0
        self._successes = 0

    def succeeded(self) -> None:
        """An inference gave an answer."""
        self._failures = 0
        self._successes += 1
        if self._successes >= PROVEN:
            self._restarts = 0

    def failed(self) -> Remedy:
        """An inference failed."""
        self._successes = 0
        self._failures += 1
        if self._failures < FAILURES:
            return "leave out"
        if self._restarts >= RESTARTS:
            return "give up"
        self._failures = 0
        self._restarts += 1
        return "restart"
