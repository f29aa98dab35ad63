"""Paints a scene for people who stand across the room."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgevision.outputs.fonts import fitting, written
from edgevision.outputs.inset import height_of, world_with
from edgevision.outputs.sdl import pygame
from edgevision.pixels.fit import Placed, covered

if TYPE_CHECKING:
    from edgevision.outputs.fonts import Rgb, Weight
    from edgevision.outputs.scene import Answer, Scene, Sight

WHITE: Rgb = (255, 255, 255)
SOFT: Rgb = (206, 214, 222)
ACCENT: dict[str, Rgb] = {"seen": (86, 180, 233), "unsure": (240, 170, 40), "nothing": SOFT}
"""Sky blue and orange of Okabe and Ito's palette, which colour-blind people tell apart."""
_TRACK: Final = (255, 255, 255, 60)
_BANNER: Rgb = (240, 170, 40)
_INK: Rgb = (16, 20, 26)
_MOST_SEEN: Final = 4
_LARGE: Final = (92, 76, 62, 50)
# The picture's size for which lengths below are written.
_WIDTH, _HEIGHT = 1280, 720


class Painter:
    """Paints scenes onto a surface of SDL; of one size at a time."""

    def __init__(self, surface: Any) -> None:
        self._surface = surface
        self._width, self._height = surface.get_size()
        self._unit = min(self._width / _WIDTH, self._height / _HEIGHT)

    def paint(self, scene: Scene) -> None:
        """All of `scene`; what was there before is painted over."""
        placed = None
        if scene.frame is None:
            self._surface.fill(_INK)
        else:
            placed = covered(scene.frame.pixels, self._width, self._height)
            picture = pygame.image.frombuffer(placed.pixels.data, self._surface.get_size(), "RGB")
            self._surface.blit(picture, (0, 0))
        self._surface.blit(_shade(self._width, self._long(96), up=False), (0, 0))
        deep = self._long(330)
        self._surface.blit(_shade(self._width, deep, up=True), (0, self._height - deep))
        if placed is not None:
            self._boxes(scene, placed)
        self._facts(scene)
        reach = self._seen(scene.seen)
        if scene.answers:
            self._answer(scene.answers, reach)
            self._map(scene.answers[0])
        if scene.banner is not None:
            self._banner(scene.banner)

    def _long(self, length: float) -> int:
        return int(max(round(length * self._unit), 1))

    @property
    def _margin(self) -> int:
        return self._long(44)

    def _write(  # the right edge, if it is given, instead of the left one
        self,
        text: str,
        size: int,
        colour: Rgb,
        top: int,
        left: int = 0,
        *,
        right: int | None = None,
        weight: Weight = "Medium",
    ) -> Any:
        words = written(text, size, colour, weight)
        where = (left if right is None else right - words.get_width(), top)
        return self._surface.blit(words, where)

    def _boxes(self, scene: Scene, placed: Placed) -> None:
        """Corners in the verdict's colour, over a dark line that shows on any ground."""
        if scene.frame is None:
            return
        for answer in scene.answers[:1]:
            if answer.box is None:
                continue
            left, top, right, bottom = answer.box.to_pixels(scene.frame.width, scene.frame.height)
            x, y = placed.at(left, top)
            area = pygame.Rect(x, y, *np.subtract(placed.at(right, bottom), (x, y)))
            line, corner = self._long(5), min(self._long(54), area.width // 3, area.height // 3)
            for colour, thick in ((_INK, line + self._long(3)), (ACCENT[answer.verdict], line)):
                self._corners(area, colour, thick, corner)

    def _corners(self, area: Any, colour: Rgb, thick: int, length: int) -> None:
        for x, inward in ((area.left, 1), (area.right, -1)):
            for y, down in ((area.top, 1), (area.bottom, -1)):
                ends = ((x + inward * length, y), (x, y), (x, y + down * length))
                pygame.draw.lines(self._surface, colour, closed=False, points=ends, width=thick)

    def _facts(self, scene: Scene) -> None:
        size, top = self._long(24), self._long(26)
        left, right = self._margin, self._width - self._margin
        facts = self._write("   ·   ".join(scene.facts), size, SOFT, top, right=right)
        task = " + ".join(answer.task for answer in scene.answers)
        if task:
            shown = self._write(task, size, WHITE, top, left, weight="Bold")
            left = shown.right + self._long(28)
        if scene.notice is not None:
            room = max(facts.left - self._long(28) - left, 0)
            self._write(fitting(scene.notice, size, room), size, _BANNER, top, left)

    def _answer(self, answers: tuple[Answer, ...], reach: int) -> None:
        """From the bottom up: the other tasks, the reason, the bar, the large word."""
        answer, left = answers[0], self._margin
        room, colour = max(reach - left, 1), ACCENT[answer.verdict]
        bottom = self._height - self._long(40)
        others = [f"{one.task}: {one.headline}" for one in answers[1:]]
        for words in filter(None, ("   ·   ".join(others), answer.reason)):
            size = self._long(28)
            shown = written(fitting(words, size, room), size, SOFT)
            bottom -= shown.get_height()
            self._surface.blit(shown, (left, bottom))
            bottom -= self._long(8)
        if answer.score is not None:
            bottom -= self._long(20)
            self._bar(left, bottom, min(room, self._long(620)), answer.score, colour)
            bottom -= self._long(10)
        figure = "" if answer.score is None else f"{answer.score:.0%}"
        beside = written(figure, self._long(56), colour, "Bold")
        words, size = self._large(answer.headline, room - beside.get_width() - self._long(28))
        large = written(words, size, WHITE, "Bold")
        self._surface.blit(large, (left, bottom - large.get_height()))
        # Both stand on one line of writing, which lies about a quarter above the letters' foot.
        foot = bottom - large.get_height() // 4 + beside.get_height() // 4
        beside_left = left + large.get_width() + self._long(28)
        self._surface.blit(beside, (beside_left, foot - beside.get_height()))

    def _large(self, words: str, room: int) -> tuple[str, int]:
        """A long name in smaller letters rather than cut off, and the size of those."""
        for length in _LARGE:
            size = self._long(length)
            if fitting(words, size, room, "Bold") == words:
                return words, size
        return fitting(words, size, room, "Bold"), size

    def _bar(self, left: int, top: int, width: int, share: float, colour: Rgb) -> None:
        height = self._long(14)
        track = pygame.Surface((width, height), pygame.SRCALPHA)
        whole = track.get_rect()
        pygame.draw.rect(track, _TRACK, whole, border_radius=height // 2)
        filled = pygame.Rect(0, 0, max(round(width * share), height), height)
        pygame.draw.rect(track, colour, filled, border_radius=height // 2)
        self._surface.blit(track, (left, top))

    def _seen(self, seen: tuple[Sight, ...]) -> int:
        """Small pictures at the lower right, the newest first; returns how far others may reach."""
        side, gap = self._long(112), self._long(16)
        size = self._long(17)
        right = self._width - self._margin
        bottom = self._height - self._long(34)
        shown = [] if side * 8 > self._width else seen[:_MOST_SEEN]
        for sight in reversed(shown):
            left, top = right - side, bottom - self._long(46) - side
            self._surface.blit(_small(sight, side), (left, top))
            frame = pygame.Rect(left, top, side, side)
            pygame.draw.rect(self._surface, WHITE, frame, width=self._long(2))
            for line, words in enumerate(_lines(sight.name, size, side)):
                self._write(words, size, SOFT, top + side + self._long(7 + 21 * line), left)
            right = left - gap
        return int(right) - (self._long(24) if shown else 0)

    def _map(self, answer: Answer) -> None:
        if answer.place is None:
            return
        width = self._long(340)
        left, top = self._width - self._margin - width, self._long(84)
        self._surface.blit(world_with(answer.place, width), (left, top))
        edge = pygame.Rect(left, top, width, height_of(width))
        pygame.draw.rect(self._surface, WHITE, edge, width=self._long(2))
        size = self._long(20)
        words = fitting(str(answer.place), size, width - self._long(16))
        label = pygame.Rect(left, edge.bottom, width, round(size * 1.8))
        pygame.draw.rect(self._surface, _INK, label)
        self._write(words, size, WHITE, label.top + self._long(6), left + self._long(8))

    def _banner(self, text: str) -> None:
        size = self._long(34)
        words = written(
            fitting(text, size, self._width - 2 * self._margin, "Bold"), size, _INK, "Bold"
        )
        area = words.get_rect().inflate(self._long(56), self._long(28))
        area.center = (self._width // 2, self._height // 2)
        pygame.draw.rect(self._surface, _BANNER, area, border_radius=area.height // 2)
        self._surface.blit(words, words.get_rect(center=area.center))


@lru_cache(maxsize=8)
def _small(sight: Sight, side: int) -> Any:
    rows, columns = sight.picture.shape[:2]
    picture = pygame.image.frombuffer(sight.picture.tobytes(), (columns, rows), "RGB")
    return pygame.transform.smoothscale(picture, (side, side))


def _lines(name: str, size: int, width: int) -> tuple[str, ...]:
    """A name in one line or two."""
    words = name.split()
    for count in range(len(words), 0, -1):
        first = " ".join(words[:count])
        if fitting(first, size, width) == first:
            rest = fitting(" ".join(words[count:]), size, width)
            return (first, rest) if rest else (first,)
    return (fitting(name, size, width),)


@lru_cache(maxsize=4)
def _shade(width: int, height: int, *, up: bool) -> Any:
    """Darkness that fades out, for white letters on snow; `up`: darkest at the foot."""
    surface = pygame.Surface((width, height), pygame.SRCALPHA)
    for row in range(height):
        share = (row + 1) / height if up else 1 - row / height
        pygame.draw.line(surface, (*_INK, round(225 * share**0.8)), (0, row), (width, row))
    return surface
