"""Which of the user's own classes is it? Those that `edgevision learn` was shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from edgevision.errors import ModelError
from edgevision.kinds import suggestion
from edgevision.tasks.classify import best
from edgevision.tasks.scores import scores_for
from edgevision.values.label import canonical
from edgevision.values.result import Result
from edgevision.zoo.labels import NONE, positions

if TYPE_CHECKING:
    import numpy.typing as npt

    from edgevision.tasks.scores import Scores
    from edgevision.values.box import Box
    from edgevision.values.tensor import Features, ModelSpec
    from edgevision.zoo.registry import Model

# Keeps a division by a sum that may be 0 finite.
_TINY: Final = 1e-30


class Custom:
    """Names the class, and says how sure it is that any of them is there.

    Presence is what the head's background class leaves, 1 for a head without one; the guesses'
    scores are those among the classes, given that one is there.

    Args:
        name: of the task, which is that of its head.
        model: has the head.
        spec: what the engine runs.
        shared: by head, scores that other tasks of this model use as well.
        top: how many guesses a result has, 1 or more.

    Raises:
        ModelError: if `model` has no such head, or it does not fit.
    """

    threshold = 0.5
    release = 0.3
    window_s = 1.0

    def __init__(
        self, name: str, model: Model, spec: ModelSpec, shared: dict[str, Scores], top: int = 5
    ) -> None:
        self.name = name
        if name not in shared:
            shared[name] = scores_for(model, spec, name)
        self._scores = shared[name]
        self._top = top

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, without the background."""
        every = self._scores.labels
        return tuple(each for row, each in enumerate(every) if row != self._scores.background)

    def read(self, features: Features, box: Box) -> Result:
        """The likeliest classes, given that one is there."""
        presence, among = self._among(features)
        labels, background = self._scores.labels, self._scores.background
        guesses = best(among, labels, self._top, background)
        return Result(self.name, box, guesses, presence)

    def activation(self, features: Features) -> npt.NDArray[np.float32] | None:
        """Where the likely classes are seen."""
        return self._scores.activation(features, self._among(features)[1])

    def expected(self, label: str) -> str | None:
        """One of the classes' names; "none" and "background" are none of them."""
        labels = self.labels
        index = positions(labels).get(canonical(label))
        if index is not None:
            return labels[index]
        row = self._scores.background
        if canonical(label) == NONE or (
            row is not None and canonical(label) == canonical(self._scores.labels[row])
        ):
            return None
        raise ModelError(
            f"label {label!r} is none of the classes of {self.name}"
            f"{suggestion(label, list(labels))}"
        )

    def _among(self, features: Features) -> tuple[float, npt.NDArray[np.float32]]:
        """Presence, and the classes' probabilities (n,) given that one of them is there."""
        among = self._scores(features).copy()
        if self._scores.background is not None:
            among[self._scores.background] = 0.0
        presence = float(among.sum())
        return min(presence, 1.0), np.asarray(among / max(presence, _TINY), np.float32)
