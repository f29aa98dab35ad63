"""Memory of frames that nobody looks at any more, for the next ones."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

# References to an array that only the pool has: its list, the loop's variable, and the argument of
# `getrefcount` itself.
_UNUSED = 3
# Frames on their way: one being read, looked at, told and drawn each, and as many that wait.
_MOST = 8


class FramePool:
    """Gives out arrays, again as soon as no frame (and no view of one) refers to them.

    New memory for each frame of some megabytes costs a page fault for every 4 KiB of it, which is
    more than the copy into it; and what is freed in another thread is lost between heaps.

    CPython's reference counts tell when an array is free, so nobody has to give it back.
    """

    def __init__(self) -> None:
        self._arrays: list[npt.NDArray[np.uint8]] = []

    def take(self, height: int, width: int) -> npt.NDArray[np.uint8]:
        """A writeable (height, width, 3) uint8 array with any content."""
        shape = (height, width, 3)
        for array in self._arrays:
            if array.shape == shape and sys.getrefcount(array) == _UNUSED:
                array.flags.writeable = True
                return array
        fresh = np.empty(shape, np.uint8)
        if len(self._arrays) == _MOST:
            # All in use, or of another size: the oldest is left to those who have it.
            del self._arrays[0]
        self._arrays.append(fresh)
        return fresh
