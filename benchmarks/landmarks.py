"""How right the task landmarks is, by its heads and by each geo.mode, and a map of its answers.

Writes results/landmarks.json, docs/images/landmarks.png and prints the tables of docs/accuracy.md.
Nothing is chosen here. Gallery and PlaNet head are made of the training photos of the same
landmarks, as a user would make them of photos of his own.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from measuring import (
    PROJECT,
    add_results_flag,
    circumstances,
    edgevision,
    measured_on,
    save,
    table,
    test_data,
)

from edgevision.app.build import build_network
from edgevision.cli.flags import settings_from
from edgevision.evaluation.metrics import Share
from edgevision.evaluation.places import evaluate_places, read_places
from edgevision.evaluation.run import evaluate, read_truth
from edgevision.geo.png import to_png
from edgevision.geo.scales import PUBLISHED, SCALES_KM
from edgevision.geo.scene import pairs_scene
from edgevision.values.reliability import error_by_chance, expected_calibration_error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgevision.app.build import Network
    from edgevision.evaluation.places import Places
    from edgevision.protocols import Task
    from edgevision.values.result import Result

NAME = "landmarks"
PICTURE: Final = PROJECT / "docs" / "images" / "landmarks.png"
CORAL: Final = "mobilenet_v1_1.0_224_quant_embedding_extractor"
NETWORKS: Final = ("efficientnet_lite0", "efficientnet_lite2", "mobilenet_v2", CORAL)
MODES: Final = ("head", "planet", "gallery", "fused")
PRESENCE: Final = 0.5
_FINEST_KM: Final = 0.1


def network_of(name: str, **geo: Any) -> Network:
    flags = {"models__folder": str(test_data("models"))} if name == CORAL else {}
    flags |= {f"geo__{key}": value for key, value in {"finest_km": _FINEST_KM, **geo}.items()}
    return build_network(settings_from(None, task="landmarks", model=name, **flags), photos=True)


def answers(network: Network, folder: str) -> Places:
    (task,) = network.tasks
    placed, broken = read_places(test_data("photos", folder), task)
    return evaluate_places(placed, broken, task, network.engine, network.prepare, presence=PRESENCE)


def read_head(name: str) -> tuple[dict[str, Any], Places]:
    """What the head of a network says of the three sets of test photos."""
    network = network_of(name)
    (task,) = network.tasks
    told = answers(network, "landmarks/test")
    labelled = told.labelled()
    others = read_truth(test_data("photos", "imagenet/val"), task)
    val = evaluate(others, task, network.engine, network.prepare, PRESENCE)
    streets = [one.result for one in answers(network, "geotagged").told]
    things = [one.result for one in val.answers]
    passed = [one for one in labelled.answers if one.result.presence >= PRESENCE]
    seen = [one for one in labelled.answers if _seen(one.result, task)]
    found = {
        "n": labelled.top1.n,
        "top1": labelled.top1.hits,
        "top5": labelled.top5.hits,
        "accepted": told.accepted.hits,
        "right_and_accepted": sum(one.right for one in passed),
        "ece": expected_calibration_error(labelled.bins),
        "ece_by_chance": error_by_chance(labelled.confidences),
        "mistakes": [[*pair, n] for pair, n in labelled.mistakes.most_common()],
        "seen": len(seen),
        "right_and_seen": sum(one.right for one in seen),
        "imagenet_val": _false(things, task),
        "geotagged": _false(streets, task),
    }
    return found, told


def _seen(result: Result, task: Task) -> bool:
    """What `classify` tells: a landmark is there, and one stands out by the task's threshold."""
    return result.presence >= PRESENCE and result.guesses[0].score >= task.threshold


def _false(results: Sequence[Result], task: Task) -> dict[str, int]:
    """Of photos that show no known landmark."""
    accepted = sum(one.presence >= PRESENCE for one in results)
    return {
        "n": len(results),
        "accepted": accepted,
        "seen": sum(_seen(one, task) for one in results),
    }


def within(told: Places) -> dict[str, Any]:
    near = told.nearness
    median = near.median_km
    known = median is not None and np.isfinite(median)
    return {"n": near.n, "hits": list(near.hits), "median_km": median if known else None}


def read_modes(folder: Path) -> dict[str, Any]:
    """The four modes on the landmarks' test photos, and on streets all over the world.

    Args:
        folder: where gallery, cells and PlaNet head of the training photos are put.
    """
    train = test_data("photos", "landmarks/train")
    edgevision("geo", "index", train, "--out", folder / "gallery")
    edgevision("geo", "cells", train, "--out", folder / "cells.npz", "--t1", "50", "--t2", "3")
    edgevision(
        *("geo", "planet", train, "--cells", folder / "cells.npz", "--out", folder / "planet.npz")
    )
    given = {"gallery": folder / "gallery", "planet": folder / "planet.npz"}
    found = {}
    for mode in MODES:
        parts = {key: str(path) for key, path in given.items() if mode in {key, "fused"}}
        network = network_of(NETWORKS[0], mode=mode, **parts)
        found[mode] = {
            name: within(answers(network, f"{name}")) for name in ("landmarks/test", "geotagged")
        }
    return found


def draw(told: Places) -> None:
    """Truths and answers of the photos that passed for a landmark."""
    shown = [one for one in told.told if one.result.place and one.result.presence >= PRESENCE]
    truths = np.array([[one.placed.photo.lat, one.placed.photo.lon] for one in shown])
    guesses = np.array(
        [[one.result.place.lat, one.result.place.lon] for one in shown if one.result.place]
    )
    title = f"{len(shown)} photos of landmarks"
    PICTURE.write_bytes(to_png(pairs_scene(title, truths, guesses)))


def figures(results: Mapping[str, Any]) -> dict[str, str]:
    """The tables of docs/accuracy.md."""
    when = "\n" + measured_on(results)
    return {
        "landmarks-heads": _heads(results["heads"]) + when,
        "landmarks-modes": _modes(results["modes"]) + when,
    }


def _heads(heads: Mapping[str, Any]) -> str:
    sets = {"imagenet_val": "other things", "geotagged": "streets"}
    head = ["network", "top-1", "top-5", "passes", "told", "told rightly", "calibration off by"]
    head += [f"{name} that pass" for name in sets.values()]
    head += [f"{name} told" for name in sets.values()]
    rows = []
    for name, one in heads.items():
        keys = ("top1", "top5", "accepted", "seen", "right_and_seen")
        shares = [_share(one[key], one["n"]) for key in keys]
        false = [
            _share(one[which][key], one[which]["n"])
            for key in ("accepted", "seen")
            for which in sets
        ]
        rows.append([f"`{name}`", *shares, f"{one['ece']:.3f}", *false])
    return table(head, rows)


def _modes(modes: Mapping[str, Any]) -> str:
    head = ["", *(f"{km} km" for km in SCALES_KM.values()), "median"]
    rows = []
    for title, name in (("48 landmarks", "landmarks/test"), ("streets", "geotagged")):
        for mode, sets in modes.items():
            one = sets[name]
            median = "none" if one["median_km"] is None else f"{one['median_km']:,.0f} km"
            shares: Sequence[str] = [_share(hits, one["n"]) for hits in one["hits"]]
            rows.append([f"{title}, `{mode}`", *shares, median])
    rows += [
        [f"Im2GPS's 237 photos, {paper.name}", *(f"{share:.1%}" for share in paper.within), ""]
        for paper in PUBLISHED
    ]
    return table(head, rows)


def _share(hits: int, n: int) -> str:
    low, high = Share(hits, n).interval()
    return f"{hits / n:.1%} ({low:.1%} to {high:.1%})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", choices=NETWORKS, action="append", help="only its head")
    add_results_flag(parser)
    given = parser.parse_args()
    file = given.results / f"{NAME}.json"
    results: dict[str, Any] = {"heads": {}}
    if given.network and file.exists():
        results = json.loads(file.read_text(encoding="utf-8"))
    results |= circumstances()
    for name in given.network or NETWORKS:
        results["heads"][name], told = read_head(name)
        if name == NETWORKS[0]:
            draw(told)
    if not given.network or "modes" not in results:
        with tempfile.TemporaryDirectory() as folder:
            results["modes"] = read_modes(Path(folder))
    save(given.results, NAME, results)
    print("\n".join(figures(results).values()))


if __name__ == "__main__":
    main()
