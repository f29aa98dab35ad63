"""Makes what changes resolution and threads while the loop runs."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from edgevision.app import accelerators
from edgevision.app.build import build_engine
from edgevision.app.thermal import Thermal
from edgevision.engines.mirrored import Mirrored
from edgevision.kinds import Kind, load
from edgevision.pipeline.cooling import Cooler, caps
from edgevision.pipeline.gears import Gears
from edgevision.pipeline.governor import Governor, Limits, Rung, ladder
from edgevision.pipeline.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgevision.app.build import Network
    from edgevision.app.running import Running
    from edgevision.app.sensors import Reading, Sensors
    from edgevision.config.schema import Settings
    from edgevision.pipeline.health import Health
    from edgevision.pipeline.step import Step
    from edgevision.protocols import Engine
    from edgevision.zoo.registry import Model

# Loaded when a limit is set: see `build`.
_WALK = {"graph": Kind("edgevision.zoo.walk:read_network", "what a file is made of")}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Governed:
    """What holds rate, latency and heat.

    Attributes:
        gears: change resolution and threads; None where there is no limit.
        pace: when frames are taken.
        take: what readings of the sensors are given to; None where heat is no limit.
    """

    gears: Gears | None
    pace: Pace
    take: Callable[[float, Reading], None] | None = None


def build_governed(
    settings: Settings, network: Network, step: Step, health: Health, sensors: Sensors
) -> Governed:
    """All that holds the limits of the settings, and of the board."""
    pace, wanted = Pace(), settings.governor
    limit_c = wanted.max_temperature_c or sensors.warm_from_c()
    gears = build_gears(settings, network, step, health, heat=limit_c is not None)
    if gears is None or limit_c is None:
        return Governed(gears, pace)
    own = Rung(network.engine.spec.input.height, settings.engine.threads)
    cooler = Cooler(caps(own, wanted.resolutions), limit_c)
    return Governed(gears, pace, Thermal(cooler, gears, pace, health).take)


def build_gears(
    settings: Settings, network: Network, step: Step, health: Health, *, heat: bool = False
) -> Gears | None:
    """What changes resolution and threads while `step` runs; None if no limit is set.

    Args:
        settings, network, step, health: of the run.
        heat: the board's temperature is a limit, too.
    """
    if not is_governed(settings):
        if not heat:
            return None
        rung = Rung(network.engine.spec.input.height, settings.engine.threads)
        make = partial(engine_at, settings, network)
        return Gears(Governor((rung,), Limits()), step, make, health)
    if accelerators.wanted(settings, network.model):
        log.info("governor: nothing to choose from: the Edge TPU runs at one resolution")
        return None
    wanted = settings.governor
    resizable = load(_WALK, "graph", "model")(network.model.path).resizable
    if not resizable:
        log.info("governor: %s runs at one resolution; only threads may change", network.model.name)
    rungs = ladder(
        network.engine.spec.input.height,
        wanted.resolutions if resizable else (),
        settings.engine.threads,
        most_threads(settings),
    )

    log.info("governor: may go through %s", ", ".join(_told(rung, network.model) for rung in rungs))

    make = partial(engine_at, settings, network)
    limits = Limits(wanted.target_fps, wanted.max_latency_ms)
    return Gears(Governor(rungs, limits), step, make, health)


def engine_at(settings: Settings, network: Network, rung: Rung) -> Engine:
    """The engine of `network` once more, with another size of its input or other threads.

    Raises:
        EdgevisionError: if it cannot be had.
    """
    engine = build_engine(settings, network.model, resolution=rung.resolution, threads=rung.threads)
    return Mirrored(engine) if isinstance(network.engine, Mirrored) else engine


def engine_anew(running: Running, health: Health) -> Engine:
    """The engine that runs now, built once more as it is.

    Raises:
        EdgevisionError: if it cannot be had.
    """
    side = running.parts.step.engine.spec.input.height
    threads = health.threads or running.settings.engine.threads
    return engine_at(running.settings, running.network, Rung(side, threads))


def most_threads(settings: Settings) -> int:
    """Threads that an inference may come to have."""
    own, most = settings.engine.threads, settings.governor.max_threads
    return own if most is None or not is_governed(settings) else max(own, most)


def is_governed(settings: Settings) -> bool:
    """True if a rate or a latency is to be kept."""
    wanted = settings.governor
    return wanted.target_fps is not None or wanted.max_latency_ms is not None


def _told(rung: Rung, model: Model) -> str:
    """A rung with what it costs in accuracy: some networks lose far more than others."""
    measured = model.entry.measured_top1.get(rung.resolution) if model.entry else None
    right = "" if measured is None else f" ({measured:.1f} % of photos right)"
    return f"{rung.resolution} x {rung.threads} thread{'s' if rung.threads > 1 else ''}{right}"
