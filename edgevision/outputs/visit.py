"""One visit to a broker: connect, leave some messages, and go."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Final

from edgevision.errors import OutputError
from edgevision.outputs.broker import CONNECTING, Broker

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edgevision.outputs.broker import Address

_LOOK_SECONDS: Final = 0.05


def once(address: Address, messages: Iterable[tuple[str, bytes]], seconds: float = 5.0) -> None:
    """Connect, publish `messages` retained, and leave.

    Raises:
        OutputError: if a file of the password or of TLS cannot be read, or the broker did not take
            them all in time; in its words, if it has any.
    """
    broker = Broker(address, silent=True)
    deadline = monotonic() + seconds
    broker.start()
    try:
        numbers: set[int] = set()
        while not broker.connected:
            if broker.state != CONNECTING or monotonic() > deadline:
                state = "no answer" if broker.state == CONNECTING else broker.state
                raise OutputError(f"MQTT broker {address}: {state}")
            broker.wait(_LOOK_SECONDS)
        for topic, payload in messages:
            numbers.add(broker.publish(topic, payload, qos=1, retain=True))
        while numbers:
            while broker.acknowledged:
                number, refusal = broker.acknowledged.popleft()
                if refusal is not None:
                    raise OutputError(f"MQTT broker {address}: {refusal}")
                numbers.discard(number)
            if numbers and monotonic() > deadline:
                raise OutputError(f"MQTT broker {address}: no acknowledgement")
            broker.wait(_LOOK_SECONDS if numbers else 0.0)
    finally:
        broker.stop()
