"""`edgevision geo`: where on earth photos were taken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import numpy as np

from edgevision.cli.flags import all_of, json_flag
from edgevision.cli.geo_embed import (
    cluster_flag,
    embed_all,
    embed_on,
    embedder_from,
    folder_argument,
    network_flags,
    opened_cluster,
    tell_skipped,
)
from edgevision.cli.geo_eval import evaluate
from edgevision.cli.geo_map import check_map, write_map
from edgevision.cli.geo_search import search
from edgevision.cli.group import Group
from edgevision.errors import WrittenError
from edgevision.geo.cells import leaf_ids, load_cells, partition, partition_leaves, save_cells
from edgevision.geo.folds import T1, T2
from edgevision.geo.gallery import create_gallery, open_gallery
from edgevision.geo.manifest import MANIFEST
from edgevision.geo.photos import read_tags
from edgevision.geo.planet import Training, save_planet, train_planet
from edgevision.geo.scene import scene_of
from edgevision.pixels.photo import SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from edgevision.app.cluster import Cluster
    from edgevision.geo.gallery import Gallery
    from edgevision.geo.photos import Tagged

    Degrees = npt.NDArray[np.float64]

_POINTS: Final = 20_000  # that a worker takes at once
_CHECKPOINT: Final = 1000  # photos after which an interrupted run loses nothing


@click.group(cls=Group)
def geo() -> None:
    """Find out where on earth photos were taken, from what they show.

    All of it happens on this device: nothing is sent anywhere. See docs/geolocation.md.
    """


@geo.command()
@folder_argument
@click.option("--out", required=True, metavar="GALLERY", type=click.Path(path_type=Path))
@cluster_flag
@all_of(*network_flags)
def index(
    *,
    folder: Path,
    out: Path,
    cluster: str | None,
    config: Path | None,
    as_json: bool,
    **shared: Any,
) -> None:
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
    with opened_cluster(cluster) as workers:
        pairs = (
            embed_all(embedder, new, "photos", skipped)
            if workers is None
            else embed_on(workers, embedder, new, "photos", skipped)
        )
        added = _fill(gallery, pairs)
    tell_skipped(skipped)
    told = {"gallery": str(out), "photos": len(gallery), "added": added, "skipped": skipped}
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        print(f"{out}: {len(gallery)} photos, {added} of them new, {len(skipped)} skipped")


def _fill(gallery: Gallery, pairs: Iterator[tuple[Tagged, Any]]) -> int:
    """Add photos as they come; what is done is written now and then, and at an interruption."""
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
        for pair in pairs:
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
@cluster_flag
@json_flag
def cells(
    *,
    folder: Path,
    out: Path,
    t1: int,
    t2: int,
    picture: Path | None,
    cluster: str | None,
    as_json: bool,
) -> None:
    """Divide the earth into cells, small where DIR has many photos."""
    tags = read_tags(folder, SUFFIXES)
    lat = np.array([one.lat for one in tags.photos])
    lon = np.array([one.lon for one in tags.photos])
    with opened_cluster(cluster) as workers:
        made = (
            partition(lat, lon, t1, t2)
            if workers is None
            else partition_leaves(_leaves_by(workers, lat, lon), t1, t2)
        )
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


def _leaves_by(workers: Cluster, lat: Degrees, lon: Degrees) -> npt.NDArray[np.uint64]:
    """Naming each point's smallest cell is what takes the time, and what is spread."""
    points = np.stack([lat, lon], axis=1)
    parts = [points[first : first + _POINTS] for first in range(0, len(points), _POINTS)]
    found = list(workers.each(leaves_of, parts))
    return np.concatenate(found) if found else np.zeros(0, np.uint64)


def leaves_of(points: Degrees) -> npt.NDArray[np.uint64]:
    """S2's leaf ids of (n, 2) latitudes and longitudes; for a worker of a cluster."""
    return leaf_ids(points[:, 0], points[:, 1])


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
