"""What looks at a frame, and what it hands from one stage to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from edgevision.pipeline.switches import Pause
    from edgevision.protocols import Engine, Region, Task
    from edgevision.values.box import Box
    from edgevision.values.frame import Frame
    from edgevision.values.tensor import Features

    Prepare = Callable[[npt.NDArray[np.uint8], Box, npt.NDArray[Any]], None]


@dataclass(frozen=True, slots=True, eq=False)
class Recogniser:
    """What looks at a frame: where, with which network, and for what.

    Attributes:
        region: where to look.
        engine: the network.
        prepare: writes a box of a frame into an input tensor.
        tasks: what is read from the network's features.
        max_passes: inferences a frame, at most.
    """

    region: Region
    engine: Engine
    prepare: Prepare
    tasks: Sequence[Task]
    max_passes: int = 2

    def new_tensors(self) -> list[npt.NDArray[Any]]:
        """Room for one frame's boxes as input tensors."""
        spec = self.engine.spec.input
        return [np.empty(spec.shape, spec.dtype) for _ in range(self.max_passes)]

    def takes(self, tensors: Sequence[npt.NDArray[Any]]) -> bool:
        """Whether these are as those of `new_tensors`."""
        spec, first = self.engine.spec.input, tensors[0]
        enough = len(tensors) == self.max_passes
        return enough and first.shape == spec.shape and first.dtype == spec.dtype


@dataclass(frozen=True, slots=True, eq=False)
class Aimed:
    """A frame with the boxes to look at, and each box as an input tensor of `by`.

    `pause` says why there are none, where frames are not inferred.
    """

    frame: Frame
    by: Recogniser
    boxes: tuple[Box, ...]
    tensors: Sequence[npt.NDArray[Any]]
    millis: float
    pause: Pause = ""


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """A frame with what the network gave; `looks` has one or two (box, features) for each box."""

    frame: Frame
    by: Recogniser
    looks: tuple[tuple[tuple[Box, Features], ...], ...]
    millis: Mapping[str, float]
    pause: Pause = ""
