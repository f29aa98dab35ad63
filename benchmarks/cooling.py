"""Draws how the cooler holds a board that warms as a model says: docs/images/cooling.png.

    python benchmarks/cooling.py docs/images/cooling.png

tau dT/dt = air + R P - T, with two minutes for tau, 10 degrees a watt for R, and 3 W idle and 4 W
more at full work for P: a board without a heat sink. The air warms up in the second hour.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

from edgevision.pipeline.cooling import Cap, Cooler, caps
from edgevision.pipeline.governor import Rung

OWN = Rung(224, 4)
LIMIT_C, FIRMWARE_C = 75.0, 80.0
STEP_S, MINUTES, FULL_FPS = 5.0, 180, 30.0


def work_of(cap: Cap) -> float:
    """Share of full work: frames, and multiply-adds by the square of the resolution."""
    rung = cap.rung or OWN
    return cap.share * (rung.resolution / OWN.resolution) ** 2


def warmed(temperature_c: float, air_c: float, work: float) -> float:
    settled = air_c + 10.0 * (3.0 + 4.0 * work)
    return temperature_c + (settled - temperature_c) * STEP_S / 120.0


def air_at(minute: float) -> float:
    return 20.0 if minute < 60 else 32.0 if minute < 120 else 5.0  # noqa: PLR2004 - the story told


def main() -> None:
    cooler = Cooler(caps(OWN, (224, 192, 160, 128)), LIMIT_C)
    free = held = air_at(0) + 30.0
    minutes, temperatures, uncooled, fps, levels = [], [], [], [], []
    for number in range(int(MINUTES * 60 / STEP_S)):
        minute = number * STEP_S / 60
        free = warmed(free, air_at(minute), 1.0)
        held = warmed(held, air_at(minute), work_of(cooler.cap))
        cooler.look(number * STEP_S, held)
        minutes.append(minute)
        temperatures.append(held)
        uncooled.append(free)
        fps.append(FULL_FPS * cooler.cap.share)
        levels.append(cooler.level)
    figure, (heat, rate, steps) = plt.subplots(
        3, 1, sharex=True, figsize=(9, 6.5), height_ratios=(3, 1.4, 1.4), layout="constrained"
    )
    heat.plot(minutes, uncooled, color="#999999", linestyle=":", label="left to itself")
    heat.plot(minutes, temperatures, color="#0072b2", label="held")
    heat.axhline(LIMIT_C, color="#e69f00", linestyle="--", label="max_temperature_c")
    heat.axhline(FIRMWARE_C, color="#d55e00", linestyle="--", label="the firmware throttles")
    heat.set_ylabel("temperature, °C")
    heat.legend(loc="lower center", ncols=2, frameon=False)
    rate.step(minutes, fps, color="#009e73", where="post")
    rate.set_ylabel("frames/s")
    rate.set_ylim(0, FULL_FPS * 1.1)
    steps.step(minutes, levels, color="#000000", where="post")
    steps.set_ylabel("steps down")
    steps.set_xlabel("minutes; the air has 20 °C, from 60 on 32 °C, from 120 on 5 °C")
    for axes in (heat, rate, steps):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
    figure.savefig(Path(sys.argv[1]), dpi=110)


main()
