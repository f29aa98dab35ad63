"""The overlay: where it looked, what it decided, its best guesses, rate and latency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from edgevision.pixels.layout import ACCENT, Sizes, banner, cards, corner, outlines
from edgevision.pixels.lettering import lettering

if TYPE_CHECKING:
    import numpy.typing as npt

    from edgevision.pixels.layout import Area, Bar, Card, Outline, Text
    from edgevision.values.report import Report

# A panel keeps this share of the ground's light, and white letters stay readable on snow.
_SHOWN_THROUGH = 0.24
_DARKNESS = 10
# A bar's fill is the verdict's colour, so dark that white letters on it can be read.
_FILL = 0.42
_TRACK = (48, 48, 48)
_SHADOW = (16, 16, 16)


def draw(
    report: Report, *, fps: float | None = None, out: npt.NDArray[np.uint8] | None = None
) -> npt.NDArray[np.uint8]:
    """A copy of the frame with the overlay on it; the one frame-sized copy that is made.

    Args:
        report: its frame is left untouched. A box that is the whole frame gets no outline.
        fps: frames a second to show in the corner; None leaves it out.
        out: where the copy goes if it has the frame's shape, so that a long run takes no new
            memory for each frame; else, or if None, a new array.

    Returns:
        (H, W, 3) uint8 RGB, of the frame's size. On frames too small for letters less is drawn.
    """
    if out is None or out.shape != report.frame.pixels.shape:
        canvas = report.frame.pixels.copy()
    else:
        canvas = out
        np.copyto(canvas, report.frame.pixels)
    sizes = Sizes.of(report.frame.width, report.frame.height)
    for outline in outlines(report, sizes):
        _outline(canvas, outline)
    for card in cards(report, sizes):
        _card(canvas, card)
    warning = banner(report, sizes)
    if warning is not None:
        _card(canvas, warning)
    rate = corner(report, sizes, fps)
    if rate is not None:
        _card(canvas, rate)
    return canvas


def _outline(canvas: npt.NDArray[np.uint8], outline: Outline) -> None:
    """A coloured line with a dark one inside, so that one of them shows on every ground."""
    for inset in range(2 * outline.line):
        left, top, right, bottom = outline.area
        left, top, right, bottom = left + inset, top + inset, right - inset - 1, bottom - inset - 1
        if left < right and top < bottom:
            colour = outline.colour if inset < outline.line else _SHADOW
            cv2.rectangle(canvas, (left, top), (right, bottom), colour, 1)


def _card(canvas: npt.NDArray[np.uint8], card: Card) -> None:
    left, top, right, bottom = card.area
    ground = canvas[top:bottom, left:right]
    cv2.convertScaleAbs(ground, ground, _SHOWN_THROUGH, _DARKNESS)
    if card.stripe:
        _fill(canvas, (left, top, left + card.stripe, bottom), ACCENT[card.verdict])
    for bar in card.bars:
        _bar(canvas, bar, card.verdict)
    for text in card.texts:
        _write(canvas, text)


def _bar(canvas: npt.NDArray[np.uint8], bar: Bar, verdict: str) -> None:
    left, top, right, bottom = bar.track
    _fill(canvas, bar.track, _TRACK)
    length = round((right - left) * bar.share)
    if length:
        red, green, blue = ACCENT[verdict]
        dimmed = (int(red * _FILL), int(green * _FILL), int(blue * _FILL))
        _fill(canvas, (left, top, left + length, bottom), dimmed)


def _fill(canvas: npt.NDArray[np.uint8], area: Area, colour: tuple[int, int, int]) -> None:
    left, top, right, bottom = area
    cv2.rectangle(canvas, (left, top), (right - 1, bottom - 1), colour, cv2.FILLED)


def _write(canvas: npt.NDArray[np.uint8], text: Text) -> None:
    words = lettering(text.words, text.capital, text.colour)
    ground = canvas[text.top : text.top + words.shape[0], text.left : text.left + words.shape[1]]
    # On the dark ground of a card the brighter of both is the letter, with its soft edge.
    cv2.max(ground, words[: ground.shape[0], : ground.shape[1]], ground)
