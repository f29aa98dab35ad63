"""Any image file to RGB pixels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edgevision.errors import PhotoError
from edgevision.pixels.header import read_header

if TYPE_CHECKING:
    import os

    import numpy.typing as npt

    from edgevision.pixels.header import Header

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
MOST_PIXELS = 120_000_000  # 360 MB decoded; the widest cameras of phones give 108 million
MOST_BITS = 16
MOST_BYTES = 512 * 2**20

_WHITE = 255
_AXES, _ALPHA_CHANNELS = 3, 4


def read_photo(path: str | os.PathLike[str]) -> npt.NDArray[np.uint8]:
    """The photo at `path`, (H, W, 3) uint8 RGB, upright as its EXIF orientation says.

    Grey becomes RGB, 16 bits become 8, CMYK is converted. Transparent pixels are laid on white,
    which is what a viewer shows; leaving the alpha out would show whatever colour the drawing
    program left behind them. (For files with alpha the EXIF orientation is not looked at.)

    Raises:
        PhotoError: if it is missing, empty, a folder, cut off, damaged, of another format, or has
            more than `MOST_PIXELS` pixels.
    """
    place = Path(path)
    data = _read(place)
    header = read_header(data)
    if header is None:
        raise PhotoError(f"{place}: is no JPEG, PNG, WebP, BMP or TIFF image")
    if header.width * header.height > MOST_PIXELS:
        raise PhotoError(
            f"{place}: {header.width}x{header.height} is more than {MOST_PIXELS:,} pixels"
        )
    if header.bits > MOST_BITS:
        raise PhotoError(f"{place}: has {header.bits} bits a sample; expected 8 or {MOST_BITS}")
    # OpenCV would fill what is missing with grey.
    if not header.whole:
        raise PhotoError(f"{place}: the {header.format} is damaged: it stops before its end")
    pixels = _decode(data, header)
    if pixels is None:
        raise PhotoError(f"{place}: the {header.format} is damaged and cannot be read")
    return pixels


def _read(place: Path) -> bytes:
    try:
        if place.stat().st_size > MOST_BYTES:
            raise PhotoError(f"{place}: is larger than {MOST_BYTES // 2**20} MB")
        data = place.read_bytes()
    except FileNotFoundError:
        raise PhotoError(f"{place}: there is no such file") from None
    except IsADirectoryError:
        raise PhotoError(f"{place}: is a folder, not a photo") from None
    except (OSError, ValueError) as error:
        what = getattr(error, "strerror", None) or error
        raise PhotoError(f"{place}: cannot be read: {what}") from None
    if not data:
        raise PhotoError(f"{place}: is empty (0 bytes)")
    return data


def _decode(data: bytes, header: Header) -> npt.NDArray[np.uint8] | None:
    # From bytes, because OpenCV opens no path whose encoding differs from the system's.
    coded = np.frombuffer(data, np.uint8)
    try:
        if header.alpha:
            image = cv2.imdecode(coded, cv2.IMREAD_UNCHANGED)
            if image is not None and image.ndim == _AXES and image.shape[2] == _ALPHA_CHANNELS:
                return _on_white(image, premultiplied=header.format == "TIFF")
        image = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    if image is None or image.size == 0:
        return None
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)


def _on_white(
    bgra: npt.NDArray[np.generic], *, premultiplied: bool
) -> npt.NDArray[np.uint8] | None:
    full = {"uint8": 255, "uint16": 65535}.get(bgra.dtype.name)
    if full is None:
        return None
    # libtiff multiplies colours with alpha itself, but only where it makes 8 bits of them.
    premultiplied = premultiplied and full == _WHITE
    mixed = np.empty((*bgra.shape[:2], 3), np.uint8)
    for row, line in zip(
        mixed, bgra, strict=True
    ):  # row by row: the sums need eight bytes a sample
        wide = line.astype(np.uint64)
        alpha = wide[:, 3:]
        over = wide[:, 2::-1] * (full if premultiplied else alpha) + full * (full - alpha)
        row[:] = np.minimum((over * _WHITE + full * full // 2) // (full * full), _WHITE)
    return mixed
