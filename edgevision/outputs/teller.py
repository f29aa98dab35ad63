"""Tells a broker how things are: what is seen now, and how the device is."""

from __future__ import annotations

from datetime import datetime, timezone
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from edgevision.outputs.told import health_of, packed, state_of
from edgevision.pixels.blur import blurred_report
from edgevision.pixels.draw import draw
from edgevision.pixels.encode import jpeg

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from edgevision.board import Board
    from edgevision.outputs.broker import Broker
    from edgevision.outputs.topics import Topics
    from edgevision.values.event import Event

_STATE_SECONDS: Final = 1.0  # between two states of one source and task
_REPEAT_SECONDS: Final = 60.0  # so often even if nothing changed
_QUALITY: Final = 85


class Teller:
    """Used by one thread.

    Args:
        topics, device: of the device.
        board: of the last reports.
        sources: by name.
        numbers: gives the run's health.
        health_s: seconds between two reports of it.
        blur: of a picture, only what was seen may be recognised.
    """

    def __init__(
        self,
        topics: Topics,
        device: str,
        *,
        board: Board,
        sources: Sequence[str],
        numbers: Callable[[], Mapping[str, Any]],
        health_s: float,
        blur: bool,
    ) -> None:
        self._topics = topics
        self._device = device
        self._board = board
        self._sources = tuple(sources)
        self._numbers = numbers
        self._health_s = health_s
        self._blur = blur
        self._health_at = 0.0
        self._told: dict[str, tuple[float, bytes]] = {}

    def begin_again(self) -> None:
        """Whoever listens knows nothing yet."""
        self._told.clear()
        self._health_at = 0.0

    def hurry(self) -> None:
        """Tell health soon: something was changed. From any thread."""
        self._health_at = 0.0

    def tell(self, broker: Broker) -> None:
        """What is new."""
        for source in self._sources:
            self._tell_states(broker, source)
        if monotonic() >= self._health_at:
            self._health_at = monotonic() + self._health_s
            told = health_of(self._numbers(), self._device, datetime.now(timezone.utc))
            broker.publish(self._topics.health, packed(told), retain=True)

    def show(self, broker: Broker, source: str, seen: Sequence[Event]) -> None:
        """The newest picture of `source`, in which `seen` were seen."""
        report = self._board.latest(source)
        if report is None:
            return
        shown = blurred_report(report, [one.box for one in seen]) if self._blur else report
        broker.publish(self._topics.snapshot(source), jpeg(draw(shown), _QUALITY), retain=True)

    def _tell_states(self, broker: Broker, source: str) -> None:
        report = self._board.latest(source)
        if report is None:
            return
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
