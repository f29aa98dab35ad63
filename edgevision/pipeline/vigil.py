"""Pictures that show nothing: a live source that has turned black, or stands still."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from edgevision.pipeline.filtered import Filtered

if TYPE_CHECKING:
    import numpy.typing as npt

    from edgevision.protocols import Source
    from edgevision.values.frame import Fault, Frame

# Every so many pixels both ways are looked at: some hundreds of a frame, in microseconds.
_STEP = 31
# A lens in the dark has noise and a few hot pixels; a sensor that is off has neither.
_BLACK_LEVEL = 20
_BRIGHT_SHARE = 0.005
_BLACK_SECONDS = 2.0
# Sensors are never still to the last bit. A stream may repeat a picture, but not for so long.
_FROZEN_SECONDS = 10.0


@dataclass(slots=True)
class Seen:
    """What a source showed last, and since when; kept from one opening to the next.

    A source that is opened again and still gives the same picture is frozen from its first frame:
    the network does not look at it for another ten seconds.

    Attributes:
        sample: some pixels of the last frame; None before the first.
        lit_at, moved_at: when it was last not black, and last another, in the source's seconds,
            which go on while it is closed: a live source tells them by the machine's clock.
    """

    sample: npt.NDArray[np.uint8] | None = None
    lit_at: float = 0.0
    moved_at: float = 0.0


class Vigil(Filtered):
    """Marks frames that are black for 2 s, or the same to the last bit for 10 s.

    Args:
        source: whose frames they are; its own time counts.
        seen: what it showed when it was open before, and takes in what it shows now.
    """

    def __init__(self, source: Source, seen: Seen | None = None) -> None:
        super().__init__(source)
        self._seen = Seen() if seen is None else seen

    def changed(self, frame: Frame) -> Frame:
        """`frame`, with `fault` set if it shows nothing."""
        fault = self._fault(frame)
        return replace(frame, fault=fault) if fault else frame

    def _fault(self, frame: Frame) -> Fault:
        sample, now, seen = frame.pixels[::_STEP, ::_STEP].copy(), frame.seconds, self._seen
        last, seen.sample = seen.sample, sample
        lit = np.count_nonzero(sample > _BLACK_LEVEL) > _BRIGHT_SHARE * sample.size
        if last is None or lit:
            seen.lit_at = now
        if last is None or not np.array_equal(sample, last):
            seen.moved_at = now
        if now - seen.lit_at >= _BLACK_SECONDS:
            return "black"
        return "frozen" if now - seen.moved_at >= _FROZEN_SECONDS else ""
