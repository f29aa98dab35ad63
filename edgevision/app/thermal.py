"""Keeps the board cool: a temperature goes in, and rate, threads and resolution are capped."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgevision.app.sensors import Reading
    from edgevision.pipeline.cooling import Cap, Cooler
    from edgevision.pipeline.gears import Gears
    from edgevision.pipeline.health import Health
    from edgevision.pipeline.pace import Pace

log = logging.getLogger(__name__)

# What the firmware says when heat, and not the power supply, makes it slow down.
_HEAT = "soft limit of heat"


class Thermal:
    """Hands readings to the cooler and does what it says.

    Args:
        cooler: decides.
        gears: change threads and resolution.
        pace: holds the rate.
        health: tells the rate, and that the board is warm.
    """

    def __init__(self, cooler: Cooler, gears: Gears, pace: Pace, health: Health) -> None:
        self._cooler = cooler
        self._gears = gears
        self._pace = pace
        self._health = health
        self._full_fps: float | None = None
        health.watch("heat", "", self.to_dict)

    def take(self, now: float, reading: Reading) -> None:
        """A reading of the sensors, at `now` of a clock that never goes back."""
        if reading.temperature_c is None:
            return
        cap = self._cooler.look(now, reading.temperature_c, throttled=_HEAT in reading.now)
        if cap is not None:
            self._apply(cap, reading.temperature_c)

    def to_dict(self) -> dict[str, Any]:
        """What holds, with JSON types."""
        rung = self._cooler.cap.rung
        return {
            "level": self._cooler.level,
            "most_fps": self._pace.most_fps,
            "most_threads": None if rung is None else rung.threads,
            "most_resolution": None if rung is None else rung.resolution,
        }

    def _apply(self, cap: Cap, degrees: float) -> None:
        if self._cooler.level == 0:
            self._full_fps = None
        elif self._full_fps is None:
            self._full_fps = self._health.fps_now or None
        full = self._full_fps
        self._pace.most_fps = None if full is None or cap.share >= 1 else full * cap.share
        self._gears.cool(cap.rung)
        log.log(
            logging.WARNING if self._cooler.level else logging.INFO,
            "board at %.0f °C: step %d, %s",
            degrees,
            self._cooler.level,
            f"{cap.share:.0%} of the frames" if cap.share < 1 else "full speed",
        )
