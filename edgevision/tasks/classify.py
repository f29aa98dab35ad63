"""What is it? The classes of ImageNet, or those of a model with its own label file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgevision.errors import ModelError
from edgevision.kinds import suggestion
from edgevision.tasks.scores import scores_for
from edgevision.values.label import canonical
from edgevision.values.result import Guess, Result
from edgevision.zoo.labels import NONE, display_name, positions, short_names

if TYPE_CHECKING:
    import numpy.typing as npt

    from edgevision.tasks.scores import Scores
    from edgevision.values.box import Box
    from edgevision.values.tensor import Features, ModelSpec
    from edgevision.zoo.registry import Model

HEAD = "imagenet1k"


class Classify:
    """Names the most probable classes of a picture.

    Args:
        model: has a head "imagenet1k", or a classifier of its own with labels.
        spec: what the engine runs.
        shared: by head, scores that other tasks of this model use as well.
        top: how many guesses a result has, 1 or more.
    """

    name = "classify"
    threshold = 0.5
    release = 0.3
    window_s = 1.0

    def __init__(
        self, model: Model, spec: ModelSpec, shared: dict[str, Scores], top: int = 5
    ) -> None:
        if HEAD not in shared:
            shared[HEAD] = scores_for(model, spec, HEAD)
        self.scores = shared[HEAD]
        self.labels = self.scores.labels
        self._names = short_names(self.labels)
        self._positions = positions(self.labels)
        self._top = top

    def read(self, features: Features, box: Box) -> Result:
        """The best classes; presence is what the background class leaves."""
        probabilities = self.scores(features)
        presence = 1.0
        if self.scores.background is not None:
            presence -= float(probabilities[self.scores.background])
        guesses = best(probabilities, self._names, self._top, self.scores.background)
        return Result(self.name, box, guesses, presence)

    def activation(self, features: Features) -> npt.NDArray[np.float32] | None:
        """Where the probable classes are seen."""
        return self.scores.activation(features, self.scores(features))

    def expected(self, label: str) -> str | None:
        """A name, any of its synonyms, or an index that leaves the background class out."""
        classes = [index for index in range(len(self.labels)) if index != self.scores.background]
        if label.isdecimal() and int(label) < len(classes):
            return self._names[classes[int(label)]]
        if canonical(label) == NONE:
            return None
        index = self._positions.get(canonical(label))
        if index is None:
            near = suggestion(label, list(self._names)) if len(label) > 1 else ""
            raise ModelError(f"label {label!r} is none of the {len(classes)} classes{near}")
        return self._names[index]


def best(
    probabilities: npt.NDArray[np.float32],
    names: tuple[str, ...],
    count: int,
    without: int | None = None,
) -> tuple[Guess, ...]:
    """The `count` most probable, best first, leaving out the class `without`."""
    wanted = min(count + (without is not None), len(names))
    top = np.argpartition(probabilities, -wanted)[-wanted:]
    top = top[np.argsort(probabilities[top])[::-1]]
    return tuple(
        Guess(names[index], display_name(names[index]), float(probabilities[index]))
        for index in top.tolist()
        if index != without
    )[:count]
