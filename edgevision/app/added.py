"""Puts together what `bench --tasks` measures: one network, and more and more tasks on it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgevision.app.build import build_decider, build_network, build_step
from edgevision.app.process import set_up_process
from edgevision.errors import ConfigError
from edgevision.evaluation.added import added_figures, measure_added
from edgevision.values.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgevision.config.schema import Settings

_SIZE: Final = (480, 640, 3)
_WARM_UP: Final = 5
_SEED: Final = 0


def cost_of_tasks(settings: Settings, frames: int) -> dict[str, Any]:
    """What each further task of the settings costs beside the first; JSON types.

    Raises:
        ConfigError: if fewer than two tasks are given.
    """
    if len(settings.task) < 2:  # noqa: PLR2004
        raise ConfigError("task: one is given; --tasks compares two or more, as in classify,dogs")
    set_up_process()
    network = build_network(settings, photos=False)
    looks = []
    for count in range(1, len(settings.task) + 1):
        some = replace(network, tasks=network.tasks[:count])
        chosen = settings.model_copy(update={"task": settings.task[:count]})
        looks.append(build_step(chosen, some, build_decider(chosen, some)).look)
    rows = measure_added(looks, _frames(frames + _WARM_UP), warm_up=_WARM_UP)
    found = added_figures(settings.task, rows)
    return {**found, "model": network.model.name, "resolution": network.engine.spec.input.height}


def _frames(count: int) -> Iterator[Frame]:
    random = np.random.default_rng(_SEED)
    pixels = random.integers(0, 256, _SIZE, dtype=np.uint8)
    for number in range(count):
        yield Frame(pixels, number, number / 25, "made")
