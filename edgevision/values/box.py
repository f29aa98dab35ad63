"""A rectangle in fractions of the frame, so that it means the same at every resolution."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """`x, y` (top left corner), `width`, `height`, each in 0..1 of the frame.

    Raises:
        ValueError: if the rectangle is empty, not finite or leaves the frame by more than rounding.
    """

    x: float
    y: float
    width: float
    height: float

    def __post_init__(self) -> None:
        slack = 1e-6
        inside = -slack <= self.x and -slack <= self.y
        inside = inside and self.x + self.width <= 1 + slack and self.y + self.height <= 1 + slack
        if not (inside and self.width > 0 and self.height > 0):
            msg = f"box {self.as_tuple()} is not inside 0..1, with width and height over 0"
            raise ValueError(msg)

    def as_tuple(self) -> tuple[float, float, float, float]:
        """`(x, y, width, height)`."""
        return (self.x, self.y, self.width, self.height)

    def to_pixels(self, width: int, height: int) -> tuple[int, int, int, int]:
        """`(left, top, right, bottom)` in a frame of `width` x `height` pixels; never empty."""
        left = min(max(round(self.x * width), 0), width - 1)
        top = min(max(round(self.y * height), 0), height - 1)
        right = min(max(round((self.x + self.width) * width), left + 1), width)
        bottom = min(max(round((self.y + self.height) * height), top + 1), height)
        return left, top, right, bottom

    def within(self, outer: Box) -> Box:
        """This box, given in fractions of `outer`, in fractions of the whole frame."""
        return clipped(
            outer.x + self.x * outer.width,
            outer.y + self.y * outer.height,
            self.width * outer.width,
            self.height * outer.height,
        )

    def squared(self, frame_width: int, frame_height: int, padding: float = 0.0) -> Box:
        """The smallest square (in pixels) around this box, widened by `padding` on each side.

        Args:
            frame_width, frame_height: the frame's size in pixels.
            padding: share of the longer side that is added on each side, 0 or more.

        The square keeps its centre where it can, is moved inwards at the frame's edge, and is cut
        to the frame only where it is larger than it.
        """
        side = max(self.width * frame_width, self.height * frame_height) * (1 + 2 * padding)
        width = min(side / frame_width, 1.0)
        height = min(side / frame_height, 1.0)
        x = self.x + self.width / 2 - width / 2
        y = self.y + self.height / 2 - height / 2
        return clipped(min(max(x, 0.0), 1 - width), min(max(y, 0.0), 1 - height), width, height)

    def overlap(self, other: Box) -> float:
        """Intersection over union, 0..1."""
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        if width <= 0 or height <= 0:
            return 0.0
        shared = width * height
        return shared / (self.width * self.height + other.width * other.height - shared)


def clipped(x: float, y: float, width: float, height: float) -> Box:
    """The part of a rectangle that lies in the frame.

    Raises:
        ValueError: if nothing of it does.
    """
    left, top = max(x, 0.0), max(y, 0.0)
    return Box(left, top, min(x + width, 1.0) - left, min(y + height, 1.0) - top)


def centred_square(frame_width: int, frame_height: int) -> Box:
    """The largest square (in pixels) in the middle of a frame."""
    side = min(frame_width, frame_height)
    width, height = side / frame_width, side / frame_height
    return Box((1 - width) / 2, (1 - height) / 2, width, height)


FULL = Box(0.0, 0.0, 1.0, 1.0)
