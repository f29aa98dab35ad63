"""`edgevision geo`: where on earth photos were taken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import numpy as np

from edgevision.cli.flags import all_of, json_flag
from edgevision.cli.geo_embed import (
    embed_all,
    embedder_from,
    folder_argument,
    network_flags,
    tell_skipped,
)
from edgevision.cli.geo_eval import evaluate
from edgevision.cli.geo_map import check_map, write_map
from edgevision.cli.geo_search import search
from edgevision.errors import WrittenError
from edgevision.geo.cells import load_cells, partition, save_cells
from edgevision.geo.folds import T1, T2
from edgevision.geo.gallery import create_gallery, open_gallery
from edgevision.geo.manifest import MANIFEST
from edgevision.geo.photos import read_tags
from edgevision.geo.planet import Training, save_planet, train_planet
from edgevision.geo.scene import scene_of
from edgevision.pixels.photo import SUFFIXES

if TYPE_CHECKING:
    from edgevision.cli.geo_embed import Embedder
    from edgevision.geo.gallery import Gallery
    from edgevision.geo.photos import Tagged

_CHECKPOINT: Final = 1000  # photos after which an interrupted run loses nothing


@click.group()
def geo() -> None:
    """Find out where on earth photos were taken, from what they show.

    All of it happens on this device: nothing is sent anywhere. See docs/geolocation.md.
    """


@geo.command()
@folder_argument
@click.option("--out", required=True, metavar="GALLERY", type=click.Path(path_type=Path))
@all_of(*network_flags)
def index(*, folder: Path, out: Path, config: Path | None, as_json: bool, **shared: Any) -> None:
    """Put the geotagged photos of DIR into a gallery.

    DIR has a file labels.csv with the columns path, lat and lon, or photos with GPS in their EXIF.
    Photos that are in the gallery already are passed over, so that a run that was stopped goes on.
    """
    embedder = embedder_from(config, shared)
    tags = read_tags(folder, SUFFIXES)
    if (out / MANIFEST).exists():
        gallery = open_gallery(out, embedder.sha256, writable=True)
    else:
        gallery = create_gallery(out, embedder.sha256, embedder.model, embedder.features)
    new = [one for one in tags.photos if gallery.place_of(one.name) != (one.lat, one.lon)]
    skipped = list(tags.broken)
    added = _fill(gallery, embedder, new, skipped)
    tell_skipped(skipped)
    told = {"gallery": str(out), "photos": len(gallery), "added": added, "skipped": skipped}
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        print(f"{out}: {len(gallery)} photos, {added} of them new, {len(skipped)} skipped")


def _fill(gallery: Gallery, embedder: Embedder, new: list[Tagged], skipped: list[str]) -> int:
    """Embed and add; what is done is written now and then, and at an interruption."""
    waiting: list[tuple[Tagged, Any]] = []
    added = 0

    def write() -> None:
        photos, vectors = [one for one, _ in waiting], [vector for _, vector in waiting]
        gallery.add(
            [one.name for one in photos],
            [one.lat for one in photos],
            [one.lon for one in photos],
            np.stack(vectors),
        )
        gallery.commit()
        waiting.clear()

    try:
        for pair in embed_all(embedder, new, "photos", skipped):
            waiting.append(pair)
            added += 1
            if len(waiting) >= _CHECKPOINT:
                write()
    finally:
        if waiting:
            write()
    if not len(gallery):
        raise WrittenError(f"{gallery.folder}: not made, since no photo with a place was found")
    return added


@geo.command()
@folder_argument
@click.option("--out", required=True, metavar="CELLS", type=click.Path(path_type=Path))
@click.option("--t1", default=T1, show_default=True, help="most photos of a cell")
@click.option("--t2", default=T2, show_default=True, help="fewest photos of a cell that is kept")
@click.option("--map", "picture", type=click.Path(path_type=Path), callback=check_map)
@json_flag
def cells(
    *, folder: Path, out: Path, t1: int, t2: int, picture: Path | None, as_json: bool
) -> None:
    """Divide the earth into cells, small where DIR has many photos."""
    tags = read_tags(folder, SUFFIXES)
    lat = np.array([one.lat for one in tags.photos])
    lon = np.array([one.lon for one in tags.photos])
    made = partition(lat, lon, t1, t2)
    tell_skipped(tags.broken)
    if not len(made):
        raise WrittenError(
            f"{folder}: {len(lat)} photos with a place are too few for a cell of {t2}; take a "
            "smaller --t2"
        )
    save_cells(made, out)
    kept = int(made.counts.sum())
    if picture is not None:
        corners = [made.corners(number) for number in range(len(made))]
        title = f"{len(made)} cells of {t2} to {t1} photos"
        shares = (made.counts / made.counts.max()).tolist()
        write_map(picture, scene_of(title, corners=corners, shares=shares))
    if as_json:
        told = {"cells": len(made), "photos": len(lat), "kept": kept, "skipped": tags.broken}
        print(json.dumps(told, ensure_ascii=False))
    else:
        print(f"{out}: {len(made)} cells hold {kept} of {len(lat)} photos")


@geo.command()
@folder_argument
@click.option("--cells", "cells_file", required=True, type=click.Path(path_type=Path))
@click.option("--out", required=True, metavar="HEAD", type=click.Path(path_type=Path))
@click.option("--seed", default=0, show_default=True, help="of the training")
@all_of(*network_flags)
def planet(
    *,
    folder: Path,
    cells_file: Path,
    out: Path,
    seed: int,
    config: Path | None,
    as_json: bool,
    **shared: Any,
) -> None:
    """Fit a head that tells the cells of `geo cells` apart, to the geotagged photos of DIR."""
    classes = load_cells(cells_file)
    embedder = embedder_from(config, shared)
    tags = read_tags(folder, SUFFIXES)
    skipped = list(tags.broken)
    pairs = list(embed_all(embedder, tags.photos, "photos", skipped))
    tell_skipped(skipped)
    if not pairs:
        raise WrittenError(f"{folder}: no photo with a place can be read")
    head = train_planet(
        np.stack([vector for _, vector in pairs]),
        np.array([one.lat for one, _ in pairs]),
        np.array([one.lon for one, _ in pairs]),
        classes,
        backbone_sha256=embedder.sha256,
        training=Training(seed=seed),
    )
    save_planet(head, out)
    if as_json:
        told = {"cells": len(head.ids), "photos": head.photos, "skipped": skipped}
        print(json.dumps(told, ensure_ascii=False))
    else:
        print(f"{out}: {len(head.ids)} cells from {head.photos} photos")


geo.add_command(search)
geo.add_command(evaluate)
