"""A connection that is closed when its client owes the rest of a request for too long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

_OWING: Final = (h11.IDLE, h11.SEND_BODY)


class Connection(H11Protocol):
    """uvicorn's own lets a client that has begun a request take for ever, and hold a place.

    Between two requests uvicorn's own clock runs; this one from the first byte of a request, or
    the connection, to the last byte of the request. Both are `timeout_keep_alive` seconds.
    """

    _owed: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn
        """Nothing has come yet."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """A part of a request, or more than one."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        super().connection_lost(exc)
        self._forget()

    def _watch(self) -> None:
        if self.conn.their_state not in _OWING:
            self._forget()
        elif self._owed is None:
            self._owed = self.loop.call_later(self.timeout_keep_alive, self._close)

    def _forget(self) -> None:
        if self._owed is not None:
            self._owed.cancel()
        self._owed = None

    def _close(self) -> None:
        self._owed = None
        if self.conn.their_state in _OWING:
            self.transport.close()
