"""The trained networks that are here, at each resolution that they can run at."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edgevision.app.build import build_engine
from edgevision.errors import ModelError
from edgevision.evaluation.fit import Timed
from edgevision.zoo.families import network_of
from edgevision.zoo.registry import Model, entries, local_file, opened
from edgevision.zoo.seeded import is_seeded

if TYPE_CHECKING:
    from pathlib import Path

    from edgevision.config.schema import Settings
    from edgevision.evaluation.fit import Times
    from edgevision.protocols import Engine
    from edgevision.zoo.entry import Entry

log = logging.getLogger(__name__)

RESOLUTIONS: Final = (224, 192, 160, 128)


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained network at one resolution.

    Attributes:
        entry: its row in the registry.
        path: of the file, whose digest is the entry's.
        resolution: side of the input in pixels.
    """

    entry: Entry
    path: Path
    resolution: int

    @property
    def id(self) -> str:
        """For lists: the entry's id, and the resolution where it is not the file's own."""
        own = self.resolution == self.entry.resolution
        return self.entry.id if own else f"{self.entry.id} at {self.resolution}"

    @property
    def key(self) -> str:
        """What times of it are kept under."""
        return f"{self.entry.file.sha256}@{self.resolution}"

    @property
    def resized_to(self) -> int | None:
        """The resolution, where it is not the file's own."""
        return None if self.resolution == self.entry.resolution else self.resolution

    def open(self, settings: Settings) -> Engine:
        """Open it with the runtime, threads and kernels of the settings.

        Raises:
            ModelError: if it cannot run at this resolution.
            EngineError: if no runtime runs it.
        """
        model = Model(self.entry.id, self.path, self.entry.file.sha256)
        return build_engine(settings, model, resolution=self.resized_to)

    def chosen(self, settings: Settings) -> Settings:
        """The settings with this network at this resolution, one look, and no budget any more."""
        # Said even where it is the file's own, if photos would else take another, and longer.
        side = self.resized_to if self.entry.best_resolution is None else self.resolution
        changed = {"use": self.entry.id, "resolution": side, "budget_ms": None}
        model = settings.model.model_copy(update=changed)
        region = settings.region.model_copy(update={"mirror": settings.region.mirror or False})
        return settings.model_copy(update={"model": model, "region": region})

    def timed(self, times: Times) -> Timed:
        """As a row beside others; a published accuracy holds at the file's own resolution only."""
        entry, own = self.entry, self.resized_to is None
        return Timed(
            id=self.id,
            family=entry.family,
            alpha=entry.alpha,
            resolution=self.resolution,
            times=times,
            mb=entry.file.bytes / 1e6,
            mult_adds=self._mult_adds(),
            params=entry.parameters,
            top1=entry.published_top1 if own else None,
            source=entry.published_in if own else "",
            trained=entry.id,
            measured_top1=entry.measured_top1.get(self.resolution),
        )

    def _mult_adds(self) -> int | None:
        entry = self.entry
        if self.resized_to is None or entry.mult_adds is None or entry.alpha is None:
            return entry.mult_adds if self.resized_to is None else None
        with suppress(ModelError):
            network = network_of(entry.family, entry.alpha)
            # The entry counts what its file has: a classifier of another size, or none.
            besides = network.mult_adds(entry.resolution) - entry.mult_adds
            return network.mult_adds(self.resolution) - besides
        return None


def trained_here(folder: Path) -> list[Trained]:
    """Networks of the registry whose files are here, at each resolution that they can run at.

    Those for the Edge TPU are left out, and those that are damaged or another file than the
    registry's, which is said in the log.

    Args:
        folder: where fetched and added networks lie.

    Raises:
        ModelError: if the registry is damaged.
    """
    found: list[Trained] = []
    for entry in entries(folder).values():
        if entry.for_edgetpu or local_file(entry, folder) is None:
            continue
        try:
            path = _verified(entry, folder)
        except ModelError as error:
            log.warning("%s is left out: %s", entry.id, error)
            continue
        sides = RESOLUTIONS if entry.resizable else ()
        found += [Trained(entry, path, side) for side in dict.fromkeys((entry.resolution, *sides))]
    return found


def _verified(entry: Entry, folder: Path) -> Path:
    path = opened(entry, folder).path
    try:
        seeded = is_seeded(path.read_bytes())
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
    if seeded:
        raise ModelError(f"{path}: its weights were drawn from a seed, for timing only")
    return path
