"""Letters of the screen: Inter in two weights, drawn once for each text and kept."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from edgevision.outputs.sdl import pygame

if TYPE_CHECKING:
    from typing import TypeAlias

    Rgb: TypeAlias = tuple[int, int, int]

Weight = Literal["Medium", "Bold"]
_FOLDER: Final = Path(__file__).parent.parent / "data" / "fonts"
# The smallest that is still read at arm's length.
_SMALLEST: Final = 9


@lru_cache(maxsize=256)
def written(text: str, size: int, colour: Rgb, weight: Weight = "Medium") -> Any:
    """`text` on a transparent surface, `size` pixels from line to line at the least; read-only."""
    return _font(max(size, _SMALLEST), weight).render(text, True, colour)  # noqa: FBT003 - by place only


@lru_cache(maxsize=256)
def fitting(text: str, size: int, width: int, weight: Weight = "Medium") -> str:
    """`text`, or as much of its beginning as fits into `width` pixels, with an ellipsis."""
    font = _font(max(size, _SMALLEST), weight)
    if font.size(text)[0] <= width:
        return text
    for end in range(len(text) - 1, 0, -1):
        shorter = text[:end].rstrip() + "…"
        if font.size(shorter)[0] <= width:
            return shorter
    return ""


def forget() -> None:
    """Let all go, before SDL does: its letters are of no use afterwards."""
    written.cache_clear()
    fitting.cache_clear()
    _font.cache_clear()


@lru_cache(maxsize=16)
def _font(size: int, weight: Weight) -> Any:
    if not pygame.font.get_init():
        pygame.font.init()
    return pygame.font.Font(_FOLDER / f"Inter-{weight}.otf", size)
