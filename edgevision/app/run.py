"""Opens what was built, runs the loop until it is told to stop, and closes in the other order."""

from __future__ import annotations

import logging
import os
import signal
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgevision.app import accelerators, sending
from edgevision.app.build import (
    build_decider,
    build_network,
    build_outputs,
    build_step,
)
from edgevision.app.control import Control
from edgevision.app.governed import build_governed, engine_anew, most_threads
from edgevision.app.heart import Heart
from edgevision.app.keeping import Keeper
from edgevision.app.preferred import preferred
from edgevision.app.process import (
    core_for_network,
    peak_rss_mb,
    seconds_since_start,
    set_up_process,
)
from edgevision.app.reload import Reload
from edgevision.app.running import Parts, Running
from edgevision.app.sensors import Sensors
from edgevision.app.sourcing import build_source, live_frames, shows_photos
from edgevision.app.status import StatusFile, place
from edgevision.app.systemd import Notifier
from edgevision.app.website import Website
from edgevision.board import Board
from edgevision.errors import OutputError, RefusedError
from edgevision.inbox import Inbox
from edgevision.pipeline.commands import Commands
from edgevision.pipeline.health import Health
from edgevision.pipeline.loop import Loop
from edgevision.pipeline.probes import watch_outlet, watch_recorder, watch_source
from edgevision.pipeline.switches import Switches
from edgevision.values.command import Command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgevision.app.build import Network, Outputs
    from edgevision.app.reload import Reread
    from edgevision.config.schema import Settings
    from edgevision.pipeline.outlet import Outlet

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run went.

    Attributes:
        health: its counters.
        model: the network's name.
        store: where the events are kept, or None.
        lost_events: by output, events that could not be told.
    """

    health: Health
    model: str
    store: str | None
    lost_events: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        """JSON types; `rss_mb` is the most memory so far, `first_result_s` since the start."""
        first = self.health.first_result_at
        return {
            **self.health.summary(),
            "model": self.model,
            "lost_events": self.lost_events,
            "first_result_s": None if first is None else seconds_since_start(first),
            "rss_mb": round(peak_rss_mb(), 1),
        }


def run(
    settings: Settings,
    max_frames: int | None = None,
    seconds: float | None = None,
    reread: Reread | None = None,
) -> Ran:
    """The whole main job, until the source ends, a limit is reached or a signal comes.

    Args:
        settings: checked.
        max_frames, seconds: limits, or None.
        reread: reads the settings again, from another file if one is given; None: they stay.

    Raises:
        EdgevisionError: what cannot be opened, or cannot go on.
    """
    set_up_process()
    settings, network, refused = _first_network(settings)
    notifier = Notifier(os.environ)
    # A service waits for a camera that is late; whoever types a command is told at once.
    source = build_source(settings, patient=notifier.is_service)
    decider = build_decider(settings, network, photos=shows_photos(settings))
    step = build_step(settings, network, decider)
    stop = threading.Event()
    inbox = Inbox()
    outputs = build_outputs(settings, os.environ, inbox, live=source.live, stop=stop)
    health = Health(network.engine.spec.input.height, settings.engine.threads)
    governed = build_governed(settings, network, step, health, sensors := Sensors())
    gears = governed.gears
    watch_source(health, source)
    for outlet in outputs.outlets:
        watch_outlet(health, outlet)
    watch_recorder(health, outputs.recorder, outputs.store)
    status = StatusFile(place(os.environ), _facts(network))
    switches = Switches(live=source.live)
    parts = Parts(step, switches, source, outputs.outlets, outputs.store, inbox)
    running = Running(settings, network, parts)
    reload = Reload(running, reread or (lambda _: settings), outputs.exchangeable)
    if refused:
        health.trouble("engine", refused)
    health.watch("control", "", running.to_dict)
    # A reload may put an accelerator in.
    accelerators.watch(health, lambda: running.network.engine)
    board = Board()
    for outlet in outputs.outlets:
        outlet.attach(live=live_frames(source), numbers=health.summary)
    for outlet in outputs.recorder.outlets:
        outlet.attach(
            board=board,
            inbox=inbox,
            numbers=health.summary,
            sources=[one.name for one in settings.every_source],
            tasks=settings.task,
            choices=sending.choices(settings),
        )
    with ExitStack() as opened:
        opened.callback(step.close)
        opened.callback(inbox.close)
        if gears is not None:
            opened.callback(gears.close)
        core = opened.enter_context(core_for_network(most_threads(settings)))
        opened.enter_context(Control(status.path, inbox, reload.describe))
        opened.enter_context(Heart(health, status, notifier, sensors, governed.take))
        working = [outlet for outlet in outputs.outlets if _opens(outlet, opened)]
        opened.enter_context(source)
        if outputs.store is not None:
            keeper = opened.enter_context(Keeper(lambda: running.settings, outputs.store))
            health.watch("retention", "", keeper.to_dict, lambda: keeper.last_error)
        if settings.web.enabled:
            opened.enter_context(Website(running, board, health, inbox))
        loop = Loop(
            step,
            source,
            working,
            board=board,
            health=health,
            max_frames=max_frames,
            seconds=seconds,
            stopped=stop,
            network_core=core,
            gears=gears,
            switches=switches,
            commands=Commands(inbox, running.quick(), {**running.slow(), "reload": reload}),
            remake=lambda: engine_anew(running, health),
            pace=governed.pace,
        )
        for outlet in working:
            outlet.when_closed(loop.stop)
            # Asked before the first one is left, they end side by side.
            opened.callback(outlet.finish)
        with _told_by_signals(loop, inbox):
            loop.run()
    return Ran(
        health=health,
        model=network.engine.spec.name,
        store=str(outputs.store) if outputs.store else None,
        lost_events=_lost(outputs),
    )


def _first_network(settings: Settings) -> tuple[Settings, Network, str]:
    """The network; that of the CPU where it is refused on the Edge TPU, and why it was, or ""."""
    said = preferred(settings).says
    if said:
        log.info("%s", said)
    try:
        return settings, build_network(settings), ""
    except RefusedError as error:
        # A service that runs on the CPU is better than none.
        log.error("%s; going on with the CPU", error)  # noqa: TRY400 - one line, no traceback
        on_cpu = accelerators.plain(settings)
        return on_cpu, build_network(on_cpu), str(error)


def _facts(network: Network) -> dict[str, Any]:
    return {"tasks": [task.name for task in network.tasks], "model": network.engine.spec.name}


def _opens(outlet: Outlet, opened: ExitStack) -> bool:
    """Open it; one that does not open is said, and the run goes on without it."""
    try:
        opened.enter_context(outlet)
    except OutputError as error:
        log.error("output %s: %s; going on without it", outlet.name, error)  # noqa: TRY400 - one line, no traceback
        return False
    return True


def _lost(outputs: Outputs) -> dict[str, int]:
    every = [*outputs.outlets, *outputs.recorder.outlets]
    # What stands behind the recorder is counted there, each by its own name.
    counts = {one.name: one.lost_events for one in every if one.name != outputs.recorder.name}
    counts["store"] = outputs.recorder.unsaved
    return {name: count for name, count in counts.items() if count}


@contextmanager
def _told_by_signals(loop: Loop, inbox: Inbox) -> Iterator[None]:
    """SIGINT and SIGTERM end the loop cleanly; a second one ends the process as usual.

    SIGHUP reads the settings again, unless it means that the terminal has gone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ending = (signal.SIGINT, signal.SIGTERM)
    kept = {number: signal.getsignal(number) for number in (*ending, signal.SIGHUP)}

    def stop(number: int, _: object) -> None:
        signal.signal(number, kept[signal.Signals(number)])
        loop.stop()

    def reload(number: int, _: object) -> None:
        del number
        inbox.post(Command("reload", "signal"))

    for number in ending:
        signal.signal(number, stop)
    if not os.isatty(0) and kept[signal.SIGHUP] is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, reload)
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
