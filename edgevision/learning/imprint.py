"""Weight imprinting: a class's weights are the mean of its few photos' embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from edgevision.learning.linear import Linear, Space

SCALE: Final = 20.0
"""s of Qi et al., equation 4: what cosines, -1 to 1, are multiplied by to become logits.

Of 10 to 40 on few photos of landmarks and of dogs, those around 20 gave the likeliest answers."""


def imprint(
    vectors: npt.NDArray[np.floating], classes: npt.NDArray[np.intp], count: int, space: Space
) -> Linear:
    """A classifier with a row for each class.

    Qi, Brown & Lowe 2018, "Low-Shot Learning with Imprinted Weights", section 3.2: the weights of
    a class are the mean of its photos' normalised embeddings, normalised again (equation 6). Their
    network also normalises what it is asked about; so that a head stays linear, here all vectors
    are divided by the same number instead, the radius of `space`.

    Args:
        vectors: (n, features), one or more for each class.
        classes: (n,) 0 <= class < `count`.
        count: of classes.
        space: whose centre is where embeddings are seen from.
    """
    normal = _normalised(space.of(vectors))
    means = np.stack([normal[classes == index].mean(axis=0) for index in range(count)])
    return space.folded(SCALE * _normalised(means), np.zeros(count))


def _normalised(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1.0))
