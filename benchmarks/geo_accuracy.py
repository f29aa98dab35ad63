"""How near geolocation comes on the geotagged photos of the test material; see geo.py."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from measuring import table, test_data

from edgevision.cli.flags import chosen_settings
from edgevision.cli.geo_embed import Embedder
from edgevision.evaluation.metrics import Share
from edgevision.geo.distance import great_circle_km
from edgevision.geo.folds import cross_validated
from edgevision.geo.gallery import create_gallery
from edgevision.geo.photos import read_tags
from edgevision.geo.planet import Training
from edgevision.geo.projection import unit
from edgevision.geo.scales import SCALES_KM
from edgevision.geo.spread import Spread, mixed
from edgevision.pixels.photo import SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from edgevision.geo.voting import Neighbour

    Array = npt.NDArray[np.float64]

_NEIGHBOURS, _TEMPERATURES = (10, 20, 40), (0.05, 0.1, 0.2)
_SOFTNESS, _L2 = (150.0, 300.0, 600.0), (3e-5, 1e-4, 3e-4)
_BANDWIDTHS, _SHARES = (500.0, 1000.0, 2000.0), (0.15, 0.3, 0.5)


def accuracy() -> dict[str, Any]:
    """Kilometres of every answer, by mode, and those of the baselines."""
    embedder = Embedder(chosen_settings(None))
    photos = read_tags(test_data("photos", "geotagged"), SUFFIXES).photos
    vectors = np.stack([embedder(one.path) for one in photos])
    lat = np.array([one.lat for one in photos])
    lon = np.array([one.lon for one in photos])
    apart = great_circle_km(lat[:, None], lon[:, None], lat, lon)
    half = np.random.default_rng(0).permutation(len(lat)) % 2
    answers = _gallery_answers(vectors, lat, lon)
    planet = _planet_answers(vectors, lat, lon)
    found, chosen = {}, {}
    by_mode = {"gallery": answers, "planet": planet, "fused": _fused_answers(answers, planet)}
    for mode, settings in by_mode.items():
        found[mode], chosen[mode] = _nested(settings, lat, lon, half)
    found["nearest neighbour, as it is"] = _nearest(vectors, apart)
    found["always the same place"] = _constant(apart, half)
    found["another photo at random"] = apart[np.arange(len(lat)), _others(len(lat))]
    crowd = (apart <= SCALES_KM["continent"]).sum(axis=1)
    return {
        "model": embedder.model,
        "n": len(lat),
        "chosen": chosen,
        "rows": {name: _counted(km, crowd) for name, km in found.items()},
    }


def _gallery_answers(vectors: Any, lat: Array, lon: Array) -> dict[tuple[Any, ...], list[Spread]]:
    names = [str(number) for number in range(len(lat))]
    with TemporaryDirectory() as folder:
        gallery = create_gallery(Path(folder) / "gallery", "0", "", vectors.shape[1])
        gallery.add(names, lat, lon, vectors)
        gallery.commit()
        near = [
            gallery.search(vector, max(_NEIGHBOURS), without=name)
            for name, vector in zip(names, vectors, strict=True)
        ]
    return {
        (k, temperature): [_vote(one[:k], temperature) for one in near]
        for k, temperature in product(_NEIGHBOURS, _TEMPERATURES)
    }


def _vote(near: Sequence[Neighbour], temperature: float) -> Spread:
    likeness = np.array([one.similarity for one in near])
    return Spread(
        np.array([one.lat for one in near]),
        np.array([one.lon for one in near]),
        np.exp((likeness - likeness.max()) / temperature),
    )


def _planet_answers(vectors: Any, lat: Array, lon: Array) -> dict[tuple[Any, ...], list[Spread]]:
    return {
        (softness, l2): cross_validated(vectors, lat, lon, training=Training(softness, l2))
        for softness, l2 in product(_SOFTNESS, _L2)
    }


def _fused_answers(
    gallery: dict[tuple[Any, ...], list[Spread]], planet: dict[tuple[Any, ...], list[Spread]]
) -> dict[tuple[Any, ...], list[Spread]]:
    made = {}
    # The mixture's share is what is chosen; of the parts, what is shipped.
    for share, softness in product(_SHARES, _SOFTNESS):
        pairs = zip(gallery[20, 0.2], planet[softness, 1e-4], strict=True)
        made[share, softness] = [mixed([(one, share), (other, 1 - share)]) for one, other in pairs]
    return made


def _nested(
    settings: dict[tuple[Any, ...], list[Spread]], lat: Array, lon: Array, half: Any
) -> tuple[Array, list[Any]]:
    """Kilometres of each answer, with the settings that were best on the other half."""
    km = {}
    for (setting, spreads), bandwidth in product(settings.items(), _BANDWIDTHS):
        guesses = np.array([spread.peak(bandwidth) for spread in spreads])
        far = great_circle_km(lat, lon, guesses[:, 0], guesses[:, 1])
        km[(*setting, bandwidth)] = far
    answers, chosen = np.zeros(len(lat)), []
    for part in (0, 1):
        best = max(km, key=lambda setting: _score(km[setting][half != part]))
        answers[half == part] = km[best][half == part]
        chosen.append(list(best))
    return answers, chosen


def _score(km: Array) -> float:
    """Both scales that few photos can reach at all, with equal weight."""
    return float((km <= SCALES_KM["country"]).mean() + (km <= SCALES_KM["continent"]).mean())


def _nearest(vectors: Any, apart: Array) -> Array:
    """The most similar photo by the embeddings as they are: where this work began."""
    alike = unit(vectors) @ unit(vectors).T
    np.fill_diagonal(alike, -1)
    return np.asarray(apart[np.arange(len(apart)), alike.argmax(axis=1)])


def _constant(apart: Array, half: Any) -> Array:
    """The one place that is best for the other half: what is known without looking."""
    km = np.zeros(len(apart))
    for part in (0, 1):
        others = apart[half != part]
        score = (others <= SCALES_KM["country"]).sum(0) + (others <= SCALES_KM["continent"]).sum(0)
        km[half == part] = apart[half == part, score.argmax()]
    return km


def _others(n: int) -> Any:
    steps = np.random.default_rng(0).integers(1, n, n)
    return (np.arange(n) + steps) % n


def _counted(km: Array, crowd: Array) -> dict[str, Any]:
    """Hits; `even` counts a photo the less, the more are taken within a continent of it."""
    weights = 1 / crowd
    near = km <= SCALES_KM["continent"]
    hits = {name: int((km <= scale).sum()) for name, scale in SCALES_KM.items()}
    return {
        "hits": hits,
        "n": len(km),
        "median_km": float(np.median(km)),
        "even_continent": float((near * weights).sum() / weights.sum()),
    }


def accuracy_table(measured: dict[str, Any]) -> str:
    """The figures in Markdown."""
    head = ["", *(f"{km} km" for km in SCALES_KM.values()), "median", "continents alike"]
    rows = []
    for name, row in measured["rows"].items():
        shares = [_share(hits, row["n"]) for hits in row["hits"].values()]
        rows.append([name, *shares, f"{row['median_km']:,.0f} km", f"{row['even_continent']:.1%}"])
    return table(head, rows)


def _share(hits: int, n: int) -> str:
    low, high = Share(hits, n).interval()
    return f"{hits / n:.1%} ({low:.1%} to {high:.1%})"
