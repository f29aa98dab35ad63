"""How right the task landmarks is, by its heads and by each geo.mode, and a map of its answers.

Writes results/landmarks.json, docs/images/landmarks.png and prints the tables of docs/accuracy.md.
Nothing is chosen here. The heads have learned from the photos of streets, so what is told of those
here is what heads without them said when they were built (scripts/held_out.py), and stands in the
heads' files. Gallery and PlaNet head are made of the training photos of the same
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
    from collections.abc import Collection, Mapping, Sequence

    from edgevision.app.build import Network
    from edgevision.evaluation.places import Places
    from edgevision.protocols import Task
    from edgevision.values.result import Result

NAME = "landmarks"
PICTURE: Final = PROJECT / "docs" / "images" / "landmarks.png"
CORAL: Final = "mobilenet_v1_1.0_224_quant_embedding_extractor"
PAIR: Final = "default"
"""No network named: two look at a photo."""

NETWORKS: Final = (PAIR, "efficientnet_lite0", "efficientnet_lite2", "mobilenet_v2", CORAL)
ONE: Final = "efficientnet_lite0"
STREETS: Final = "geotagged"
MODES: Final = ("head", "planet", "gallery", "fused")
PRESENCE: Final = 0.5
_FINEST_KM: Final = 0.1


def network_of(name: str, **geo: Any) -> Network:
    """`PAIR` looks at photos as they are, others as they look at frames of a video."""
    flags = {"models__folder": str(test_data("models"))} if name == CORAL else {}
    flags |= {f"geo__{key}": value for key, value in {"finest_km": _FINEST_KM, **geo}.items()}
    return build_network(settings_from(None, task="landmarks", model=name, **flags), photos=True)


def answers(network: Network, folder: str, only: Collection[str] | None = None) -> Places:
    """Of the photos of `folder`, or `only` the files that are named."""
    (task,) = network.tasks
    placed, broken = read_places(test_data("photos", folder), task)
    if only is not None:
        placed = [one for one in placed if one.photo.path.name in only]
    return evaluate_places(placed, broken, task, network.engine, network.prepare, presence=PRESENCE)


def read_head(name: str) -> tuple[dict[str, Any], Places]:
    """What the head of a network says of the sets of test photos, and said of streets."""
    network = network_of(name)
    (task,) = network.tasks
    told = answers(network, "landmarks/test")
    labelled = told.labelled()
    others = read_truth(test_data("photos", "imagenet/val"), task)
    val = evaluate(others, task, network.engine, network.prepare, PRESENCE)
    made = network.model.heads[NAME].provenance
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
        STREETS: _of_streets(name, made),
        "showing": _showing(network, made),
    }
    return found, told


def _of_streets(name: str, made: Mapping[str, Any]) -> dict[str, int]:
    """What heads said that did not see them, looking as often and as large as is done here."""
    looks = made["cross_validation"]["looks"]
    (view,) = (look for look in looks if look.startswith("pair" if name == PAIR else "square"))
    counts = looks[view][STREETS]
    return {"n": counts["n"], "accepted": counts["passes"], "seen": counts["told"]}


def _showing(network: Network, made: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The photos of streets that do show a landmark, which no head was made of."""
    (photos,) = (one for one in made["photos"] if one["folder"] == STREETS)
    truth = photos["left_out"]
    return [
        {
            "photo": one.placed.photo.path.name,
            "shows": truth[one.placed.photo.path.name],
            "named": one.result.guesses[0].label,
            "presence": round(one.result.presence, 3),
            "seen": _seen(one.result, network.tasks[0]),
        }
        for one in answers(network, STREETS, truth).told
    ]


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
        network = network_of(ONE, mode=mode, **parts)
        found[mode] = {name: within(answers(network, name)) for name in ("landmarks/test", STREETS)}
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
    sets = {"imagenet_val": "other things", STREETS: "streets"}
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
        title = "photos: two networks, 256 pixels" if name == PAIR else f"`{name}`, one look"
        rows.append([title, *shares, f"{one['ece']:.3f}", *false])
    return table(head, rows) + _shown(heads[PAIR]["showing"])


def _shown(showing: Sequence[Mapping[str, Any]]) -> str:
    named = sum(one["named"] == one["shows"] and one["seen"] for one in showing)
    wrong = sum(one["named"] != one["shows"] and one["seen"] for one in showing)
    return (
        f"\nOf the {len(showing)} photos of streets that do show a landmark the two networks name "
        f"{named} rightly and {wrong} wrongly.\n"
    )


def _modes(modes: Mapping[str, Any]) -> str:
    head = ["", *(f"{km} km" for km in SCALES_KM.values()), "median"]
    rows = []
    for title, name in (("48 landmarks", "landmarks/test"), ("streets", STREETS)):
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
