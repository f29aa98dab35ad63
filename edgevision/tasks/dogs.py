"""Which breed is it? The 120 of Stanford Dogs (Khosla et al. 2011), or "no dog"."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgevision.errors import ModelError
from edgevision.kinds import suggestion
from edgevision.tasks.classify import HEAD as IMAGENET
from edgevision.tasks.classify import best
from edgevision.tasks.scores import HeadScores, scores_for
from edgevision.values.result import Result
from edgevision.zoo.labels import NONE, breeds, canonical, imagenet_labels, positions

if TYPE_CHECKING:
    import numpy.typing as npt

    from edgevision.tasks.scores import Scores
    from edgevision.values.box import Box
    from edgevision.values.tensor import Features, ModelSpec
    from edgevision.zoo.registry import Model

HEAD = "dogs"
# Keeps a division by a sum that may be 0 finite.
_TINY = 1e-30


class Dogs:
    """Names the breed, and says how sure it is that there is a dog at all.

    The 1000-way scores tell a dog from everything else: their sum over the 120 breeds is the
    presence. The breed itself comes from the model's "dogs" head where it has one, else from the
    1000-way scores of the breeds, made to sum to 1.

    Args:
        model: has scores for ImageNet's classes, by a head or its own classifier.
        spec: what the engine runs.
        shared: by head, scores that other tasks of this model use as well.
        top: how many guesses a result has, 1 or more.
    """

    name = "dogs"
    threshold = 0.3
    release = 0.1
    window_s = 2.0

    def __init__(
        self, model: Model, spec: ModelSpec, shared: dict[str, Scores], top: int = 5
    ) -> None:
        if IMAGENET not in shared:
            shared[IMAGENET] = scores_for(model, spec, IMAGENET)
        self._imagenet = shared[IMAGENET]
        self._classes = _breed_classes(self._imagenet.labels, model.name)
        self._breeds: HeadScores | None = None
        self.labels = tuple(breeds())
        if HEAD in model.heads:
            self._breeds = HeadScores(model.heads[HEAD])
            self.labels = self._breeds.labels
        self._top = top

    def read(self, features: Features, box: Box) -> Result:
        """The most probable breeds, given that it is a dog; presence is the sum over all breeds."""
        presence, probabilities = self._probabilities(features)
        return Result(
            self.name, box, best(probabilities, self.labels, self._top), min(presence, 1.0)
        )

    def activation(self, features: Features) -> npt.NDArray[np.float32] | None:
        """Where the probable breeds are seen."""
        every = self._imagenet(features)
        only_dogs = np.zeros_like(every)
        only_dogs[self._classes] = every[self._classes]
        only_dogs /= max(float(only_dogs.sum()), _TINY)
        return self._imagenet.activation(features, only_dogs)

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

    def _probabilities(self, features: Features) -> tuple[float, npt.NDArray[np.float32]]:
        of_breeds = self._imagenet(features)[self._classes]
        presence = float(of_breeds.sum())
        if self._breeds is not None:
            return presence, self._breeds(features)
        return presence, of_breeds / max(presence, _TINY)


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
