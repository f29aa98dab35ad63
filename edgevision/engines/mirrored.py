"""Two looks in one: at a picture and at its mirror image, with the mean of what both give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgevision.values.tensor import Features, Tensor, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from edgevision.protocols import Engine


class Mirrored:
    """An engine that runs its network twice an inference, the second time on the mirror image.

    Few things look otherwise in a mirror, but what a network makes of them differs a little: the
    mean is right more often than either (Krizhevsky et al. 2012, "ImageNet Classification with Deep
    Convolutional Neural Networks", section 4.1, took the mean over mirrored crops so).

    Args:
        engine: runs the network; closed with this one.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.spec = engine.spec
        self._picture: npt.NDArray[Any] = np.empty(engine.spec.input.shape, engine.spec.input.dtype)

    def infer(self, fill: Callable[[npt.NDArray[Any]], None]) -> Features:
        """Both looks: the mean of vectors, scores and maps, float32.

        The map of the mirror image is mirrored back first.

        Raises:
            EngineError: if the runtime fails.
        """
        picture = self._picture
        fill(picture)
        plain = self._engine.infer(lambda tensor: np.copyto(tensor, picture))
        turned = self._engine.infer(lambda tensor: np.copyto(tensor, picture[:, ::-1]))
        return Features(
            map=_mean(plain.map, turned.map, mirrored=True),
            vector=_mean(plain.vector, turned.vector),
            logits=_mean(plain.logits, turned.logits),
        )

    def invoke(self) -> None:
        """Two bare inferences on whatever the input tensor holds.

        Raises:
            EngineError: if the runtime fails.
        """
        self._engine.invoke()
        self._engine.invoke()

    def close(self) -> None:
        """Give back the interpreter."""
        self._engine.close()


def _mean(one: Tensor | None, other: Tensor | None, *, mirrored: bool = False) -> Tensor | None:
    if one is None or other is None:
        return None
    second = other.real()
    mean = (one.real() + (second[:, ::-1] if mirrored else second)) / 2
    if one.spec.holds_probabilities:
        # In steps of 1/256 they do not sum to 1, by which floats are told from logits.
        mean /= max(float(mean.sum()), float(np.finfo(np.float32).tiny))
    return Tensor(np.asarray(mean, np.float32), TensorSpec(one.spec.shape, "float32"))
