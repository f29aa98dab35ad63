"""Pictures as JPEG, and files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from typing import TYPE_CHECKING

import cv2

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt


def jpeg(pixels: npt.NDArray[np.uint8], quality: int = 85) -> bytes:
    """A JPEG file's bytes.

    Args:
        pixels: (H, W, 3) uint8 RGB, each side 1..65535.
        quality: 1..100.

    Raises:
        ValueError: if JPEG cannot hold a picture of this size.
    """
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    try:
        done, coded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    except cv2.error as error:
        raise ValueError(f"no JPEG of {pixels.shape[1]}x{pixels.shape[0]} pixels") from error
    if not done:
        raise ValueError(f"no JPEG of {pixels.shape[1]}x{pixels.shape[0]} pixels")
    return bytes(coded)


def write_atomically(path: Path, data: bytes) -> None:
    """Write `path` so that a reader, or a power cut, finds the old file or the new one.

    Raises:
        OSError: if the folder cannot be written to or the disk is full; then `path` is as before
            and nothing is left beside it.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
