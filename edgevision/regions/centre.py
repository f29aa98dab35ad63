"""The largest square in the middle, undistorted: how photographers frame what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgevision.values.box import centred_square

if TYPE_CHECKING:
    from edgevision.regions.options import RegionOptions
    from edgevision.values.box import Box
    from edgevision.values.frame import Frame
    from edgevision.values.report import Report
    from edgevision.values.tensor import Features


class Centre:
    """Looks at the middle only. Photos are looked at so, for a squeezed one is recognised worse."""

    def __init__(self, options: RegionOptions) -> None:
        del options

    def select(self, frame: Frame, last: Report | None) -> tuple[Box, ...]:
        """The middle square."""
        del last
        return (centred_square(frame.width, frame.height),)

    def refine(self, features: Features, box: Box, frame: Frame) -> None:
        """Never looks again."""
        del features, box, frame
