"""An event as the store has it: what was told, and what people did with it since."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgevision.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Kept:
    """One phase of a sighting.

    Attributes:
        row: grows with each event that is added.
        line: the event's JSON, as it was told.
        corrected: the label that a person gave in place of the event's; None: none did.
        pinned: whether it is kept whatever its age.
    """

    row: int
    line: str
    corrected: str | None = None
    pinned: bool = False

    @property
    def event(self) -> dict[str, Any]:
        """The object of docs/events.md.

        Raises:
            StoreError: if the row is damaged.
        """
        try:
            event = json.loads(self.line)
        except ValueError as error:
            raise StoreError(f"row {self.row} of the events is damaged: {error}") from error
        if not isinstance(event, dict):
            raise StoreError(f"row {self.row} of the events is damaged: no JSON object")
        return event

    def to_dict(self, files: Sequence[str] | None = None) -> dict[str, Any]:
        """The event with the key `kept` behind it; that names `files` where they are given."""
        kept: dict[str, Any] = {"corrected": self.corrected, "pinned": self.pinned}
        if files is not None:
            kept["files"] = list(files)
        return {**self.event, "kept": kept}
