"""A fixed rectangle, for a camera that sees more than it should look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgevision.errors import ConfigError

if TYPE_CHECKING:
    from edgevision.regions.options import RegionOptions
    from edgevision.values.box import Box
    from edgevision.values.frame import Frame
    from edgevision.values.report import Report
    from edgevision.values.tensor import Features


class Zone:
    """Looks at `options.zone` only.

    Raises:
        ConfigError: if there is none.
    """

    def __init__(self, options: RegionOptions) -> None:
        if options.zone is None:
            raise ConfigError("region.zone: missing; region zone needs [x, y, width, height]")
        self._zone = options.zone

    def select(self, frame: Frame, last: Report | None) -> tuple[Box, ...]:
        """The zone."""
        del frame, last
        return (self._zone,)

    def refine(self, features: Features, box: Box, frame: Frame) -> None:
        """Never looks again."""
        del features, box, frame
