"""A seeded moving pattern: the same pixels for the same seed and number, on every machine."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import numpy as np

from edgevision.sources.reading import Reading
from edgevision.values.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from edgevision.sources.uri import Address

PERIODS = (97, 61)  # frames for one way across and one way down; coprime, so paths repeat late


class Synthetic(Reading):
    """A textured square that travels over a textured ground.

    Options: `width` 640, `height` 360, `fps` 30, `seed` 0, `frames` (endless without), `live`
    (paced by the clock as a camera is, with `seconds` and `taken_at` of a camera).
    """

    def __init__(self, address: Address, name: str) -> None:
        super().__init__(address, name)
        self._options = address.options
        self.live = bool(self._options.get("live", False))

    def open(self) -> None:
        """Draw ground and square."""
        width, height = self._options.get("width", 640), self._options.get("height", 360)
        random = np.random.default_rng(self._options.get("seed", 0))
        self._ground = _texture(random, height, width, cell=max(4, height // 12), low=40, high=140)
        side = max(4, min(width, height) // 3)
        self._square = _texture(random, side, side, cell=max(2, side // 6), low=90, high=255)

    def close(self) -> None:
        """End the iteration; there is nothing to give back."""
        self.stopping.set()

    def __iter__(self) -> Iterator[Frame]:
        """Frames 0, 1, 2, ... until `frames` or `stop()`."""
        period = 1.0 / self._options.get("fps", 30)
        begun = time.monotonic()
        for number in range(self._options.get("frames", 2**62)):
            due = begun + number * period
            if self.stopping.wait(max(0.0, due - time.monotonic()) if self.live else 0.0):
                return
            yield Frame(
                self.picture(number),
                number,
                time.monotonic() if self.live else number * period,
                self.name,
                datetime.now(timezone.utc) if self.live else None,
            )

    def picture(self, number: int) -> npt.NDArray[np.uint8]:
        """The pixels of frame `number`, (height, width, 3) uint8 RGB, a new array; once open."""
        pixels = self._ground.copy()
        side = self._square.shape[0]
        x = _to_and_fro(number, PERIODS[0], pixels.shape[1] - side)
        y = _to_and_fro(number, PERIODS[1], pixels.shape[0] - side)
        pixels[y : y + side, x : x + side] = self._square
        return pixels


def _to_and_fro(number: int, period: int, reach: int) -> int:
    step = number % (2 * period)
    return min(step, 2 * period - step) * reach // period


def _texture(
    random: np.random.Generator, height: int, width: int, *, cell: int, low: int, high: int
) -> npt.NDArray[np.uint8]:
    # Nearest neighbour, because interpolation differs in the last bit between OpenCV's versions.
    coarse = random.integers(
        low, high, (-(-height // cell), -(-width // cell), 3), dtype=np.uint8, endpoint=True
    )
    grown = np.repeat(np.repeat(coarse, cell, axis=0), cell, axis=1)[:height, :width]
    return np.ascontiguousarray(grown)
