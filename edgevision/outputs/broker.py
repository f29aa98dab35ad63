"""The connection to an MQTT broker, by paho; no other module knows that library."""

from __future__ import annotations

import contextlib
import logging
import random
import ssl
import sys
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from paho.mqtt.client import MQTT_ERR_SUCCESS, Client, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from edgevision.errors import OutputError
from edgevision.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from paho.mqtt.client import ConnectFlags, DisconnectFlags, MQTTMessage
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

log = logging.getLogger(__name__)

VERSIONS: Final = {"5": MQTTv5, "3.1.1": MQTTv311}
CONNECTING: Final = "connecting"
CONNECTED: Final = "connected"
IN_FLIGHT: Final = 20
"""Messages on the way at once."""

_FIRST_PAUSE, _LONGEST_PAUSE = 1, 60
_CONNECT_SECONDS: Final = 5.0
_GOODBYE_SECONDS: Final = 0.6


@dataclass(frozen=True, slots=True)
class Address:
    """How to reach a broker, and as whom.

    Attributes:
        host, port: where it listens.
        client_id: unique on the broker; another client with the same one would throw us out.
        version: a key of `VERSIONS`.
        keepalive_s: seconds after which a silent connection counts as lost.
        username, password_file: as whom; None: without.
        ca, cert, key: files for TLS; `tls` alone takes the system's authorities.
        tls: encrypt.
    """

    host: str
    port: int = 1883
    client_id: str = ""
    version: str = "5"
    keepalive_s: int = 60
    username: str | None = None
    password_file: Path | None = None
    password: str | None = None
    tls: bool = False
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None

    def __repr__(self) -> str:
        return f"Address({self})"

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Broker:
    """Publishes and listens; paho's thread keeps the connection and calls back.

    After an end of the connection it is tried again after pauses that double up to a minute, each
    device's longer or shorter by its own share, so that a broker which comes back is not run over.

    Args:
        address: of the broker.
        will: topic and payload that the broker tells when we vanish.
        topics: to listen on.
        heard: called with topic and payload, in paho's thread; it must not wait.
        silent: whoever uses it tells of its state.

    Attributes:
        state: "connecting", "connected" (an accepting CONNACK came), or what keeps it from that.
        connections: how often it was accepted.
        acknowledged: (message, None or the reason for a refusal) of each that was answered.
    """

    def __init__(
        self,
        address: Address,
        *,
        will: tuple[str, bytes] | None = None,
        topics: Iterable[str] = (),
        heard: Callable[[str, bytes], None] | None = None,
        silent: bool = False,
    ) -> None:
        self._silent = silent
        self.state = CONNECTING
        self.connections = 0
        self.acknowledged: deque[tuple[int, str | None]] = deque()
        self._address = address
        self._topics = list(topics)
        self._heard = heard
        self._client = client = Client(
            CallbackAPIVersion.VERSION2, address.client_id, protocol=VERSIONS[address.version]
        )
        client.on_connect = self._accepted
        client.on_connect_fail = self._unreachable
        client.on_disconnect = self._ended
        client.on_publish = self._published
        client.on_message = self._message
        client.connect_timeout = _CONNECT_SECONDS
        client.max_inflight_messages_set(IN_FLIGHT)
        share = random.uniform(1.0, 2.0)  # noqa: S311 - spreads devices, guards nothing
        client.reconnect_delay_set(_FIRST_PAUSE * share, _LONGEST_PAUSE * share)  # type: ignore[arg-type]  # paho waits any number of seconds
        if will is not None:
            client.will_set(*will, qos=1, retain=True)
        self._identify()
        self._news = threading.Event()
        self._worker = Worker("mqtt", lambda _: _keep_connected(client), patient=True)

    @property
    def connected(self) -> bool:
        """True from an accepting CONNACK to the end of that connection."""
        return self.state == CONNECTED

    def start(self) -> None:
        """Begin to connect, in a thread of its own; an absent broker is tried for as long."""
        address = self._address
        self._client.connect_async(address.host, address.port, keepalive=address.keepalive_s)
        self._worker.start()

    def wait(self, seconds: float) -> None:
        """Until something came, at most `seconds`."""
        self._news.wait(seconds)
        self._news.clear()

    def publish(self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False) -> int:
        """Hand over a message; its number, or 0 if it was not taken."""
        try:
            done = self._client.publish(topic, payload, qos=qos, retain=retain)
        except ValueError as error:
            log.warning("MQTT topic %r: %s", topic, error)
            return 0
        # Not connected: paho keeps it all the same, and sends it then.
        return done.mid if done.rc == MQTT_ERR_SUCCESS or qos else 0

    def stop(self, last: tuple[str, bytes] | None = None) -> None:
        """Say `last`, retained, if anybody listens, and leave; takes two seconds at most."""
        if self.connected and last is not None:
            self._client.publish(*last, qos=1, retain=True).wait_for_publish(_GOODBYE_SECONDS)
        self._client.disconnect()
        if self._worker.wait(_GOODBYE_SECONDS):
            return
        # A broker that stands still would be waited for.
        with contextlib.suppress(OSError):
            if (connection := self._client.socket()) is not None:
                connection.close()
        self._worker.wait(_GOODBYE_SECONDS)

    def _identify(self) -> None:
        address = self._address
        password = address.password
        if address.password_file is not None:
            try:
                password = address.password_file.read_text("utf-8").rstrip("\r\n")
            except (OSError, UnicodeDecodeError) as error:
                reason = getattr(error, "strerror", None) or "it is not UTF-8"
                raise OutputError(
                    f"outputs.mqtt.password_file: {address.password_file}: {reason}"
                ) from error
        if address.username is not None:
            self._client.username_pw_set(address.username, password)
        if not (address.tls or address.ca or address.cert):
            return
        try:
            self._client.tls_set(
                ca_certs=str(address.ca) if address.ca else None,
                certfile=str(address.cert) if address.cert else None,
                keyfile=str(address.key) if address.key else None,
                tls_version=ssl.PROTOCOL_TLS_CLIENT,
            )
        except (OSError, ValueError) as error:
            files = ", ".join(str(one) for one in (address.ca, address.cert, address.key) if one)
            raise OutputError(f"outputs.mqtt.tls: {files or 'TLS'}: {error}") from error

    def _accepted(
        self,
        client: Client,
        userdata: Any,
        flags: ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        del userdata, flags, properties
        if reason.is_failure:
            self._now(f"refused: {reason}")
            return
        for topic in self._topics:
            client.subscribe(topic, qos=1)
        self.connections += 1
        self._now(CONNECTED)

    def _unreachable(self, client: Client, userdata: Any) -> None:
        del client, userdata
        # Called by paho while it handles what went wrong.
        error = sys.exc_info()[1]
        self._now(f"cannot be reached: {_words(error)}")

    def _ended(
        self,
        client: Client,
        userdata: Any,
        flags: DisconnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        del client, userdata, flags, properties
        # A refusal says more than the end that follows it.
        if self.state in (CONNECTING, CONNECTED):
            self._now(f"connection ended: {reason}" if reason.is_failure else "connection ended")

    def _published(
        self,
        client: Client,
        userdata: Any,
        number: int,
        reason: ReasonCode,
        properties: Properties,
    ) -> None:
        del client, userdata, properties
        self.acknowledged.append((number, str(reason) if reason.is_failure else None))
        self._news.set()

    def _message(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        del client, userdata
        # What a broker kept was said to somebody else, or long ago.
        if self._heard is not None and not message.retain:
            self._heard(message.topic, bytes(message.payload))

    def _now(self, state: str) -> None:
        if state != self.state and not self._silent:
            level = logging.INFO if state == CONNECTED else logging.WARNING
            log.log(level, "MQTT broker %s: %s", self._address, state)
        self.state = state
        self._news.set()


def _keep_connected(client: Client) -> None:
    client.loop_forever(retry_first_connection=True)


def _words(error: BaseException | None) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is refused: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {error.reason or error}"
    if isinstance(error, TimeoutError):
        return "no answer"
    return str(getattr(error, "strerror", None) or error or "no connection")
