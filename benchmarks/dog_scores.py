"""What the scores of breeds mean with one temperature and with another, photos looked at twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from dog_looks import KNOWN, LITE0, LITE2, NEW, NEW_DOGS, TEST, Looks, photos_of

from edgevision.learning.calibrate import log_sum_exp, temperature
from edgevision.values.reliability import (
    error_by_chance,
    expected_calibration_error,
    reliability,
)
from edgevision.zoo.heads import joined, softmax

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    Array = npt.NDArray[np.floating]
    Classes = npt.NDArray[np.intp]

SIDE: Final = 256
NAMED: Final = 0.4  # the task's threshold
_ALIKE: Final = 10  # bins of as many answers each
_DRAWS: Final = 2000


def logits(looks: Looks, folder: str, head: str) -> Array:
    """Of both networks' looks, the second one mirrored."""
    vectors = [
        looks.features(model, SIDE, folder)[:, look] for model, look in ((LITE0, 0), (LITE2, 1))
    ]
    both = joined(looks.head(LITE0, head), looks.head(LITE2, head))
    return both.logits(np.concatenate(vectors, axis=1))


def temperatures(looks: Looks) -> dict[str, float]:
    """Those that are compared: none, the one in use, and the fit to new photos without a dog."""
    both = joined(looks.head(LITE0, "dogs"), looks.head(LITE2, "dogs"))
    fitted = temperature(logits(looks, NEW, "imagenet1k"), photos_of(NEW, looks.limit)[1])
    return {"none": 1.0, "now": both.temperature_at(SIDE), "new photos": fitted}


def scores(looks: Looks) -> list[dict[str, Any]]:
    """By set of photos and temperature: what the scores are worth."""
    tried = temperatures(looks)
    return [
        {
            "photos": folder,
            "by": by,
            "temperature": round(value, 3),
            **_worth(
                logits(looks, folder, "dogs"), photos_of(folder, looks.limit)[1], value, tried
            ),
        }
        for folder in (KNOWN, NEW_DOGS, TEST)
        for by, value in tried.items()
    ]


def _worth(told: Array, classes: Classes, at: float, tried: Mapping[str, float]) -> dict[str, Any]:
    found = softmax(told / np.float32(at))
    sure, right = found.max(axis=1), found.argmax(axis=1) == classes
    named = sure >= NAMED
    surprise = _surprise(told, classes, at)
    low, high = _interval(surprise - _surprise(told, classes, tried["now"]))
    return {
        "n": len(classes),
        "error": expected_calibration_error(reliability(sure, right)),
        "by_chance": error_by_chance(sure),
        "error_alike": error_alike(sure, right),
        "alike_by_chance": _alike_by_chance(sure),
        "bias": float(sure.mean() - right.mean()),
        "surprise": float(surprise.mean()),
        "surprise_more_than_now": [low, high],
        "named": int(named.sum()),
        "named_right": int((named & right).sum()),
    }


def _surprise(told: Array, classes: Classes, at: float) -> Array:
    """-log of the right one's probability, of each photo."""
    scaled = told.astype(np.float64) / at
    return np.asarray(log_sum_exp(scaled) - scaled[np.arange(len(scaled)), classes])


def _interval(differences: Array) -> tuple[float, float]:
    """95 % of the mean, by bootstrap over photos, always the same draws."""
    random = np.random.default_rng(0)
    drawn = random.integers(len(differences), size=(_DRAWS, len(differences)))
    low, high = np.quantile(differences[drawn].mean(axis=1), (0.025, 0.975))
    return float(low), float(high)


def error_alike(sure: Array, right: npt.NDArray[np.bool_]) -> float:
    """The calibration error over bins of as many answers each (Nixon et al. 2019)."""
    order = np.argsort(sure, kind="stable")
    gaps = [
        len(one) * abs(float(right[one].mean() - sure[one].mean()))
        for one in np.array_split(order, _ALIKE)
        if len(one)
    ]
    return float(sum(gaps)) / len(sure)


def _alike_by_chance(sure: Array) -> float:
    random = np.random.default_rng(0)
    return float(
        np.mean([error_alike(sure, random.random(len(sure)) < sure) for _ in range(_DRAWS // 4)])
    )
