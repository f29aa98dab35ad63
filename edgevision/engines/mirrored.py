"""Two looks in one: at a picture and at its mirror image, with all that both give."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from edgevision.values.tensor import Features, Tensor, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from edgevision.protocols import Engine
    from edgevision.values.tensor import ModelSpec


class Mirrored:
    """An engine that looks twice an inference, the second time at the mirror image.

    Few things look otherwise in a mirror, but what a network makes of them differs a little: the
    mean is right more often than either (Krizhevsky et al. 2012, "ImageNet Classification with Deep
    Convolutional Neural Networks", section 4.1, took the mean over mirrored crops so).

    The second look may be another network's, which errs elsewhere: its features then stand behind
    those of the first, for a head that reads both (`zoo.heads.joined`).

    Args:
        engine: runs the network; closed with this one.
        second: runs the network that looks at the mirror image, on the same kind of input; closed
            with this one. None: `engine` does.
    """

    def __init__(self, engine: Engine, second: Engine | None = None) -> None:
        self._engine = engine
        self._second = second or engine
        self.spec = engine.spec if second is None else _both(engine.spec, second.spec)
        self._picture: npt.NDArray[Any] = np.empty(engine.spec.input.shape, engine.spec.input.dtype)

    @property
    def first(self) -> Engine:
        """That which looks at the picture as it is."""
        return self._engine

    def infer(self, fill: Callable[[npt.NDArray[Any]], None]) -> Features:
        """Both looks, float32.

        Of one network, the mean of vectors, scores and maps; of two, the vectors and maps behind
        each other. The map of the mirror image is mirrored back first.

        Raises:
            EngineError: if the runtime fails.
        """
        picture = self._picture
        fill(picture)
        plain = self._engine.infer(lambda tensor: np.copyto(tensor, picture))
        turned = self._second.infer(lambda tensor: np.copyto(tensor, picture[:, ::-1]))
        if self._second is not self._engine:
            return Features(
                map=_behind(plain.map, turned.map, mirrored=True),
                vector=_behind(plain.vector, turned.vector),
            )
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
        self._second.invoke()

    def close(self) -> None:
        """Give back the interpreters."""
        self._engine.close()
        if self._second is not self._engine:
            self._second.close()


def _mean(one: Tensor | None, other: Tensor | None, *, mirrored: bool = False) -> Tensor | None:
    if one is None or other is None:
        return None
    second = other.real()
    mean = (one.real() + (second[:, ::-1] if mirrored else second)) / 2
    if one.spec.holds_probabilities:
        # In steps of 1/256 they do not sum to 1, by which floats are told from logits.
        mean /= max(float(mean.sum()), float(np.finfo(np.float32).tiny))
    return Tensor(np.asarray(mean, np.float32), TensorSpec(one.spec.shape, "float32"))


def _behind(one: Tensor | None, other: Tensor | None, *, mirrored: bool = False) -> Tensor | None:
    if one is None or other is None:
        return None
    second = other.real()
    joined = np.concatenate([one.real(), second[:, ::-1] if mirrored else second], axis=-1)
    return Tensor(joined, TensorSpec(joined.shape, "float32"))


def _both(one: ModelSpec, other: ModelSpec) -> ModelSpec:
    def wide(first: TensorSpec | None, second: TensorSpec | None) -> TensorSpec | None:
        if first is None or second is None:
            return None
        shape = (*first.shape[:-1], first.shape[-1] + second.shape[-1])
        return TensorSpec(shape, "float32")

    return replace(
        one,
        name=f"{one.name}+{other.name}",
        map=wide(one.map, other.map),
        vector=wide(one.vector, other.vector),
        logits=None,
    )
