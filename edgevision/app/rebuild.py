"""Makes the parts of changed settings beside a running loop, keeping the engine if that will do."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from edgevision import tasks
from edgevision.app import learned
from edgevision.app.build import build_model, build_network, build_tasks
from edgevision.app.rules import build_rules

if TYPE_CHECKING:
    from edgevision.app.build import Network
    from edgevision.config.schema import Settings


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """Settings and a network that serves them.

    Attributes:
        renewed: tasks whose head is another than before: they were taught anew.
        fresh_engine: whether the network has an engine of its own, to be closed if it is not used.
    """

    settings: Settings
    network: Network
    renewed: tuple[str, ...] = ()
    fresh_engine: bool = False

    def of(self, settings: Settings) -> Rebuilt:
        """The same for settings that differ in what is no matter of the network."""
        return replace(self, settings=settings)

    def give_up(self) -> None:
        """It is not used."""
        if self.fresh_engine:
            self.network.engine.close()


def rebuild(settings: Settings, network: Network, *, engine: bool = False) -> Rebuilt:
    """The network of `settings`; its tasks are read anew, its engine is `network`'s.

    Args:
        settings: what is wanted.
        network: what runs.
        engine: whether an engine is to be built as well.

    Raises:
        ConfigError: if a task is not known, or a rule is wrong.
        ModelError: if the model, a head or its labels do not fit.
        EngineError: if no runtime runs it.
    """
    if engine:
        made = build_network(settings)
    else:
        learned.check_tasks(settings.task, learned.place(os.environ))
        model = build_model(settings)
        made = network.with_tasks(model, build_tasks(settings, model, network.engine.spec))
    rebuilt = Rebuilt(settings, made, _renewed(network, made), engine)
    try:
        build_rules(settings, made.tasks)
    except BaseException:
        rebuilt.give_up()
        raise
    return rebuilt


def _renewed(old: Network, new: Network) -> tuple[str, ...]:
    return tuple(
        name
        for name, head in new.model.heads.items()
        if name not in tasks.KINDS
        and name in old.model.heads
        and not _same(head.weights, old.model.heads[name].weights)
    )


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and bool(np.array_equal(one, other))
