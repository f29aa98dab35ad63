"""What every kind of region is made with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt

    from edgevision.values.box import Box
    from edgevision.values.tensor import Features


@dataclass(frozen=True, slots=True)
class RegionOptions:
    """Settings of a region; each kind takes what it needs.

    Attributes:
        zone: the rectangle to look at; None: the whole frame.
        idle_fps: how often to look while nothing moves, frames a second, 0 for never.
        padding: share of the longer side that is added around what moves, on each side.
        most: boxes a frame, at most.
        activation: where in a box the task's best guess is seen, (h, w); or None.
    """

    zone: Box | None = None
    idle_fps: float = 1.0
    padding: float = 0.15
    most: int = 2
    activation: Callable[[Features], npt.NDArray[np.float32] | None] | None = None
