"""Photos of dogs made worse as a camera at the door makes them, always in the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]
    Random = np.random.Generator

_PART: Final = (0.55, 0.8)  # side of a part, of that of the photo's middle square
_BORDER: Final = 0.35  # what is added on each side of a photo whose dog is to be small, of the same
_BLUR: Final = 0.008  # standard deviation of the blur, of the same
_LIGHT: Final = (0.15, 0.35)  # how much of it is left
_GAIN: Final = 0.5  # what a camera brightens it to
_NOISE: Final = 4.0  # standard deviation before that, in steps of 255


def _part(pixels: Pixels, random: Random) -> Pixels:
    height, width = pixels.shape[:2]
    short = min(height, width)
    side = int(random.uniform(*_PART) * short)
    top = (height - short) // 2 + int(random.random() * (short - side))
    left = (width - short) // 2 + int(random.random() * (short - side))
    return np.ascontiguousarray(pixels[top : top + side, left : left + side])


def _small(pixels: Pixels, _: Random) -> Pixels:
    margin = int(_BORDER * min(pixels.shape[:2]))
    wider = cv2.copyMakeBorder(pixels, margin, margin, margin, margin, cv2.BORDER_REFLECT_101)
    return np.asarray(wider, np.uint8)


def _blurred(pixels: Pixels, _: Random) -> Pixels:
    deviation = _BLUR * min(pixels.shape[:2])
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), deviation), np.uint8)


def _dark(pixels: Pixels, random: Random) -> Pixels:
    light = np.float32(random.uniform(*_LIGHT))
    noise = random.normal(0, _NOISE, pixels.shape).astype(np.float32)
    seen = np.clip(np.rint(pixels * light + noise), 0, 255)
    return np.asarray(np.clip(seen * (_GAIN / light), 0, 255), np.uint8)


KINDS: Final[dict[str, Callable[[Pixels, Random], Pixels]]] = {
    "part of it": _part,
    "small in the scene": _small,
    "blurred": _blurred,
    "in low light": _dark,
}


def made_worse(pixels: Pixels, random: Random) -> list[Pixels]:
    """`pixels` (H, W, 3) in each of the ways, other sizes than before."""
    return [change(pixels, random) for change in KINDS.values()]
