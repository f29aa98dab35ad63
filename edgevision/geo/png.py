"""A scene as a PNG, drawn by OpenCV at twice its size and shrunk, so that edges are smooth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from edgevision.geo.scene import NORTH, SEA, SOUTH, on_map

if TYPE_CHECKING:
    import numpy.typing as npt

    from edgevision.geo.scene import Legend, Scene, Shape

    Image = npt.NDArray[np.uint8]

_WIDE: Final = 1440
_TWICE: Final = 2
_FRACTION: Final = 4  # bits behind the point in OpenCV's coordinates
_TITLE: Final = 44  # pixels above the map
_MAP: Final = round(_WIDE * (NORTH - SOUTH) / 360)
_LINE: Final = 26
_FONT: Final = cv2.FONT_HERSHEY_SIMPLEX
_INK, _WHITE = (34, 34, 34), (255, 255, 255)


def to_png(scene: Scene) -> bytes:
    """The file's content: 1440 pixels wide."""
    big = np.empty((_MAP * _TWICE, _WIDE * _TWICE, 3), np.uint8)
    big[:] = _bgr(SEA)
    for shape in scene.shapes:
        _draw(big, shape)
    picture = np.full((_TITLE + _MAP, _WIDE, 3), 255, np.uint8)
    picture[_TITLE:] = cv2.resize(big, (_WIDE, _MAP), interpolation=cv2.INTER_AREA)
    # OpenCV's font has no signs beyond ASCII.
    _text(picture, _ascii(scene.title), (14, 29), 0.7)
    _legend(picture, scene.legend)
    _, coded = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    return bytes(coded.tobytes())


def _draw(image: Image, shape: Shape) -> None:
    points = on_map(shape.points, _WIDE * _TWICE)
    if shape.opacity >= 1:
        _paint(image, shape, points)
        return
    # Only the part around the shape is mixed: a whole copy for each would take seconds.
    reach = 60
    low = np.floor(points.min(axis=0) - reach).astype(int).clip(0)
    high = np.ceil(points.max(axis=0) + reach).astype(int)
    part = image[low[1] : high[1], low[0] : high[0]]
    if part.size == 0:
        return
    over = part.copy()
    _paint(over, shape, points - low)
    part[:] = cv2.addWeighted(over, shape.opacity, part, 1 - shape.opacity, 0)


def _paint(image: Image, shape: Shape, points: npt.NDArray[np.float64]) -> None:
    fixed = np.rint(points * (1 << _FRACTION)).astype(np.int32)
    colour = _bgr(shape.colour)
    if shape.kind == "area":
        cv2.fillPoly(image, [fixed], colour, cv2.LINE_AA, _FRACTION)
    elif shape.kind == "line":
        width = max(1, round(2 * _TWICE * shape.size))
        cv2.polylines(
            image,
            [fixed],
            isClosed=False,
            color=colour,
            thickness=width,
            lineType=cv2.LINE_AA,
            shift=_FRACTION,
        )
    else:
        x, y = np.rint(points[0]).astype(int).tolist()
        _marker(image, shape.kind, colour, (x, y), _TWICE * shape.size)


def _marker(
    image: Image, kind: str, colour: tuple[int, ...], place: tuple[int, int], size: float
) -> None:
    x, y = place
    if kind == "dot":
        cv2.circle(image, place, round(7 * size) + 2, _WHITE, -1, cv2.LINE_AA)
        cv2.circle(image, place, round(7 * size), colour, -1, cv2.LINE_AA)
    elif kind == "ring":
        cv2.circle(image, place, round(9 * size), colour, max(2, round(3 * size)), cv2.LINE_AA)
    elif kind == "cross":
        arm = round(10 * size)
        for ink, width in ((_WHITE, round(6 * size)), (colour, round(3 * size))):
            cv2.line(image, (x - arm, y), (x + arm, y), ink, width, cv2.LINE_AA)
            cv2.line(image, (x, y - arm), (x, y + arm), ink, width, cv2.LINE_AA)
    else:
        cv2.rectangle(image, (x - 8, y - 8), (x + 8, y + 8), colour, -1)


def _legend(picture: Image, rows: tuple[Legend, ...]) -> None:
    if not rows:
        return
    top = picture.shape[0] - _LINE * len(rows) - 24
    width = 60 + max(cv2.getTextSize(_ascii(row.text), _FONT, 0.55, 1)[0][0] for row in rows)
    box = picture[top : top + _LINE * len(rows) + 10, 14 : 14 + width]
    box[:] = cv2.addWeighted(box, 0.15, np.full_like(box, 255), 0.85, 0)
    for number, row in enumerate(rows):
        y = top + 18 + _LINE * number
        _marker(picture, row.kind, _bgr(row.colour), (34, y), 0.9)
        _text(picture, _ascii(row.text), (54, y + 6), 0.55)


def _text(picture: Image, text: str, place: tuple[int, int], size: float) -> None:
    cv2.putText(picture, text, place, _FONT, size, _INK, 1, cv2.LINE_AA)


def _ascii(text: str) -> str:
    return text.replace("±", "+-").replace("°", " deg").encode("ascii", "replace").decode()


def _bgr(colour: str) -> tuple[int, int, int]:
    return int(colour[5:7], 16), int(colour[3:5], 16), int(colour[1:3], 16)
