"""From an inference's numbers to probabilities over named classes."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from edgevision.errors import ModelError
from edgevision.zoo.heads import softmax
from edgevision.zoo.labels import background_class

if TYPE_CHECKING:
    import numpy.typing as npt

    from edgevision.values.tensor import Features, ModelSpec
    from edgevision.zoo.heads import Head
    from edgevision.zoo.registry import Model

_PROBABILITY_SLACK = 1e-3
# Pixels of the input for each cell of a backbone's last map, of all families that have heads.
_STRIDE = 32


class Scores(Protocol):
    """Probabilities of one inference over `labels`."""

    labels: tuple[str, ...]
    background: int | None

    def __call__(self, features: Features) -> npt.NDArray[np.float32]:
        """(n,) float32, each 0..1."""
        ...

    def activation(
        self, features: Features, weights: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32] | None:
        """(h, w) where the classes are seen, mixed by `weights` (n,); None without a map."""
        ...


class HeadScores:
    """A head on the embedding. Several tasks may share one: the last inference is remembered."""

    def __init__(self, head: Head) -> None:
        self.head = head
        self.labels = head.labels
        self.background = background_class(head.labels)
        self._last: tuple[Features, npt.NDArray[np.float32]] | None = None

    def __call__(self, features: Features) -> npt.NDArray[np.float32]:
        """Softmax of the head's logits over its temperature for an input of this size."""
        last = self._last
        if last is not None and last[0] is features:
            return last[1]
        if features.vector is None:
            raise ModelError(f"head {self.head.name} needs a network that gives an embedding")
        side = None if features.map is None else _STRIDE * features.map.spec.height
        probabilities = self.head.probabilities(features.vector.real(), side)
        self._last = (features, probabilities)
        return probabilities

    def activation(
        self, features: Features, weights: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32] | None:
        """Class-activation map (Zhou et al. 2016, equation 2) of the mixture of classes.

        The mean over all classes is taken off, so that what lights up is what speaks for these
        classes more than for any other.
        """
        if features.map is None:
            return None
        mixed = weights @ self.head.weights - self._mean_weights
        return np.asarray(features.map.real() @ mixed, dtype=np.float32)

    @cached_property
    def _mean_weights(self) -> npt.NDArray[np.float32]:
        return np.asarray(self.head.weights.mean(axis=0), dtype=np.float32)


class ClassifierScores:
    """The network's own classifier, with the labels of its label file."""

    def __init__(self, spec: ModelSpec, labels: tuple[str, ...]) -> None:
        if spec.logits is None:
            raise ModelError(f"model {spec.name} has no classifier of its own")
        count = spec.logits.shape[-1]
        if len(labels) != count:
            raise ModelError(
                f"model {spec.name} gives {count} scores but its label file has {len(labels)} "
                "labels; give the right one as `model: {labels: FILE}`, one a line"
            )
        self.labels = labels
        self.background = background_class(labels)

    def __call__(self, features: Features) -> npt.NDArray[np.float32]:
        """The outputs if they are probabilities already, else their softmax."""
        if features.logits is None:
            raise ModelError("this inference gave no class scores")
        values = features.logits.real()
        if features.logits.spec.holds_probabilities:
            return values
        by_sum = abs(float(values.sum()) - 1) < _PROBABILITY_SLACK
        return values if by_sum and float(values.min()) >= 0 else softmax(values)

    def activation(self, features: Features, weights: npt.NDArray[np.float32]) -> None:
        """None: an end-to-end classifier keeps its map and weights to itself."""
        del features, weights


def scores_for(model: Model, spec: ModelSpec, head: str) -> Scores:
    """What gives `model`'s probabilities: its head of that name, else its own classifier.

    Raises:
        ModelError: if it has neither, or no labels.
    """
    if head in model.heads:
        found = model.heads[head]
        if spec.vector is None or spec.vector.shape[-1] != found.weights.shape[1]:
            size = None if spec.vector is None else spec.vector.shape[-1]
            raise ModelError(
                f"head {head} takes {found.weights.shape[1]} features, "
                f"model {model.name} gives {size}"
            )
        return HeadScores(found)
    if spec.logits is None:
        have = ", ".join(model.heads) or "none"
        raise ModelError(
            f"model {model.name} has no head {head!r} (it has: {have}) and no classifier of its "
            f"own; give one as `model: {{heads: {{{head}: FILE.npz}}}}`"
        )
    if model.labels is None:
        raise ModelError(
            f"model {model.name} has no labels, neither packed into it nor beside it as "
            f"{model.path.stem}_labels.txt; give them as `model: {{labels: FILE}}`"
        )
    return ClassifierScores(spec, model.labels)
