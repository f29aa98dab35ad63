"""What an output fails with: counted, and said once."""

from __future__ import annotations

import logging
from collections import Counter

from edgevision.errors import EdgevisionError

log = logging.getLogger(__name__)

_DISTINCT = 20  # messages that differ by a number or so are not all said


class Failures:
    """The failures of `name`, until it works again.

    Attributes:
        count: of all since the beginning.
        last: in words; None while it works.
    """

    def __init__(self, name: str) -> None:
        self.count = 0
        self.last: str | None = None
        self._name = name
        self._said: Counter[str] = Counter()

    def note(self, error: Exception) -> None:
        """Count `error`, and say it the first time that it is met."""
        self.count += 1
        self.last = str(error) or type(error).__name__
        if self.last not in self._said and len(self._said) < _DISTINCT:
            expected = isinstance(error, EdgevisionError)
            log.warning("%s: %s", self._name, self.last, exc_info=None if expected else error)
        self._said[self.last] += 1

    def end(self) -> None:
        """It works; said if it did not."""
        if self.last is not None:
            log.warning("%s: works again after %d failures", self._name, self._said.total())
            self._said.clear()
            self.last = None
