"""Tensors as a TFLite interpreter has them: integers with a scale and a zero point.

real = scale * (stored - zero_point), equation 1 of Jacob et al. 2018, "Quantization and Training of
Neural Networks for Efficient Integer-Arithmetic-Only Inference".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """Shape without the batch axis, dtype and quantisation of a tensor.

    Attributes:
        shape: for images (height, width, channels).
        dtype: "uint8", "int8" or "float32".
        scale, zero_point: of the quantisation; scale 0 means the tensor is not quantised.
    """

    shape: tuple[int, ...]
    dtype: str
    scale: float = 0.0
    zero_point: int = 0

    @property
    def height(self) -> int:
        """Rows of an image tensor."""
        return self.shape[0]

    @property
    def width(self) -> int:
        """Columns of an image tensor."""
        return self.shape[1]

    def quantise(self, real: npt.ArrayLike) -> npt.NDArray[Any]:
        """The nearest stored values for `real`, saturated to the dtype's range."""
        if self.scale == 0:
            return np.asarray(real, dtype=self.dtype)
        limits = np.iinfo(self.dtype)
        stored = np.rint(np.asarray(real, dtype=np.float64) / self.scale) + self.zero_point
        clipped: npt.NDArray[Any] = np.clip(stored, limits.min, limits.max).astype(self.dtype)
        return clipped

    def dequantise(self, stored: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """The real numbers that `stored` stands for."""
        real = stored.astype(np.float32)
        if self.scale != 0:
            real -= np.float32(self.zero_point)
            real *= np.float32(self.scale)
        return real

    @property
    def holds_probabilities(self) -> bool:
        """True if this is the output of a quantised SOFTMAX.

        TFLite's 8-bit quantisation specification fixes that operator's output to scale 1/256 with
        the lowest integer as zero point; no sensible range of logits has that quantisation.
        """
        if self.scale == 0:
            return False
        return self.scale == 1 / 256 and self.zero_point == np.iinfo(self.dtype).min


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """An output of one inference: stored integers (or floats) and how to read them."""

    stored: npt.NDArray[Any]
    spec: TensorSpec

    def real(self) -> npt.NDArray[np.float32]:
        """Dequantised values; computed at each call, so call it once where it is read."""
        return self.spec.dequantise(self.stored)


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """What an engine tells of the network it runs.

    Attributes:
        name: registry id or file name, as events show it.
        sha256: digest of the file, hexadecimal.
        input: (height, width, 3) tensor that frames are written into.
        map: last feature map (h, w, c), if the network gives it out.
        vector: pooled embedding (c,), if given out.
        logits: scores by class (n,), if the network ends in a classifier.
    """

    name: str
    sha256: str
    input: TensorSpec
    map: TensorSpec | None = None
    vector: TensorSpec | None = None
    logits: TensorSpec | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What one inference gives; a network has a vector (and map), or logits, or all of them."""

    map: Tensor | None = None
    vector: Tensor | None = None
    logits: Tensor | None = None
