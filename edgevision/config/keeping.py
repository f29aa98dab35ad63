"""Settings of the database of events, and of how long they stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from edgevision.config.folders import folder
from edgevision.config.types import Branch, File, Number, Switch, branch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Retention(Branch):
    """How long events and pictures stay; what is pinned or corrected stays for good."""

    max_age_days: Annotated[Number, Field(gt=0, le=100_000)] | None = Field(
        default=None, description="days that events are kept, with their pictures; empty: for good"
    )
    pictures_max_age_days: Annotated[Number, Field(gt=0, le=100_000)] | None = Field(
        default=None, description="days that pictures and clips are kept; empty: as their events"
    )
    max_mb: Annotated[Number, Field(ge=1, le=10_000_000)] | None = Field(
        default=2000.0,
        description="megabytes of pictures and database together; the oldest go first",
    )
    min_free_mb: Annotated[Number, Field(ge=0, le=10_000_000)] | None = Field(
        default=200.0,
        description="megabytes that stay free on the pictures' disk; the oldest pictures go first",
    )


class Store(Branch):
    """The database of events."""

    enabled: Switch = Field(default=True, description="keep events in a database")
    path: File | None = Field(
        default=None,
        description="its file; empty: edgevision/events.sqlite in the user's state folder",
    )
    retention: Retention = branch("how long events and pictures stay")

    def file(self, environ: Mapping[str, str]) -> Path:
        """Where the database lies: `path`, else in $XDG_STATE_HOME or ~/.local/state."""
        if self.path is not None:
            return self.path
        return folder(environ, "XDG_STATE_HOME", ".local/state") / "edgevision" / "events.sqlite"
