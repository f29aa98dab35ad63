"""Which landmark is it, and so where? Or, by photos of known places: whereabouts on earth?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from edgevision.errors import ModelError
from edgevision.geo.locate import FINEST_KM
from edgevision.geo.places import rounded
from edgevision.kinds import suggestion
from edgevision.tasks.classify import best
from edgevision.tasks.countries import countries_of, place_of
from edgevision.tasks.scores import scores_for
from edgevision.values.label import canonical
from edgevision.values.place import Place
from edgevision.values.result import Guess, Result
from edgevision.zoo.labels import NONE, display_name, imagenet_labels, positions
from edgevision.zoo.landmarks import landmarks

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    import numpy.typing as npt

    from edgevision.geo.spread import Spread
    from edgevision.tasks.scores import Scores
    from edgevision.values.box import Box
    from edgevision.values.tensor import Features, ModelSpec
    from edgevision.zoo.registry import Model

    Array = npt.NDArray[np.float32]
    Locate = Callable[[npt.NDArray[Any]], Spread | None]

HEAD: Final = "landmarks"
# From this presence on it is a landmark that it knows: what the head's background was set for.
_KNOWN: Final = 0.5
# Beyond this a town is no answer any more, as in geo/places.py.
_TOWN_KM: Final = 60.0
# Keeps a division by a sum that may be 0 finite.
_TINY: Final = 1e-30


class Landmarks:
    """Names the landmark, with its place; presence is that it is one of those it knows.

    The place is the landmark's own, which anybody can look up. Its radius is where the camera may
    be: that of the landmark, but at least `finest_km`, to which the coordinates are rounded.

    With `locate` a picture of no known landmark, or every picture without `head`, is answered by
    countries, the likeliest first, and the place where it says most.

    Args:
        model: has a "landmarks" head, if `head`.
        spec: what the engine runs.
        shared: by head, scores that other tasks of this model use as well.
        top: how many guesses a result has, 1 or more.
        finest_km: no place is told finer.
        locate: gives the distribution over the earth for an embedding; None: there is none.
        head: whether landmarks are looked for.

    Raises:
        ModelError: if `model` has no such head, or gives no embedding.
    """

    name = "landmarks"
    threshold = 0.5
    release = 0.3
    window_s = 2.0

    def __init__(
        self,
        model: Model,
        spec: ModelSpec,
        shared: dict[str, Scores],
        top: int = 5,
        *,
        finest_km: float = FINEST_KM,
        locate: Locate | None = None,
        head: bool = True,
    ) -> None:
        if head and HEAD not in shared:
            shared[HEAD] = scores_for(model, spec, HEAD)
        if spec.vector is None and locate is not None:
            raise ModelError(f"model {model.name} gives no embedding, by which a place is found")
        self._scores = shared[HEAD] if head else None
        self._locate = locate
        self._top = top
        self._finest_km = finest_km

    def read(self, features: Features, box: Box) -> Result:
        """The likeliest landmarks, given that it is one, and the place of the first."""
        presence, among = self._among(features)
        elsewhere = self._locate is not None and presence < _KNOWN
        found = self._elsewhere(features, box) if elsewhere else None
        if found is not None or self._scores is None:
            return found or Result(self.name, box, (), 0.0)
        guesses = tuple(
            Guess(guess.label, _name(guess.label), guess.score)
            for guess in best(among, self._scores.labels, self._top, self._scores.background)
        )
        return Result(self.name, box, guesses, presence, self._place(guesses[0].label))

    def activation(self, features: Features) -> Array | None:
        """Where the likely landmarks are seen."""
        if self._scores is None:
            return None
        return self._scores.activation(features, self._among(features)[1])

    def expected(self, label: str) -> str | None:
        """A landmark's label or name; an ImageNet class, by index or name, shows none of them.

        Without the head it is the landmark's country.
        """
        known = landmarks()
        by_name = {canonical(one): each for each in known for one in (each, known[each].name)}
        found = by_name.get(canonical(label))
        if found is not None:
            return found if self._scores is not None else known[found].country or None
        if label.isdecimal() or canonical(label) in {
            canonical(NONE),
            *positions(imagenet_labels()),
        }:
            return None
        raise ModelError(f"label {label!r} is no landmark{suggestion(label, list(known))}")

    def _among(self, features: Features) -> tuple[float, Array]:
        """Presence, and each landmark's probability given that one of them is there."""
        if self._scores is None:
            return 0.0, np.zeros(0, np.float32)
        among = self._scores(features).copy()
        if self._scores.background is not None:
            among[self._scores.background] = 0.0
        presence = float(among.sum())
        return min(presence, 1.0), np.asarray(among / max(presence, _TINY), np.float32)

    def _place(self, label: str) -> Place | None:
        one = landmarks().get(label)
        if one is None:
            return None
        radius_km = max(one.radius_km, self._finest_km)
        # A wide landmark's own town may be said however wide it is: it is part of its name.
        town = radius_km <= max(_TOWN_KM, one.radius_km)
        area = f"near {one.area}" if town or not one.country else f"in {one.country}"
        return Place(*rounded(one.lat, one.lon, radius_km), radius_km, area)

    def _elsewhere(self, features: Features, box: Box) -> Result | None:
        """What photos of known places say; None if they say nothing."""
        if self._locate is None or features.vector is None:
            return None
        spread = self._locate(features.vector.real())
        if spread is None:
            return None
        guesses = tuple(Guess(one, one, share) for one, share in countries_of(spread, self._top))
        return Result(self.name, box, guesses, 1.0, place_of(spread, self._finest_km))


def _name(label: str) -> str:
    one = landmarks().get(label)
    return display_name(label) if one is None else one.name
