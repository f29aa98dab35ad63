"""Sightings, state and health to an MQTT broker, and commands from there."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timezone
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Final

from edgevision.errors import OutputError
from edgevision.outputs.broker import CONNECTING, IN_FLIGHT, Address, Broker
from edgevision.outputs.homeassistant import Device, discovery, discovery_topic
from edgevision.outputs.orders import order_of
from edgevision.outputs.told import health_of, packed, state_of
from edgevision.outputs.topics import Topics
from edgevision.pixels.draw import draw
from edgevision.pixels.encode import jpeg

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from typing_extensions import Self

    from edgevision.board import Board
    from edgevision.inbox import Inbox
    from edgevision.store.outbox import Outbox, Waiting
    from edgevision.values.command import Answer
    from edgevision.values.report import Report

log = logging.getLogger(__name__)

ONLINE, OFFLINE = b"online", b"offline"
SINK: Final = "mqtt"

_STATE_SECONDS: Final = 1.0  # between two states of one source and task
_REPEAT_SECONDS: Final = 60.0  # so often even if nothing changed
_TRIM_SECONDS: Final = 60.0
# After a broker refused an event (no right to its topic), and for what paho lost.
_AGAIN_SECONDS: Final = 60.0
_SETTLE_SECONDS: Final = 0.8
_QUALITY: Final = 85


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
        self._qos = qos
        self._health_s = health_s
        self._snapshot = snapshot
        self._watch = tuple(watch)
        self._discovery = discovery or {"enabled": False}
        self._outbox = outbox
        self._broker: Broker | None = None
        self._board: Board | None = None
        self._inbox: Inbox | None = None
        self._numbers: Callable[[], Mapping[str, Any]] | None = None
        self._sources: tuple[str, ...] = ()
        self._tasks: tuple[str, ...] = ()
        self._choices: tuple[str, ...] = ()
        # Numbers of events by paho's number of their messages; nothing else waits for an answer.
        self._sent: dict[int, int] = {}
        self._last = 0
        self._refusal: str | None = None
        self._greeted = 0
        self._told: dict[str, tuple[float, bytes]] = {}
        self._due = {"health": 0.0, "trim": 0.0, "again": 0.0}

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
        self._board, self._inbox, self._numbers = board, inbox, numbers
        self._sources, self._tasks, self._choices = tuple(sources), tuple(tasks), tuple(choices)

    @property
    def state(self) -> dict[str, Any]:
        """The connection and what waits, for the status; JSON types."""
        broker = self._broker
        return {
            "connection": "closed" if broker is None else broker.state,
            "reconnects": 0 if broker is None else max(broker.connections - 1, 0),
            "outbox": 0 if self._outbox is None else self._outbox.depth(),
            "lost": 0 if self._outbox is None else self._outbox.lost(),
            "refused": self._refusal,
        }

    @property
    def trouble(self) -> str | None:
        """What keeps events from arriving, in words; None if nothing does."""
        if self._broker is not None and not self._broker.connected:
            return None if self._broker.state == CONNECTING else self._broker.state
        return self._refusal

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
        if self._outbox is not None:
            self._outbox.close()

    def write(self, report: Report) -> None:
        """Send what waits: `report` brought events, and they are kept by now.

        Raises:
            OutputError: if the database cannot be read.
        """
        if self._snapshot and any(event.phase == "seen" for event in report.events):
            self._show(report.frame.source)
        self.tend()

    def tend(self) -> None:
        """Send what waits and what changed; called about ten times a second.

        Raises:
            OutputError: if the database cannot be read or written to.
        """
        broker = self._broker
        if broker is None:
            return
        if self._outbox is not None and self._is_due("trim", _TRIM_SECONDS):
            gone = self._outbox.trim()
            if gone:
                log.warning("MQTT: %d events waited too long and are given up", gone)
        self._take_answers(broker)
        if not broker.connected:
            return
        if self._greeted != broker.connections:
            self._greet(broker)
        self._send(broker)
        self._tell_states(broker)
        if self._numbers is not None and self._is_due("health", self._health_s):
            self._tell_health(broker)

    @property
    def _birth(self) -> str:
        return f"{self._discovery['prefix']}/status"

    def _greet(self, broker: Broker) -> None:
        """After each connection: we are here, and this is what we have."""
        self._greeted = broker.connections
        self._told.clear()
        self._refusal = None
        self._last = 0
        self._due.update(health=0.0)
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

    def _take_answers(self, broker: Broker) -> None:
        arrived = []
        while broker.acknowledged:
            message, refusal = broker.acknowledged.popleft()
            number = self._sent.pop(message, None)
            if number is None:
                continue
            if refusal is None:
                arrived.append(number)
            elif refusal != self._refusal:
                self._refusal = refusal
                log.warning("MQTT: the broker refuses an event: %s", refusal)
        if arrived and self._outbox is not None:
            self._outbox.forget(arrived)

    def _send(self, broker: Broker) -> None:
        if self._outbox is None:
            return
        if self._is_due("again", _AGAIN_SECONDS):
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

    def _settle(self, broker: Broker) -> None:
        """At the end: what was sent may still be acknowledged."""
        until = monotonic() + _SETTLE_SECONDS
        try:
            self.tend()
            while self._sent and broker.connected and monotonic() < until:
                broker.wait(0.05)
                self._take_answers(broker)
                self._send(broker)
        except OutputError as error:
            log.warning("MQTT: %s", error)

    def _tell_states(self, broker: Broker) -> None:
        if self._board is None:
            return
        for source in self._sources:
            report = self._board.latest(source)
            if report is None:
                continue
            for decision in report.decisions:
                topic = self._topics.state(source, decision.task)
                state = state_of(decision, report.frame.taken_at or datetime.now(timezone.utc))
                seen = packed({key: state[key] for key in ("verdict", "label")})
                self._publish_if_new(broker, topic, seen, packed(state))

    def _publish_if_new(self, broker: Broker, topic: str, sense: bytes, payload: bytes) -> None:
        """Publish when `sense` is another than before, at most once a second, or at times."""
        now = monotonic()
        at, before = self._told.get(topic, (float("-inf"), b""))
        pause = _STATE_SECONDS if sense != before else _REPEAT_SECONDS
        if now - at >= pause and broker.publish(topic, payload, retain=True):
            self._told[topic] = (now, sense)

    def _tell_health(self, broker: Broker) -> None:
        if self._numbers is not None:
            told = health_of(self._numbers(), self._device, datetime.now(timezone.utc))
            broker.publish(self._topics.health, packed(told), retain=True)

    def _show(self, source: str) -> None:
        report = None if self._board is None else self._board.latest(source)
        if report is None or self._broker is None or not self._broker.connected:
            return
        self._broker.publish(
            self._topics.snapshot(source), jpeg(draw(report), _QUALITY), retain=True
        )

    def _is_due(self, what: str, seconds: float) -> bool:
        now = monotonic()
        if now < self._due[what]:
            return False
        self._due[what] = now + seconds
        return True

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
            self._due["health"] = 0.0

        inbox.offer(order_of(command, payload), "mqtt", answered)
