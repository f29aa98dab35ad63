"""Words as small pictures, rendered once and kept: putting them on a frame is one cv2.max.

Only OpenCV's built-in (Hershey) faces are used, so that no font file is needed. They have ASCII
only; other letters are written as their nearest ASCII ones.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

Colour: TypeAlias = tuple[int, int, int]

# Letters that Unicode does not take apart into a base letter and a mark.
_SPELT = str.maketrans(
    {
        "ß": "ss",
        "æ": "ae",
        "Æ": "AE",
        "œ": "oe",
        "Œ": "OE",
        "ø": "o",
        "Ø": "O",
        "đ": "d",
        "Đ": "D",
        "ð": "d",
        "Ð": "D",
        "þ": "th",
        "Þ": "Th",
        "ł": "l",
        "Ł": "L",
        "ı": "i",  # noqa: RUF001
        "‘": "'",  # noqa: RUF001 - this is the letter that is replaced
        "’": "'",  # noqa: RUF001
        "“": '"',
        "”": '"',
        "–": "-",  # noqa: RUF001
        "—": "-",
        "…": "...",
        "×": "x",  # noqa: RUF001
        "·": "-",
        "°": " deg",
    }
)
_FACE = cv2.FONT_HERSHEY_SIMPLEX
# A large "H" is measured once; OpenCV 5 draws these faces from outlines, 4 from strokes, and what
# getTextSize says of their height differs.
_REFERENCE_SCALE = 4.0


def ascii_of(text: str) -> str:
    """`text` in printable ASCII: accents are dropped, what has no likeness becomes "?"."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_SPELT))
    bare = "".join(mark for mark in decomposed if not unicodedata.combining(mark))
    return "".join(mark if " " <= mark <= "~" else "?" for mark in " ".join(bare.split()))


@lru_cache(maxsize=256)
def lettering(text: str, capital: int, colour: Colour) -> npt.NDArray[np.uint8]:
    """`text` on black, (h, w, 3) uint8, read-only, to be put on a dark ground by cv2.max.

    Args:
        text: printable ASCII.
        capital: height of a capital letter, in pixels; the picture is higher by `below(capital)`
            for the letters that hang under the line.
        colour: of the letters, in the frame's own order of channels.
    """
    scale, thickness = _scale(capital), _thickness(capital)
    (width, _), _ = cv2.getTextSize(text, _FACE, scale, thickness)
    margin = thickness
    canvas = np.zeros((capital + below(capital), max(width, 1) + 2 * margin, 3), np.uint8)
    cv2.putText(canvas, text, (margin, capital), _FACE, scale, colour, thickness, cv2.LINE_AA)
    canvas.flags.writeable = False
    return canvas


def below(capital: int) -> int:
    """Pixels under the line of writing that letters like "g" need."""
    return capital // 2 + 1


@lru_cache(maxsize=256)
def shortened(text: str, capital: int, width: int) -> str:
    """`text`, or as much of its beginning as fits in `width` pixels, with two dots; may be ""."""
    scale, thickness = _scale(capital), _thickness(capital)

    def fits(words: str) -> bool:
        return cv2.getTextSize(words, _FACE, scale, thickness)[0][0] + 2 * thickness <= width

    if fits(text):
        return text
    for end in range(len(text) - 1, 0, -1):
        words = text[:end].rstrip() + ".."
        if fits(words):
            return words
    return ""


def _scale(capital: int) -> float:
    return capital * _REFERENCE_SCALE / _reference_capital()


def _thickness(capital: int) -> int:
    return max(1, round(capital / 9))


@lru_cache(maxsize=1)
def _reference_capital() -> int:
    canvas = np.zeros((300, 300), np.uint8)
    cv2.putText(canvas, "H", (50, 250), _FACE, _REFERENCE_SCALE, 255, 1)
    rows = np.flatnonzero(canvas.any(axis=1))
    return int(rows[-1] - rows[0] + 1)
