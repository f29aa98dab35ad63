"""Takes events from an outbox one by one, for a receiver that may fail: in order, with pauses."""

from __future__ import annotations

import json
import logging
import random
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Final

from edgevision.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from edgevision.store.outbox import Outbox
    from edgevision.values.report import Report

log = logging.getLogger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_TRIM_SECONDS: Final = 60.0
_BATCH: Final = 20


class Retried:
    """Used by one thread.

    Args:
        name: of the output, for the log.
        outbox: where its events wait.
        give: brings one event, as its mapping and its JSON; raises `OutputError` if that fails now.

    Attributes:
        trouble: why the last event could not be brought; None if it could.
        brought: how many were.
    """

    def __init__(
        self, name: str, outbox: Outbox, give: Callable[[Mapping[str, Any], str], None]
    ) -> None:
        self.trouble: str | None = None
        self.brought = 0
        self._name = name
        self._outbox = outbox
        self._give = give
        self._pause = _FIRST_PAUSE
        self._next_try = self._trim_at = 0.0

    def state(self) -> dict[str, Any]:
        """What waits, was brought and was given up, with JSON types."""
        outbox = self._outbox
        return {"outbox": outbox.depth(), "brought": self.brought, "lost": outbox.lost()}

    def serve(self) -> None:
        """Bring what waits, until one fails; then it is tried again after a pause.

        Raises:
            OutputError: if the database cannot be read or written to.
        """
        if monotonic() >= self._trim_at:
            self._trim_at = monotonic() + _TRIM_SECONDS
            if gone := self._outbox.trim():
                log.warning("%s: %d events waited too long and are given up", self._name, gone)
        if monotonic() < self._next_try:
            return
        for one in self._outbox.first(_BATCH):
            try:
                self._give(json.loads(one.json), one.json)
            except OutputError as error:
                self._failed(error)
                return
            self._outbox.forget([one.number])
            self.brought += 1
            if self.trouble is not None:
                log.warning("%s: works again", self._name)
            self.trouble, self._pause = None, _FIRST_PAUSE

    def close(self) -> None:
        """Close the outbox; what is left stays in it."""
        self._outbox.close()

    def _failed(self, error: OutputError) -> None:
        if str(error) != self.trouble:
            log.warning("%s: %s; its events wait", self._name, error)
        self.trouble = str(error)
        share = random.uniform(0.8, 1.2)  # noqa: S311 - spreads devices, guards nothing
        self._next_try = monotonic() + self._pause * share
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)


class RetriedOutput:
    """What outputs have in common whose events are brought one by one from an outbox.

    Args:
        outbox: where the events wait; None: nothing is brought.
        give: as for `Retried`.
    """

    name: str
    lossless: ClassVar[bool] = False
    wants_pixels: ClassVar[bool] = False

    def __init__(
        self, outbox: Outbox | None, give: Callable[[Mapping[str, Any], str], None]
    ) -> None:
        self._retried = None if outbox is None else Retried(self.name, outbox, give)

    @property
    def state(self) -> dict[str, Any]:
        """What waits; JSON types."""
        return {} if self._retried is None else self._retried.state()

    @property
    def trouble(self) -> str | None:
        """What keeps events from arriving, in words; None if nothing does."""
        return None if self._retried is None else self._retried.trouble

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._retried is not None:
            try:
                self._retried.serve()
            finally:
                self._retried.close()

    def write(self, report: Report) -> None:
        """Bring what waits: `report` brought events, and they are kept by now.

        Raises:
            OutputError: if the database cannot be read.
        """
        del report
        self.tend()

    def tend(self) -> None:
        """Bring what waits, if it is time.

        Raises:
            OutputError: if the database cannot be read.
        """
        if self._retried is not None:
            self._retried.serve()
