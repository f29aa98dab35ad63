"""Sightings, state and health to an MQTT broker, and commands from there."""

from __future__ import annotations

import json
import logging
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Final

from edgevision.errors import OutputError
from edgevision.outputs.broker import CONNECTING, Address, Broker
from edgevision.outputs.courier import Courier
from edgevision.outputs.homeassistant import Device, discovery, discovery_topic
from edgevision.outputs.orders import order_of
from edgevision.outputs.teller import Teller
from edgevision.outputs.told import packed
from edgevision.outputs.topics import Topics

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from typing_extensions import Self

    from edgevision.board import Board
    from edgevision.inbox import Inbox
    from edgevision.store.outbox import Outbox
    from edgevision.values.command import Answer
    from edgevision.values.report import Report

log = logging.getLogger(__name__)

ONLINE, OFFLINE = b"online", b"offline"
SINK: Final = "mqtt"

_SETTLE_SECONDS: Final = 0.8
_LOOK_SECONDS: Final = 0.05


class Mqtt:
    """Publishes; every event at least once, in order, whatever happens to broker or device.

    Events come from the outbox and leave it when the broker has acknowledged them. State and health
    are told as they are when somebody listens, and never kept.

    Args:
        host, port: where the broker listens.
        device: the device's name in topics and in Home Assistant.
        client_id: empty: one that is this device's own.
        root: what the topics of all devices begin with.
        username, password_file: as whom; the password is the file's first line.
        tls: enabled, and the files ca, cert and key.
        qos: of events, 1 or 2.
        version: of the protocol, "5" or "3.1.1".
        keepalive_s: seconds after which a silent connection counts as lost.
        health_s: seconds between two reports of health.
        snapshot: send the picture of each sighting, with what was seen painted on it.
        watch: labels for which Home Assistant gets a sensor of its own.
        discovery: with enabled and prefix: make the device known to Home Assistant.
        outbox: where the events wait.
        password: in place of a file, from the environment.
        blur: of a picture, only what was seen may be recognised.
    """

    name = "mqtt"
    lossless: ClassVar[bool] = False
    wants_pixels: ClassVar[bool] = False

    def __init__(
        self,
        host: str,
        port: int = 1883,
        *,
        device: str = "edgevision",
        client_id: str = "",
        root: str = "edgevision",
        username: str | None = None,
        password_file: Path | None = None,
        tls: Mapping[str, Any] | None = None,
        qos: int = 1,
        version: str = "5",
        keepalive_s: int = 60,
        health_s: float = 30.0,
        snapshot: bool = False,
        watch: Sequence[str] = (),
        discovery: Mapping[str, Any] | None = None,
        outbox: Outbox | None = None,
        password: str | None = None,
        blur: bool = False,
    ) -> None:
        self.address = Address(
            host,
            port,
            client_id,
            version,
            keepalive_s,
            username,
            password_file,
            password,
            **{"tls" if key == "enabled" else key: one for key, one in (tls or {}).items()},
        )
        self._topics = Topics(root, device)
        self._device = device
        self._health_s = health_s
        self._blur = blur
        self._snapshot = snapshot
        self._watch = tuple(watch)
        self._discovery = discovery or {"enabled": False}
        self._courier = None if outbox is None else Courier(outbox, self._topics, qos)
        self._broker: Broker | None = None
        self._teller: Teller | None = None
        self._inbox: Inbox | None = None
        self._sources: tuple[str, ...] = ()
        self._tasks: tuple[str, ...] = ()
        self._choices: tuple[str, ...] = ()
        self._greeted = 0

    def attach(
        self,
        *,
        board: Board,
        inbox: Inbox,
        numbers: Callable[[], Mapping[str, Any]],
        sources: Sequence[str],
        tasks: Sequence[str],
        choices: Sequence[str],
    ) -> None:
        """Take what a run has to tell and to be told by; before it is opened.

        Args:
            board: of the last reports.
            inbox: for commands.
            numbers: gives the run's health.
            sources: by name.
            tasks: of the settings, by name.
            choices: all tasks that may be switched to.
        """
        self._inbox = inbox
        self._teller = Teller(
            self._topics,
            self._device,
            board=board,
            sources=sources,
            numbers=numbers,
            health_s=self._health_s,
            blur=self._blur,
        )
        self._sources, self._tasks, self._choices = tuple(sources), tuple(tasks), tuple(choices)

    @property
    def state(self) -> dict[str, Any]:
        """The connection and what waits, for the status; JSON types."""
        broker = self._broker
        return {
            "connection": "closed" if broker is None else broker.state,
            "reconnects": 0 if broker is None else max(broker.connections - 1, 0),
            **(self._courier.state() if self._courier is not None else {}),
        }

    @property
    def trouble(self) -> str | None:
        """What keeps events from arriving, in words; None if nothing does."""
        if self._broker is not None and not self._broker.connected:
            return None if self._broker.state == CONNECTING else self._broker.state
        return self._courier.refusal if self._courier is not None else None

    def kept_topics(self, sources: Sequence[str], tasks: Sequence[str]) -> list[str]:
        """Where the broker keeps a message of this device, of those sources and tasks."""
        topics = self._topics
        device = Device(self._device, topics, sources, tasks, tasks)
        found = [
            discovery_topic(self._discovery.get("prefix", "homeassistant"), device),
            topics.availability,
            topics.health,
        ]
        found += [topics.snapshot(source) for source in sources]
        return found + [topics.state(source, task) for source in sources for task in tasks]

    def __enter__(self) -> Self:
        listening = self._topics.commands() if self._inbox is not None else []
        if self._discovery["enabled"]:
            listening.append(self._birth)
        broker = self._broker = Broker(
            self.address,
            will=(self._topics.availability, OFFLINE),
            topics=listening,
            heard=self._heard,
        )
        broker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        broker = self._broker
        if broker is not None:
            try:
                self._settle(broker)
            finally:
                self._broker = None
                broker.stop((self._topics.availability, OFFLINE))
        if self._courier is not None:
            self._courier.close()

    def write(self, report: Report) -> None:
        """Send what waits: `report` brought events, and they are kept by now.

        Raises:
            OutputError: if the database cannot be read.
        """
        seen = [event for event in report.events if event.phase == "seen"]
        broker = self._broker
        if self._snapshot and seen and self._teller and broker and broker.connected:
            self._teller.show(broker, report.frame.source, seen)
        self.tend()

    def tend(self) -> None:
        """Send what waits and what changed; called about ten times a second.

        Raises:
            OutputError: if the database cannot be read or written to.
        """
        broker = self._broker
        if broker is None:
            return
        if broker.connected and self._greeted != broker.connections:
            self._greet(broker)
        if self._courier is not None:
            self._courier.serve(broker)
        if not broker.connected:
            return
        if self._teller is not None:
            self._teller.tell(broker)

    @property
    def _birth(self) -> str:
        return f"{self._discovery['prefix']}/status"

    def _greet(self, broker: Broker) -> None:
        """After each connection: we are here, and this is what we have."""
        self._greeted = broker.connections
        for part in (self._courier, self._teller):
            if part is not None:
                part.begin_again()
        broker.publish(self._topics.availability, ONLINE, qos=1, retain=True)
        self._introduce(broker)

    def _introduce(self, broker: Broker) -> None:
        if not self._discovery["enabled"]:
            return
        device = Device(
            self._device,
            self._topics,
            self._sources,
            self._tasks,
            self._choices,
            self._watch,
            snapshot=self._snapshot,
        )
        topic = discovery_topic(self._discovery["prefix"], device)
        broker.publish(topic, packed(discovery(device)), qos=1, retain=True)

    def _settle(self, broker: Broker) -> None:
        """At the end: what was sent may still be acknowledged."""
        until = monotonic() + _SETTLE_SECONDS
        try:
            self.tend()
            courier = self._courier
            while courier and courier.underway and broker.connected and monotonic() < until:
                broker.wait(_LOOK_SECONDS)
                courier.serve(broker)
        except OutputError as error:
            log.warning("MQTT: %s", error)

    def _heard(self, topic: str, payload: bytes) -> None:
        """In the connection's thread."""
        broker, inbox = self._broker, self._inbox
        if broker is None:
            return
        if self._discovery["enabled"] and topic == self._birth:
            if payload == ONLINE:
                self._introduce(broker)
            return
        command = self._topics.command(topic)
        if not command or inbox is None:
            return

        def answered(answer: Answer) -> None:
            told = {"command": command, **answer.to_dict()}
            broker.publish(self._topics.answer, json.dumps(told).encode())
            if self._teller is not None:
                self._teller.hurry()

        inbox.offer(order_of(command, payload), "mqtt", answered)
