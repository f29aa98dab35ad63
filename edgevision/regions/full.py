"""The whole frame, squeezed into the network's square as its training photos were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgevision.values.box import FULL, Box

if TYPE_CHECKING:
    from edgevision.regions.options import RegionOptions
    from edgevision.values.frame import Frame
    from edgevision.values.report import Report
    from edgevision.values.tensor import Features


class Full:
    """Looks at everything, always."""

    def __init__(self, options: RegionOptions) -> None:
        del options

    def select(self, frame: Frame, last: Report | None) -> tuple[Box, ...]:
        """The whole frame."""
        del frame, last
        return (FULL,)

    def refine(self, features: Features, box: Box, frame: Frame) -> None:
        """Never looks again."""
        del features, box, frame
