"""One picture of a source, owned by nobody's camera."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime

    import numpy as np
    import numpy.typing as npt


Fault: TypeAlias = Literal["", "black", "frozen", "stale"]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A picture and when it was taken.

    Attributes:
        pixels: (H, W, 3) uint8 RGB, read-only, its own copy: never a camera's buffer.
        number: 0, 1, 2, ... as the source gave them; a gap is a dropped frame.
        seconds: the source's own time, never decreasing: media time plus loop offset for files,
            monotonic clock for live sources.
        source: the configured name of the source; never its address.
        taken_at: when it was read (UTC); None for files.
        small: (h, w, 3) uint8 RGB of the same scene made by the camera, or None.
        name: the file's name, for photos of a folder; else None.
        fault: why it shows nothing: a live source is black or frozen; "stale": it is the last one
            of a source that gives none now. The network does not look at it.
        ready_at: `time.perf_counter()` when the frame was complete; latency counts from here.
    """

    pixels: npt.NDArray[np.uint8]
    number: int
    seconds: float
    source: str
    taken_at: datetime | None = None
    small: npt.NDArray[np.uint8] | None = None
    name: str | None = None
    ready_at: float = field(default_factory=perf_counter)
    fault: Fault = ""

    def __post_init__(self) -> None:
        self.pixels.flags.writeable = False

    @property
    def width(self) -> int:
        """Pixels in a row."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])
