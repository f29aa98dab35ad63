"""What an image file's header says, before anything is decoded."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# In entropy-coded data FF is followed by 00 (stuffing) or D0 to D7 (restart); anything else ends
# it (ITU-T T.81, B.1.1.5 and B.1.1.2). FF FF is fill.
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)
_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_FF, _EOI, _SOS = 0xFF, 0xD9, 0xDA
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_PNG_ALPHA = frozenset({4, 6})
_TIFF_SIZES = {3: "H", 4: "I"}
_TIFF_WIDTH, _TIFF_LENGTH, _TIFF_BITS = 256, 257, 258
_TIFF_INLINE = 4  # bytes


@dataclass(frozen=True, slots=True)
class Header:
    """Facts of a file.

    Attributes:
        format: "JPEG", "PNG", "WebP", "BMP" or "TIFF".
        width: pixels in a row, 0 if the header does not get that far.
        height: rows, likewise.
        whole: False if the file is known to stop too early.
        alpha: True if its pixels may be transparent.
        bits: of a sample, where the header says so; else 8.
    """

    format: str
    width: int = 0
    height: int = 0
    whole: bool = True
    alpha: bool = False
    bits: int = 8


def read_header(data: bytes) -> Header | None:
    """The header of `data`, the bytes of a whole file; None if it is of no known format."""
    for start, read in _READERS:
        if start.match(data):
            try:
                return read(data)
            except (struct.error, IndexError):
                return Header("file", whole=False)
    return None


def _jpeg(data: bytes) -> Header:
    """ITU-T T.81, annex B: segments up to the end-of-image marker."""
    width = height = 0
    at = 2
    while at + 4 <= len(data) and data[at] == _FF and data[at + 1] != _EOI:
        marker = data[at + 1]
        if marker in _ALONE or marker == _FF:
            at += 1 if marker == _FF else 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _SOF:
            height, width = struct.unpack_from(">HH", data, at + 5)
        at += 2 + length
        if marker == _SOS:
            following = _MARKER.search(data, at)
            at = following.start() if following else len(data)
    return Header("JPEG", width, height, whole=data[at : at + 2] == b"\xff\xd9")


def _png(data: bytes) -> Header:
    """PNG specification, 5.3: chunks of length, type, data, CRC; the last is IEND."""
    width, height, _, colour = struct.unpack_from(">IIBB", data, 16)
    alpha = colour in _PNG_ALPHA
    at = 8
    while at + 12 <= len(data):
        (length,), kind = struct.unpack_from(">I", data, at), data[at + 4 : at + 8]
        alpha = alpha or kind == b"tRNS"
        if kind == b"IEND":
            return Header("PNG", width, height, whole=True, alpha=alpha)
        at += 12 + length
    return Header("PNG", width, height, whole=False, alpha=alpha)


def _webp(data: bytes) -> Header:
    """WebP container specification: VP8X, or VP8L, or VP8 in a RIFF of stated size."""
    (size,), kind = struct.unpack_from("<I", data, 4), data[12:16]
    whole = len(data) >= size + 8
    if kind == b"VP8X":
        width = 1 + int.from_bytes(data[24:27], "little")
        height = 1 + int.from_bytes(data[27:30], "little")
        return Header("WebP", width, height, whole, alpha=bool(data[20] & 0x10))
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        alpha = bool(bits >> 28 & 1)
        return Header("WebP", 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF), whole, alpha)
    width, height = struct.unpack_from("<HH", data, 26)
    return Header("WebP", width & 0x3FFF, height & 0x3FFF, whole)


def _bmp(data: bytes) -> Header:
    """BITMAPINFOHEADER; a negative height means rows from the top."""
    width, height = struct.unpack_from("<ii", data, 18)
    return Header("BMP", abs(width), abs(height))


def _tiff(data: bytes) -> Header:
    """TIFF 6.0, section 2: the first directory's ImageWidth, ImageLength and BitsPerSample."""
    order = "<" if data[:2] == b"II" else ">"
    (at,) = struct.unpack_from(order + "I", data, 4)
    (entries,) = struct.unpack_from(order + "H", data, at)
    found = {}
    for entry in range(at + 2, at + 2 + 12 * entries, 12):
        tag, kind, count = struct.unpack_from(order + "HHI", data, entry)
        if tag in (_TIFF_WIDTH, _TIFF_LENGTH, _TIFF_BITS) and kind in _TIFF_SIZES:
            # What is longer than four bytes stands elsewhere, as three samples' bits do.
            longer = count * struct.calcsize(_TIFF_SIZES[kind]) > _TIFF_INLINE
            (place,) = struct.unpack_from(order + "I", data, entry + 8)
            from_where = place if longer else entry + 8
            (found[tag],) = struct.unpack_from(order + _TIFF_SIZES[kind], data, from_where)
    # Which sample is alpha is left to the decoder: four channels are taken to be RGBA.
    width, height = found.get(_TIFF_WIDTH, 0), found.get(_TIFF_LENGTH, 0)
    return Header("TIFF", width, height, alpha=True, bits=found.get(_TIFF_BITS, 8))


_READERS: tuple[tuple[re.Pattern[bytes], Callable[[bytes], Header]], ...] = (
    (re.compile(rb"\xff\xd8\xff"), _jpeg),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), _png),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), _webp),
    (re.compile(rb"BM"), _bmp),
    (re.compile(rb"II\*\0|MM\0\*"), _tiff),
)
