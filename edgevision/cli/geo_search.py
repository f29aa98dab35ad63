"""`edgevision geo search`: where one photo was taken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from edgevision.cli.flags import FloatRange, all_of
from edgevision.cli.geo_embed import embedder_from, network_flags
from edgevision.cli.geo_map import check_map, write_map
from edgevision.errors import PhotoError, WrittenError
from edgevision.geo.distance import round_km
from edgevision.geo.gallery import open_gallery
from edgevision.geo.locate import BANDWIDTH_KM, FINEST_KM, Locator
from edgevision.geo.photos import read_exif
from edgevision.geo.places import named
from edgevision.geo.planet import load_planet
from edgevision.geo.scene import scene_of
from edgevision.geo.voting import NEIGHBOURS

if TYPE_CHECKING:
    from edgevision.cli.geo_embed import Embedder
    from edgevision.geo.spread import Spread
    from edgevision.geo.voting import Neighbour
    from edgevision.values.place import Place

gallery_flag = click.option(
    "--gallery", "gallery_folder", metavar="GALLERY", type=click.Path(path_type=Path)
)
head_flag = click.option(
    "--head", "head_file", metavar="HEAD", type=click.Path(path_type=Path), help="of `geo planet`"
)


def locator_from(
    gallery_folder: Path | None, head_file: Path | None, embedder: Embedder, neighbours: int
) -> Locator:
    """What is asked for a place: whichever of the two is given.

    Raises:
        WrittenError: if neither is.
    """
    if gallery_folder is None and head_file is None:
        raise WrittenError("--gallery, --head: give at least one of them")
    gallery = None if gallery_folder is None else open_gallery(gallery_folder, embedder.sha256)
    head = None if head_file is None else load_planet(head_file, embedder.sha256)
    return Locator(gallery, head, neighbours)


@click.command()
@click.argument("image", metavar="IMAGE", type=click.Path(path_type=Path))
@gallery_flag
@head_flag
@click.option(
    "-k", default=NEIGHBOURS, show_default=True, type=click.IntRange(1, 1000), help="neighbours"
)
@click.option(
    "--finest-km",
    default=FINEST_KM,
    show_default=True,
    type=FloatRange(0.1, 20000),
    help="never claim to know the place better than that",
)
@click.option(
    "--map",
    "picture",
    type=click.Path(path_type=Path),
    callback=check_map,
    metavar="FILE.html|.png",
    help="draw it on a map of the earth",
)
@all_of(*network_flags)
def search(
    *,
    image: Path,
    gallery_folder: Path | None,
    head_file: Path | None,
    k: int,
    finest_km: float,
    picture: Path | None,
    config: Path | None,
    as_json: bool,
    **shared: Any,
) -> None:
    """Tell where IMAGE may have been taken, by the photos of a gallery, a head, or both.

    The radius holds half of what speaks for the place, and "90 %" nearly all of it. With --map the
    picture shows the evidence, the answer and, if IMAGE has GPS in its EXIF, the truth.
    """
    embedder = embedder_from(config, shared)
    locator = locator_from(gallery_folder, head_file, embedder, k)
    vector = embedder(image)
    spread = locator.spread(vector)
    if spread is None:
        raise WrittenError(f"{gallery_folder}: the gallery is empty")
    found = spread.place(BANDWIDTH_KM, 0.5, finest_km)
    place = named(found)
    wide_km = max(spread.radius_km(found.lat, found.lon, 0.9), finest_km)
    near = () if locator.gallery is None else locator.gallery.search(vector, k)
    if picture is not None:
        title = f"{image.name}: {place.name}"
        shown = scene_of(
            title,
            spread=spread,
            truths=_truth(image),
            guess=(found.lat, found.lon),
            radius_km=found.radius_km,
        )
        write_map(picture, shown)
    if as_json:
        told = {
            "place": _to_dict(place, wide_km),
            "neighbours": [_neighbour(one) for one in near],
            "cells": _cells(locator, vector),
        }
        print(json.dumps(told, ensure_ascii=False))
    else:
        print(f"{image}: {place.name}; 90 % within {round_km(wide_km):,.0f} km")
        print("\n".join(_words(near)))


def _to_dict(place: Place, wide_km: float) -> dict[str, Any]:
    radii = {"50": round(place.radius_km, 1), "90": round(wide_km, 1)}
    return {"lat": place.lat, "lon": place.lon, "name": place.name, "radius_km": radii}


def _neighbour(one: Neighbour) -> dict[str, Any]:
    where = {"path": one.name, "lat": one.lat, "lon": one.lon}
    return {**where, "similarity": round(one.similarity, 4)}


def _words(near: tuple[Neighbour, ...]) -> list[str]:
    shown = near[:5]
    return [f"  {one.similarity:6.3f}  {one.lat:8.3f} {one.lon:9.3f}  {one.name}" for one in shown]


def _cells(locator: Locator, vector: Any) -> list[dict[str, Any]]:
    """The five likeliest cells of the head."""
    if locator.head is None:
        return []
    spread: Spread = locator.head.spread(vector)
    best = np.argsort(-spread.weights)[:5]
    return [
        {
            "cell": f"{int(locator.head.ids[row]):016x}",
            "lat": round(float(spread.lat[row]), 2),
            "lon": round(float(spread.lon[row]), 2),
            "share": round(float(spread.weights[row]), 4),
        }
        for row in best
    ]


def _truth(image: Path) -> Any:
    try:
        return np.array([read_exif(image)])
    except PhotoError:
        return None
