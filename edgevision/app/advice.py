"""Whether trained weights are to be had for what was found best, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgevision.zoo.entry import IMAGENET
from edgevision.zoo.registry import entries, local_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from edgevision.evaluation.fit import Timed
    from edgevision.zoo.entry import Entry


@dataclass(frozen=True, slots=True)
class Weights:
    """Trained weights of the registry for a row.

    Attributes:
        row: family, alpha and resolution that they are for.
        model: their id.
        here: the file is on this device.
        resized: they were trained at another resolution.
    """

    row: Timed
    model: str
    here: bool
    resized: bool

    @property
    def commands(self) -> tuple[str, ...]:
        """What to type to use them."""
        run = f"edgevision run --model {self.model}"
        run += f" --resolution {self.row.resolution}" if self.resized else ""
        return (run,) if self.here else (f"edgevision models pull {self.model}", run)

    def to_dict(self) -> dict[str, Any]:
        """JSON types."""
        return {
            "for": self.row.id,
            "model": self.model,
            "resolution": self.row.resolution,
            "here": self.here,
            "resized": self.resized,
            "commands": list(self.commands),
        }


def weights_for(rows: Iterable[Timed], folder: Path) -> Weights | None:
    """Of the first row, else of the next most accurate one for which there are any.

    Only classifiers of ImageNet count, as the rows' accuracies are theirs.

    Args:
        rows: in the order of preference; those without a published accuracy are passed over.
        folder: where fetched and added networks lie.
    """
    known = list(entries(folder).values())
    for row in rows:
        if row.top1 is None:
            continue
        found = list(_of(row, known, folder))
        if found:
            # What is here comes first, then what was trained at that very resolution.
            return min(found, key=lambda one: (not one.here, one.resized))
    return None


def _of(row: Timed, known: Iterable[Entry], folder: Path) -> Iterator[Weights]:
    for entry in known:
        if entry.labels != IMAGENET or entry.for_edgetpu:
            continue
        if row.trained is not None and row.trained != entry.id:
            continue
        if (entry.family, entry.alpha) != (row.family, row.alpha):
            continue
        resized = entry.resolution != row.resolution
        if not resized or entry.resizable:
            yield Weights(row, entry.id, local_file(entry, folder) is not None, resized)
