"""The adaptive partition of the earth into cells, as PlaNet has it.

Weyand, Kostrikov and Philbin 2016, "PlaNet - Photo Geolocation with Convolutional Neural Networks",
section 3.1: S2's cells are subdivided, from the six faces of the cube, until none holds more than
t1 photos; those with fewer than t2 are dropped, because photos hardly come from there (oceans,
poles). So cells are small where many photos are taken.

Ids are S2's, by s2cell: one call a point, 4 to 12 microseconds, which is enough for a million.
The rest is arithmetic on sorted ids, since a cell holds one range of leaves: id - (b - 1) to
id + (b - 1), where b is the lowest set bit of the id (S2CellId::range_min and range_max).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import s2cell

from edgevision.errors import ModelError, WrittenError
from edgevision.geo.archive import load_archive, save_archive
from edgevision.geo.distance import wrapped

if TYPE_CHECKING:
    from pathlib import Path

    Ids = npt.NDArray[np.uint64]
    Counts = npt.NDArray[np.int64]
    Degrees = npt.NDArray[np.float64]

LEAF_LEVEL: Final = 30
"""Cells of this level are the smallest, about a square centimetre."""

_KIND, _VERSION = "cells", 1
_FACES: Final = 6
_POLE: Final = 90.0
_FACE_BIT: Final = 1 << 60  # the lowest set bit of a face's id


@dataclass(frozen=True, eq=False)
class Cells:
    """Cells that do not overlap, in the order of their ids.

    Attributes:
        ids: (n,) uint64, S2's.
        counts: (n,) int64, the photos in each.
        t1, t2: most and fewest photos of a cell.
        photos: of how many the partition was made; those in dropped cells count.
    """

    ids: Ids
    counts: Counts
    t1: int
    t2: int
    photos: int

    def __post_init__(self) -> None:
        ids = np.array(self.ids, np.uint64)
        counts = np.array(self.counts, np.int64)
        low, high = _ranges(ids)
        if ids.ndim != 1 or ids.shape != counts.shape or (high[:-1] >= low[1:]).any():
            raise ModelError("cells overlap, are out of order, or their counts do not fit")
        for name, array in (("ids", ids), ("counts", counts)):
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    def __len__(self) -> int:
        return len(self.ids)

    def of(self, lat: npt.ArrayLike, lon: npt.ArrayLike) -> Counts:
        """The cell's index for each point (n,) in degrees; -1 where none was kept."""
        leaves = leaf_ids(lat, lon)
        if not len(self):
            return np.full(len(leaves), -1, np.int64)
        low, high = _ranges(self.ids)
        index = np.searchsorted(low, leaves, "right").astype(np.int64) - 1
        inside = (index >= 0) & (leaves <= high[np.maximum(index, 0)])
        return np.where(inside, index, -1)

    def centres(self) -> tuple[Degrees, Degrees]:
        """Latitudes and longitudes (n,) of the cells' middles, degrees."""
        points = [s2cell.cell_id_to_lat_lon(int(one)) for one in self.ids]
        lat, lon = np.array(points, np.float64).reshape(-1, 2).T
        return lat, lon

    def corners(self, index: int) -> Degrees:
        """The corners of a cell, in order round it: (4, 2) latitudes and longitudes, degrees.

        Each is the middle of the leaf in that corner, so a centimetre inside at most.
        """
        return _corners(int(self.ids[index]))


def leaf_ids(lat: npt.ArrayLike, lon: npt.ArrayLike) -> Ids:
    """S2's ids of the leaf cells at points (n,) in degrees.

    The date line and the poles, which have several names, are one place each.
    """
    lats = np.atleast_1d(np.asarray(lat, np.float64))
    lons = np.where(np.abs(lats) == _POLE, 0.0, np.atleast_1d(wrapped(lon)))
    pairs = zip(lats.tolist(), lons.tolist(), strict=True)
    leaf = s2cell.lat_lon_to_cell_id
    return np.fromiter((leaf(one, other, LEAF_LEVEL) for one, other in pairs), np.uint64)


def partition(lat: npt.ArrayLike, lon: npt.ArrayLike, t1: int, t2: int) -> Cells:
    """Cells with `t2` to `t1` photos each.

    Args:
        lat, lon: of the photos, (n,) degrees.
        t1: a cell with more photos is subdivided; 1 or more. (More than that at one point of the
            earth stay together: a leaf has no parts.)
        t2: a cell with fewer photos is dropped; 1 up to t1.

    Raises:
        WrittenError: if t1 and t2 are out of range.
    """
    return partition_leaves(leaf_ids(lat, lon), t1, t2)


def partition_leaves(leaves: Ids, t1: int, t2: int) -> Cells:
    """The same for photos whose leaf cells are known, in any order: from several machines, say.

    Raises:
        WrittenError: if t1 and t2 are out of range.
    """
    if not 1 <= t2 <= t1:
        raise WrittenError(f"cells: t1 {t1} and t2 {t2}: t2 should be 1 or more and at most t1")
    leaves = np.sort(leaves)
    kept: list[tuple[int, int]] = []
    todo = [((2 * face + 1) * _FACE_BIT, _FACE_BIT) for face in range(_FACES)]
    while todo:
        cell, bit = todo.pop()
        first = np.searchsorted(leaves, np.uint64(cell - (bit - 1)), "left")
        last = np.searchsorted(leaves, np.uint64(cell + (bit - 1)), "right")
        count = int(last - first)
        if count < t2:
            continue
        if count <= t1 or bit == 1:
            kept.append((cell, count))
        else:
            quarter = bit // 4
            todo += [(cell + place * quarter, quarter) for place in (-3, -1, 1, 3)]
    kept.sort()
    ids = np.array([cell for cell, _ in kept], np.uint64)
    return Cells(ids, np.array([count for _, count in kept], np.int64), t1, t2, len(leaves))


def save_cells(cells: Cells, path: Path) -> None:
    """Write `cells` whole or not at all.

    Raises:
        OutputError: if the file cannot be written.
    """
    about = {"t1": cells.t1, "t2": cells.t2, "photos": cells.photos}
    arrays = {"ids": cells.ids.astype("<u8"), "counts": cells.counts.astype("<i8")}
    save_archive(path, _KIND, _VERSION, about, arrays)


def load_cells(path: Path) -> Cells:
    """The cells in the file `path`.

    Raises:
        ModelError: if it is missing, damaged, of another version, or holds no cells.
    """
    about, arrays = load_archive(path, _KIND, _VERSION, ("ids", "counts"))
    try:
        return Cells(
            arrays["ids"],
            arrays["counts"],
            int(about["t1"]),
            int(about["t2"]),
            int(about["photos"]),
        )
    except (KeyError, TypeError, ValueError, ModelError) as error:
        raise ModelError(f"{path}: holds no cells, or is damaged ({error})") from error


def _ranges(ids: Ids) -> tuple[Ids, Ids]:
    """The first and last leaf of each cell."""
    one = np.uint64(1)
    lowest = ids & (~ids + one)
    return np.asarray(ids - (lowest - one), np.uint64), np.asarray(ids + (lowest - one), np.uint64)


def _corners(cell: int) -> Degrees:
    face, i, j = s2cell.s2_cell_id_to_face_ij(cell)
    side = 1 << (LEAF_LEVEL - s2cell.cell_id_to_level(cell))
    # (i, j) is some leaf inside the cell: its lower corner has the lower bits cleared.
    left, low = i // side * side, j // side * side
    far = side - 1
    around = ((left, low), (left + far, low), (left + far, low + far), (left, low + far))
    leaves = [s2cell.s2_face_ij_to_cell_id(face, one, other, LEAF_LEVEL) for one, other in around]
    return np.array([s2cell.cell_id_to_lat_lon(leaf) for leaf in leaves], np.float64)
