"""Makes the governor's steps: builds the next engine beside the loop, then lets it take over."""

from __future__ import annotations

import logging
from time import perf_counter
from typing import TYPE_CHECKING

from edgevision.pipeline.governor import Change
from edgevision.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

    from edgevision.pipeline.governor import Governor, Rung
    from edgevision.pipeline.health import Health
    from edgevision.pipeline.recogniser import Looked
    from edgevision.pipeline.step import Step
    from edgevision.protocols import Engine
    from edgevision.values.report import Report

log = logging.getLogger(__name__)

# An engine is built in far less; what takes longer must not hold up the end of a run.
_CLOSING_SECONDS = 1.0
# Under this, a tenth is worth telling.
_FEW_MILLIS = 10


class Gears:
    """Hands the governor what each frame took, and makes the steps that it asks for.

    All but the building is done in the thread that calls `told`. While heat caps the network, the
    governor is not asked.

    Args:
        governor: decides.
        step: whose engine is changed.
        make: an engine for a rung, built in a thread of its own.
        health: counts the steps.
    """

    def __init__(
        self, governor: Governor, step: Step, make: Callable[[Rung], Engine], health: Health
    ) -> None:
        self._governor = governor
        self._step = step
        self._make = make
        self._health = health
        self._building: _Building | None = None
        self._said_short = False
        self._running = governor.rung
        self._cooled: Rung | None = None
        self._refused: set[Rung] = set()

    def cool(self, rung: Rung | None) -> None:
        """Run the network so, for the board is warm; None: as the governor says. Any thread."""
        self._cooled = rung

    def told(self, looked: Looked, report: Report) -> None:
        """A frame was told: time to take over a built engine, or to begin with another."""
        if self._building is not None:
            if not self._building.done:
                return
            self._take_over(self._building)
            self._building = None
        wanted = self._cooled or self._governor.rung
        if wanted != self._running and wanted not in self._refused:
            self._building = _Building(Change(self._running, wanted, 0.0, 0.0), self._make)
            return
        if self._cooled is not None:
            return
        # Those that were on their way when the engine changed say nothing of the new one.
        if not report.boxes or looked.by.engine is not self._step.engine:
            return
        millis = report.stage_millis
        change = self._governor.look(perf_counter(), millis["infer"], millis["total"])
        if change is not None:
            self._building = _Building(change, self._make)
        self._say_if_short()

    def close(self) -> None:
        """Begin no other step, and give back an engine that came too late."""
        if self._building is not None:
            self._building.give_up()

    def _take_over(self, built: _Building) -> None:
        change = built.change
        for_heat = change.wanted_ms <= 0 and change.network_ms <= 0
        if built.engine is None:
            log.warning("staying at %s: %s", _words(change.old, change.old), built.error)
            if for_heat:
                self._refused.add(change.new)
            else:
                self._governor.failed()
            return
        self._step.change_engine(built.engine)
        self._running = change.new
        self._health.changed(change.new.resolution, change.new.threads)
        if for_heat:
            log.info("%s: for the board's heat", _words(change.old, change.new))
            return
        self._governor.made(perf_counter())
        why = _against(change.network_ms, change.wanted_ms)
        log.info("%s: %s", _words(change.old, change.new), why)

    def _say_if_short(self) -> None:
        short = self._governor.short
        if short is None or self._said_short:
            return
        self._said_short = True
        log.warning(
            "%s is the least there is, and not quick enough: %s",
            _words(self._governor.rung, self._governor.rung),
            _against(short.network_ms, short.wanted_ms),
        )


class _Building:
    """An engine on its way."""

    def __init__(self, change: Change, make: Callable[[Rung], Engine]) -> None:
        self.change = change
        self._make = make
        self.engine: Engine | None = None
        self._worker = Worker("gears", self._build).start()

    @property
    def done(self) -> bool:
        return not self._worker.running

    @property
    def error(self) -> BaseException | None:
        return self._worker.error

    def give_up(self) -> None:
        if self._worker.stop(_CLOSING_SECONDS) and self.engine is not None:
            self.engine.close()

    def _build(self, stopping: Event) -> None:
        engine = self._make(self.change.new)
        # Nobody waits for it any more.
        if stopping.is_set():
            engine.close()
        else:
            self.engine = engine


def _words(old: Rung, new: Rung) -> str:
    return (
        f"resolution {_from_to(old.resolution, new.resolution)}, "
        f"threads {_from_to(old.threads, new.threads)}"
    )


def _against(network_ms: float, wanted_ms: float) -> str:
    # What everything else took may leave the network less than nothing.
    return f"network {_in_millis(network_ms)}, wanted {_in_millis(max(wanted_ms, 0.0))}"


def _in_millis(millis: float) -> str:
    return f"{millis:.1f} ms" if millis < _FEW_MILLIS else f"{millis:.0f} ms"


def _from_to(old: int, new: int) -> str:
    return str(old) if old == new else f"{old} -> {new}"
