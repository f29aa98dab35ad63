"""A small map of the world with one place on it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from edgevision.geo.scene import NORTH, SOUTH, land, on_map
from edgevision.outputs.sdl import pygame

if TYPE_CHECKING:
    from edgevision.values.place import Place

_SEA: Final = (18, 30, 44)
_LAND: Final = (86, 104, 120)
_HALO, _DOT = (255, 255, 255), (230, 159, 0)
_FINER: Final = 4
"""Coordinates of outlines in 1/16 of a pixel (cv2's shift)."""


def height_of(width: int) -> int:
    """Rows of a map `width` pixels wide."""
    return max(round(width * (NORTH - SOUTH) / 360), 1)


@lru_cache(maxsize=4)
def world_with(place: Place, width: int) -> Any:
    """A surface with the map, and `place` as a dot in a circle; read-only."""
    surface = _world(width).copy()
    across, down = on_map(np.array([[place.lon, place.lat]], np.float64), width)[0]
    dot = max(width // 44, 3)
    centre = (round(float(across)), round(float(down)))
    pygame.draw.circle(surface, _HALO, centre, dot + max(dot // 2, 2))
    pygame.draw.circle(surface, _DOT, centre, dot)
    return surface


@lru_cache(maxsize=2)
def _world(width: int) -> Any:
    canvas = np.empty((height_of(width), width, 3), np.uint8)
    canvas[...] = _SEA
    for ring in land():
        outline = np.round(on_map(ring, width) * (1 << _FINER)).astype(np.int32)
        cv2.fillPoly(canvas, [outline], _LAND, cv2.LINE_AA, _FINER)
    return pygame.image.frombuffer(canvas.tobytes(), (width, canvas.shape[0]), "RGB")
