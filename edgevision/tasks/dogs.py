"""Which breed is it? The 120 of Stanford Dogs (Khosla et al. 2011), or "no dog"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from edgevision.errors import ModelError
from edgevision.kinds import suggestion
from edgevision.tasks.classify import HEAD as IMAGENET
from edgevision.tasks.classify import best
from edgevision.tasks.scores import scores_for
from edgevision.values.label import canonical
from edgevision.values.result import Guess, Result
from edgevision.zoo.labels import (
    NONE,
    breed_groups,
    breeds,
    display_name,
    imagenet_labels,
    positions,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from edgevision.tasks.scores import Scores
    from edgevision.values.box import Box
    from edgevision.values.tensor import Features, ModelSpec
    from edgevision.zoo.registry import Model

    Array = npt.NDArray[np.float32]

HEAD: Final = "dogs"
# Keeps a division by a sum that may be 0 finite.
_TINY: Final = 1e-30


class Dogs:
    """Names the breed, and says how sure it is that there is a dog at all.

    Where the model has scores for ImageNet's classes, they tell a dog from everything else: their
    sum over the 120 breeds is the presence. A "dogs" head with a class for what is no dog does so
    itself. The breed comes from the "dogs" head where there is one, else from the 1000-way scores
    of the breeds, made to sum to 1.

    Args:
        model: has a "dogs" head with a background class, or scores for ImageNet's classes, by a
            head or its own classifier.
        spec: what the engine runs.
        shared: by head, scores that other tasks of this model use as well.
        top: how many guesses a result has, 1 or more.
    """

    name = "dogs"
    threshold = 0.4
    release = 0.1
    window_s = 2.0

    def __init__(
        self, model: Model, spec: ModelSpec, shared: dict[str, Scores], top: int = 5
    ) -> None:
        self._top = top
        self._scores = _breed_scores(model, spec, shared)
        self.labels = self._scores.labels
        kinds = [breed_groups().get(label, "") for label in self.labels]
        self._groups = tuple(dict.fromkeys(kind for kind in kinds if kind))
        # (groups, breeds), 1 where the breed is of the group.
        self._of_group = np.array(
            [[kind == group for kind in kinds] for group in self._groups], np.float32
        ).reshape(len(self._groups), len(self.labels))

    def read(self, features: Features, box: Box) -> Result:
        """The most probable breeds, given that it is a dog; presence is that it is one."""
        presence, probabilities = self._scores(features)
        guesses = best(probabilities, self.labels, self._top)
        group = self._best_group(probabilities)
        return Result(self.name, box, guesses, min(presence, 1.0), group=group)

    def activation(self, features: Features) -> npt.NDArray[np.float32] | None:
        """Where the probable breeds are seen."""
        return self._scores.activation(features)

    def expected(self, label: str) -> str | None:
        """A breed's name, or an ImageNet class by index or name, which may be no dog's."""
        if label.isdecimal():
            by_class = {index: breed for breed, index in breeds().items()}
            return by_class.get(int(label))
        by_name = {canonical(breed): breed for breed in self.labels}
        if canonical(label) in by_name:
            return by_name[canonical(label)]
        if canonical(label) == NONE or canonical(label) in positions(imagenet_labels()):
            return None
        raise ModelError(f"label {label!r} is no breed{suggestion(label, list(self.labels))}")

    def _best_group(self, probabilities: Array) -> Guess | None:
        if not self._groups:
            return None
        sums = self._of_group @ probabilities
        highest = int(sums.argmax())
        name = self._groups[highest]
        return Guess(name, display_name(name), min(float(sums[highest]), 1.0))


class _AmongClasses:
    """Presence and breeds from the 1000-way scores, the breeds from a "dogs" head if there is one.

    Args:
        every: the scores of ImageNet's classes.
        head: of the breeds alone, or None.
        model: its name, for errors.
    """

    def __init__(self, every: Scores, head: Scores | None, model: str) -> None:
        self._every = every
        self._head = head
        self._classes = _breed_classes(every.labels, model)
        self.labels = tuple(breeds()) if head is None else head.labels

    def __call__(self, features: Features) -> tuple[float, Array]:
        of_breeds = self._every(features)[self._classes]
        presence = float(of_breeds.sum())
        if self._head is not None:
            return presence, self._head(features)
        return presence, of_breeds / max(presence, _TINY)

    def activation(self, features: Features) -> Array | None:
        every = self._every(features)
        only_dogs = np.zeros_like(every)
        only_dogs[self._classes] = every[self._classes]
        only_dogs /= max(float(only_dogs.sum()), _TINY)
        return self._every.activation(features, only_dogs)


class _WithBackground:
    """Presence and breeds from a "dogs" head that has a class for what is no dog.

    Args:
        head: its scores; the background is one of its classes.
        background: which one.
    """

    def __init__(self, head: Scores, background: int) -> None:
        self._head = head
        self._breeds = np.delete(np.arange(len(head.labels)), background)
        self.labels = tuple(head.labels[index] for index in self._breeds)

    def __call__(self, features: Features) -> tuple[float, Array]:
        of_breeds = self._head(features)[self._breeds]
        presence = float(of_breeds.sum())
        return presence, of_breeds / max(presence, _TINY)

    def activation(self, features: Features) -> Array | None:
        mixed = np.zeros(len(self._head.labels), np.float32)
        mixed[self._breeds] = self(features)[1]
        return self._head.activation(features, mixed)


def _breed_scores(
    model: Model, spec: ModelSpec, shared: dict[str, Scores]
) -> _AmongClasses | _WithBackground:
    head = scores_for(model, spec, HEAD) if HEAD in model.heads else None
    if head is not None and head.background is not None:
        return _WithBackground(head, head.background)
    if IMAGENET not in shared:
        shared[IMAGENET] = scores_for(model, spec, IMAGENET)
    return _AmongClasses(shared[IMAGENET], head, model.name)


def _breed_classes(labels: tuple[str, ...], model: str) -> npt.NDArray[np.intp]:
    found = positions(labels)
    classes = []
    for breed, index in breeds().items():
        # The breed's own spelling, else any synonym that ImageNet gives its class.
        words = (breed, *imagenet_labels()[index].split(","))
        where = [found[canonical(word)] for word in words if canonical(word) in found]
        if not where:
            raise ModelError(
                f"model {model} cannot do the task dogs: {breed!r} is not among its "
                f"{len(labels)} labels; use an ImageNet model, or the embedded ones"
            )
        classes.append(where[0])
    return np.array(classes, dtype=np.intp)
