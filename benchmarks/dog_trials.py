"""What was tried for breeds beside the looks of dogs.py, and whether it helps.

    python benchmarks/dog_trials.py --lite1 FOLDER [--cache FOLDER]

FOLDER is what scripts/build_models.py wrote with --only efficientnet_lite1. Writes
results/dog_trials.json and prints the tables of docs/accuracy.md. Pairs of networks are compared on
new photos without a dog and on training photos, heads on the fifth of the training photos that they
have not learned from, as they are and as a camera may have made them. The test photos are looked at
for one thing only: what the scores mean with the temperature that fits new photos without a dog.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from accuracy import percent
from dog_heads import TRAINED, heads
from dog_looks import KNOWN, LITE0, LITE1, LITE2, NEW, NEW_DOGS, TEST, Looks, against, photos_of
from dog_scores import NAMED, scores
from measuring import add_results_flag, circumstances, measured_on, save, table

from edgevision.evaluation.metrics import mcnemar
from edgevision.learning.calibrate import log_sum_exp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy.typing as npt

    Array = npt.NDArray[np.floating]

NAME = "dog_trials"
SIDES: Final = (224, 256, 288)
NOW: Final = (LITE0, 256, LITE2, 256, 0.5)
# First and second network, each with its side, and the share of the first one's logits.
PAIRS: Final = (
    NOW,
    *(
        (one, side, other, side, 0.5)
        for one, other in ((LITE0, LITE1), (LITE1, LITE2))
        for side in SIDES
    ),
    (LITE0, 224, LITE2, 256, 0.5),
    (LITE0, 256, LITE2, 288, 0.5),
    (LITE0, 288, LITE2, 256, 0.5),
    (LITE0, 288, LITE2, 288, 0.5),
    (LITE1, 256, LITE2, 288, 0.5),
    *((*NOW[:4], share) for share in (0.3, 0.4, 0.6, 0.7)),
)
_PHOTOS: Final = {KNOWN: "training", NEW_DOGS: "new", TEST: "known from training"}
_BY: Final = {"none": "none", "now": "now", "new photos": "fits new photos without a dog"}
_ON: Final = {NEW: "imagenet1k", KNOWN: "dogs"}


def pairs(looks: Looks) -> list[dict[str, Any]]:
    """By pair: what is right of each set, and won and lost against what is used now."""
    found: list[dict[str, Any]] = [{"pair": pair} for pair in PAIRS]
    # Logits of each divided by its own temperature, and the mean of probabilities.
    found += [{"pair": NOW, "mean": mean} for mean in ("own temperatures", "probabilities")]
    for folder in _ON:
        classes = photos_of(folder, looks.limit)[1]
        now = _pair(looks, folder, NOW, None).argmax(axis=1) == classes
        for one in found:
            logits = _pair(looks, folder, one["pair"], one.get("mean"))
            one[folder] = against(logits.argmax(axis=1) == classes, now)
    return found


def _pair(looks: Looks, folder: str, pair: tuple[Any, ...], mean: str | None) -> Array:
    one, side, other, other_side, share = pair
    read = []
    for model, pixels, look in ((one, side, 0), (other, other_side, 1)):
        head = looks.head(model, _ON[folder])
        logits = head.logits(looks.features(model, pixels, folder)[:, look])
        if mean is not None:
            logits = logits / np.float32(head.temperature_at(pixels))
        if mean == "probabilities":
            logits = np.exp(logits - log_sum_exp(logits)[:, None])
        read.append(logits)
    return np.asarray(share * read[0] + (1 - share) * read[1])


def figures(results: Mapping[str, Any]) -> dict[str, str]:
    """The tables of the docs, by name."""
    where = "\n" + measured_on(results)
    return {
        "dog-trials-pairs": _pairs(results["pairs"]) + where,
        "dog-trials-heads": _heads(results["heads"]) + where,
        "dog-trials-scores": _scores(results["scores"]) + where,
    }


def _pairs(found: Iterable[Mapping[str, Any]]) -> str:
    rows = []
    for one in found:
        first, side, second, second_side, share = one["pair"]
        mean = one.get("mean") or f"{share:g}, {1 - share:g}"
        rows.append([f"`{first}` at {side}", f"`{second}` at {second_side}", mean])
        for folder in _ON:
            rows[-1] += [percent(one[folder]["right"], one[folder]["n"]), paired(one[folder])]
    sizes = [one["n"] for one in (next(iter(found))[folder] for folder in _ON)]
    head = ["first look", "second, mirrored", "mean", f"class right, {sizes[0]} new photos"]
    head += ["won, lost", f"breed right, {sizes[1]} training photos", "won, lost"]
    return table(head, rows)


def _heads(found: Iterable[Mapping[str, Any]]) -> str:
    rows = []
    for one in found:
        network = f"`{LITE0}`, `{LITE2}`" if one["network"] == "both" else f"`{one['network']}`"
        plain, camera = one["plain"], one["camera"]
        rows.append([network, one["head"], percent(plain["right"], plain["n"]), paired(plain)])
        differs = f"{camera['won']}, {camera['lost']}" if one["head"] != TRAINED else ""
        rows[-1] += [f"{camera['right'] / camera['n']:.1%}", differs]
    first = next(iter(found))
    head = ["network", "head", f"breed right, {first['plain']['n']} photos held out", "won, lost"]
    return table([*head, f"{first['camera']['n']} as from a camera", "won, lost"], rows)


def _scores(found: Iterable[Mapping[str, Any]]) -> str:
    rows = []
    for one in found:
        low, high = one["surprise_more_than_now"]
        rows.append(
            [
                f"{one['n']} {_PHOTOS[one['photos']]}",
                f"{one['temperature']:.3f} ({_BY[one['by']]})",
                f"{one['error']:.3f} ({one['by_chance']:.3f})",
                f"{one['error_alike']:.3f} ({one['alike_by_chance']:.3f})",
                f"{one['bias']:+.3f}",
                "" if one["by"] == "now" else f"{low:+.3f} to {high:+.3f}",
                f"{one['named']}",
                percent(one["named_right"], one["named"]),
            ]
        )
    head = ["photos", "temperature", "calibration error (by chance)", "bins of as many (by chance)"]
    head += ["mean score less share right", "log loss more than now", f"named at {NAMED:g}"]
    return table([*head, "rightly"], rows)


def paired(one: Mapping[str, int]) -> str:
    won, lost = one["won"], one["lost"]
    return f"{won}, {lost} (p = {mcnemar(won, lost):.2f})" if won or lost else ""


def measure(looks: Looks) -> dict[str, Any]:
    """Everything; nothing here is timed."""
    return {
        **circumstances(),
        "pairs": pairs(looks),
        "heads": heads(looks),
        "scores": scores(looks),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lite1", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="keeps what networks gave")
    parser.add_argument("--limit", type=int, help="only the first so many photos of each set")
    add_results_flag(parser)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cache = given.cache or Path(folder)
        results = measure(Looks({LITE1: given.lite1}, cache, given.limit))
    save(given.results, NAME, results)
    print("\n".join(figures(results).values()))


if __name__ == "__main__":
    main()
