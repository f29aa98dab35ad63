"""Which network is the default where there is an Edge TPU."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edgevision.app.checks.edgetpu import is_there
from edgevision.app.checks.finding import Device
from edgevision.zoo.pinned import pinned
from edgevision.zoo.registry import DEFAULT, local_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from edgevision.config.schema import Settings
    from edgevision.zoo.entry import Entry

WORSE_BY: Final = 3.0
"""Points that the network on the Edge TPU may be worse than the default on the CPU."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The network that "default" means, and what to say of it; "" for nothing."""

    use: str
    says: str = ""


def preferred(settings: Settings, device: Device | None = None) -> Choice:
    """What `model.use` comes to.

    That is what the settings say; for "default" the network for the Edge TPU, if there is one, its
    files are here, and it was measured to be at most `WORSE_BY` points worse at every task.

    Args:
        settings: checked.
        device: where to look for an Edge TPU; None: here.
    """
    chosen, wanted = settings.model, settings.engine.device
    is_open = chosen.use == "default" and chosen.resolution is None and not chosen.heads
    if not is_open or chosen.labels is not None or wanted == "cpu":
        return Choice(chosen.use)
    if wanted == "auto" and not is_there(device or Device()):
        return Choice(chosen.use)
    known = {**pinned("embedded"), **pinned("registry")}
    here = list(_here(settings, known))
    if not here:
        return Choice(DEFAULT, "Edge TPU: no network for it is here; going on with the CPU")
    apart = {name: _worse_by(settings, known[known[name].twin], known[DEFAULT]) for name in here}
    measured = {name: points for name, points in apart.items() if points is not None}
    if not measured:
        tasks = ", ".join(settings.task)
        return Choice(
            DEFAULT,
            f"Edge TPU: no network for it was measured at {tasks}; going on with the CPU "
            f"(--model {here[0]} uses it all the same)",
        )
    name = min(measured, key=lambda one: measured[one])
    if measured[name] > WORSE_BY:
        return Choice(
            DEFAULT,
            f"Edge TPU: {name} is right {measured[name]:.1f} points less often than {DEFAULT} "
            f"(at most {WORSE_BY:g}); going on with the CPU (--model {name} uses it all the same)",
        )
    return Choice(name, f"Edge TPU: {name} is the default there")


def _here(settings: Settings, known: Mapping[str, Entry]) -> Iterator[str]:
    """Compiled networks whose file, and whose twin's, are on this device."""
    folder = settings.models.place(os.environ)
    for entry in known.values():
        pair = (entry, known.get(entry.twin)) if entry.for_edgetpu else ()
        if pair and all(one is not None and local_file(one, folder) for one in pair):
            yield entry.id


def _worse_by(settings: Settings, entry: Entry, default: Entry) -> float | None:
    """Points, at the task at which it is worst; None if one was not measured of both."""
    points = []
    for task in settings.task:
        ours, theirs = entry.measured_tasks.get(task), default.measured_tasks.get(task)
        if task == "classify":
            ours = entry.measured_top1.get(entry.resolution)
            theirs = default.measured_top1.get(default.resolution)
        if ours is None or theirs is None:
            return None
        points.append(theirs - ours)
    return max(points)
