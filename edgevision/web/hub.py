"""Server-sent events: worked out once, for everybody who listens."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from edgevision.errors import StoreError
from edgevision.store.filters import Filter
from edgevision.store.reader import EventReader
from edgevision.web.state import LastMinute, state_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from edgevision.store.kept import Kept
    from edgevision.web.site import Site

log = logging.getLogger(__name__)

_TICK_SECONDS: Final = 0.25
# Of the ticks, every so many brings the numbers, and looks into the store.
_HEALTH_TICKS, _STORE_TICKS = 8, 2
LOOK_SECONDS: Final = _TICK_SECONDS * _STORE_TICKS
"""An event is told at the first look after it was kept: so late at most."""
# A listener who is so many messages behind is let go; a browser comes back by itself.
_BEHIND: Final = 64


class Hub:
    """Everybody who listens. Used in the server's loop only.

    Args:
        site: what is told of.
    """

    def __init__(self, site: Site) -> None:
        self.minute = LastMinute()
        self._site = site
        self._listeners: set[asyncio.Queue[str | None]] = set()
        self._row: int | None = None

    @property
    def full(self) -> bool:
        """Whether nobody else may listen."""
        return len(self._listeners) >= self._site.most_listeners

    async def run(self) -> None:
        """Until the server ends."""
        tick = 0
        while not self._site.stopping.is_set():
            if tick % _HEALTH_TICKS == 0:
                summary = self._site.summary()
                self.minute.add(summary)
                if self._listeners:
                    self._tell("health", {**summary, "last_minute": self.minute.to_list()})
            if self._listeners:
                self._tell("state", state_of(self._site))
                if tick % _STORE_TICKS == 0:
                    for kept in await asyncio.to_thread(self._news):
                        self._tell("event", kept.to_dict())
            else:
                self._row = None
            tick += 1
            await asyncio.sleep(_TICK_SECONDS)
        self.close()

    def close(self) -> None:
        """Tell everybody that it is over."""
        for queue in self._listeners:
            _end(queue)
        self._listeners.clear()

    async def listen(self) -> AsyncIterator[str]:
        """Messages for one listener, until they go."""
        queue: asyncio.Queue[str | None] = asyncio.Queue(_BEHIND)
        self._listeners.add(queue)
        try:
            # From the first state on every event is told; who asks for older ones then misses none.
            if self._row is None:
                await asyncio.to_thread(self._news)
            yield "retry: 2000\n\n"
            summary = {**self._site.summary(), "last_minute": self.minute.to_list()}
            yield _message("health", summary)
            yield _message("state", state_of(self._site))
            while (text := await queue.get()) is not None:
                yield text
        finally:
            self._listeners.discard(queue)

    def _tell(self, kind: str, what: dict[str, Any]) -> None:
        text = _message(kind, what)
        for queue in tuple(self._listeners):
            if queue.full():
                self._listeners.discard(queue)
                _end(queue)
            else:
                queue.put_nowait(text)

    def _news(self) -> list[Kept]:
        """What was added to the store since the last time."""
        store = self._site.store
        if store is None:
            return []
        if not store.is_file():
            # All that a new file will hold is news.
            self._row = 0
            return []
        try:
            with EventReader(store) as reader:
                if self._row is None:
                    self._row = reader.last_row()
                    return []
                found, self._row = reader.follow(self._row, Filter())
                return found
        except StoreError as error:
            log.debug("%s", error)
            return []


def _message(kind: str, what: dict[str, Any]) -> str:
    return f"event: {kind}\ndata: {json.dumps(what, separators=(',', ':'))}\n\n"


def _end(queue: asyncio.Queue[str | None]) -> None:
    with suppress(asyncio.QueueEmpty):
        while True:
            queue.get_nowait()
    queue.put_nowait(None)
