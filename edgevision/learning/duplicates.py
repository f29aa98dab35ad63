"""Photos that are the same, or look it: learnt from and held out, they would flatter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

ALIKE: Final = 4
"""Bits of 64 in which the hashes of two photos that look the same may differ."""
_SIDE: Final = 8
_AT_ONCE: Final = 256


@dataclass(frozen=True, slots=True)
class Print:
    """A photo's fingerprints.

    Attributes:
        digest: of the file's bytes: equal for copies.
        bits: `difference_hash` of the picture: near for what looks the same.
    """

    digest: bytes
    bits: bytes


def difference_hash(pixels: npt.NDArray[np.uint8]) -> bytes:
    """64 bits: in 8 rows of 9 grey pixels, whether each is brighter than its left neighbour.

    Krawetz 2013, "Kind of Like That". Another size, mild compression or a little more light change
    few of them.

    Args:
        pixels: (H, W, 3) uint8 RGB.

    Returns:
        8 bytes.
    """
    # First the size: grey of all pixels would cost more than the rest.
    small = cv2.resize(pixels, (_SIDE + 1, _SIDE), interpolation=cv2.INTER_AREA)
    grey = small.astype(np.int32) @ np.array([299, 587, 114])
    return np.packbits(grey[:, 1:] > grey[:, :-1]).tobytes()


def groups(prints: Sequence[Print]) -> npt.NDArray[np.intp]:
    """The number of each photo's group; photos that are or look the same are in one.

    Likeness goes from one to the next: if a is like b and b like c, the three are a group.
    """
    parents = list(range(len(prints)))
    for one, other in _alike(prints):
        parents[_root(parents, other)] = _root(parents, one)
    roots = [_root(parents, index) for index in range(len(prints))]
    return np.unique(np.array(roots, np.intp), return_inverse=True)[1].astype(np.intp).reshape(-1)


def _alike(prints: Sequence[Print]) -> list[tuple[int, int]]:
    """Pairs (i, j), i < j, of equal digests or near hashes."""
    bits = np.unpackbits(
        np.frombuffer(b"".join(one.bits for one in prints), np.uint8).reshape(-1, _SIDE), axis=1
    )
    signs = bits.astype(np.float32) * 2 - 1
    pairs = []
    for begin in range(0, len(prints), _AT_ONCE):
        # Of n bits, d different ones make a sum of n - 2 d.
        differ = (signs.shape[1] - signs[begin : begin + _AT_ONCE] @ signs.T) / 2
        rows, columns = np.nonzero(differ <= ALIKE)
        pairs += [(begin + i, j) for i, j in zip(rows.tolist(), columns.tolist(), strict=True)]
    first: dict[bytes, int] = {}
    for index, one in enumerate(prints):
        pairs.append((first.setdefault(one.digest, index), index))
    return [(i, j) for i, j in pairs if i < j]


def _root(parents: list[int], index: int) -> int:
    while parents[index] != index:
        parents[index] = parents[parents[index]]
        index = parents[index]
    return index
