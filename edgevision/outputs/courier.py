"""Brings events from an outbox to a broker: in order, at least once, a few at a time."""

from __future__ import annotations

import logging
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from edgevision.outputs.broker import IN_FLIGHT

if TYPE_CHECKING:
    from edgevision.outputs.broker import Broker
    from edgevision.outputs.topics import Topics
    from edgevision.store.outbox import Outbox, Waiting

log = logging.getLogger(__name__)

_TRIM_SECONDS: Final = 60.0
# After a broker refused an event (no right to its topic), and for what the connection lost.
_AGAIN_SECONDS: Final = 60.0


class Courier:
    """Used by one thread.

    Args:
        outbox: where events wait, and from which they are taken when they have arrived.
        topics: where they go.
        qos: 1 or 2.

    Attributes:
        refusal: why the broker refuses an event, in its words; None if it does not.
    """

    def __init__(self, outbox: Outbox, topics: Topics, qos: int) -> None:
        self.refusal: str | None = None
        self._outbox = outbox
        self._topics = topics
        self._qos = qos
        # Numbers of events by the connection's number of their messages.
        self._sent: dict[int, int] = {}
        self._last = 0
        self._trim_at = self._again_at = 0.0

    @property
    def underway(self) -> bool:
        """Whether something was sent and not acknowledged yet."""
        return bool(self._sent)

    def state(self) -> dict[str, Any]:
        """What waits and what was given up, with JSON types."""
        return {
            "outbox": self._outbox.depth(),
            "lost": self._outbox.lost(),
            "refused": self.refusal,
        }

    def begin_again(self) -> None:
        """The connection is another one: what was refused may be allowed now."""
        self.refusal = None
        self._last = 0

    def serve(self, broker: Broker) -> None:
        """Take what has arrived from the outbox, and send more if somebody listens.

        Raises:
            OutputError: if the database cannot be read or written to.
        """
        if monotonic() >= self._trim_at:
            self._trim_at = monotonic() + _TRIM_SECONDS
            if gone := self._outbox.trim():
                log.warning("MQTT: %d events waited too long and are given up", gone)
        self._take_answers(broker)
        if broker.connected:
            self._send(broker)

    def close(self) -> None:
        """Close the outbox; what is left stays in it."""
        self._outbox.close()

    def _take_answers(self, broker: Broker) -> None:
        arrived = []
        while broker.acknowledged:
            message, refusal = broker.acknowledged.popleft()
            number = self._sent.pop(message, None)
            if number is None:
                continue
            if refusal is None:
                arrived.append(number)
            elif refusal != self.refusal:
                self.refusal = refusal
                log.warning("MQTT: the broker refuses an event: %s", refusal)
        if arrived:
            self._outbox.forget(arrived)

    def _send(self, broker: Broker) -> None:
        if monotonic() >= self._again_at:
            self._again_at = monotonic() + _AGAIN_SECONDS
            self._last = 0
        free = IN_FLIGHT - len(self._sent)
        if free <= 0:
            return
        underway = set(self._sent.values())
        waiting = self._outbox.first(free + len(underway), self._last)
        for one in [one for one in waiting if one.number not in underway][:free]:
            if not self._give(broker, one):
                return
            self._last = one.number

    def _give(self, broker: Broker, one: Waiting) -> bool:
        topic = self._topics.event(one.source, one.task)
        message = broker.publish(topic, one.json.encode("utf-8", "replace"), qos=self._qos)
        if message:
            self._sent[message] = one.number
        return bool(message)
