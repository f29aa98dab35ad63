"""`edgevision geo eval`: how near the answers are, beside the papers' figures."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from edgevision.cli.flags import all_of
from edgevision.cli.geo_embed import (
    embed_all,
    embedder_from,
    folder_argument,
    network_flags,
    tell_skipped,
)
from edgevision.cli.geo_map import check_map, write_map
from edgevision.cli.geo_search import gallery_flag, head_flag
from edgevision.cli.geo_text import scale_intervals, scale_lines
from edgevision.errors import WrittenError
from edgevision.geo.distance import great_circle_km
from edgevision.geo.folds import cross_validated
from edgevision.geo.gallery import open_gallery
from edgevision.geo.locate import BANDWIDTH_KM, Mode, fuse
from edgevision.geo.photos import read_tags
from edgevision.geo.planet import load_planet
from edgevision.geo.scales import nearness
from edgevision.geo.scene import pairs_scene
from edgevision.geo.voting import NEIGHBOURS, voted
from edgevision.pixels.photo import SUFFIXES

if TYPE_CHECKING:
    from edgevision.cli.geo_embed import Embedder
    from edgevision.geo.gallery import Gallery
    from edgevision.geo.photos import Tagged
    from edgevision.geo.spread import Spread


@click.command("eval")
@folder_argument
@gallery_flag
@head_flag
@click.option(
    "--leave-one-out",
    is_flag=True,
    help="DIR is what the gallery was made of: a photo never helps to find itself",
)
@click.option(
    "--mode",
    type=click.Choice(["gallery", "planet", "fused"]),
    default="gallery",
    show_default=True,
)
@click.option("-k", default=NEIGHBOURS, show_default=True, type=click.IntRange(1, 1000))
@click.option("--map", "picture", type=click.Path(path_type=Path), callback=check_map)
@all_of(*network_flags)
def evaluate(
    *,
    folder: Path,
    gallery_folder: Path | None,
    head_file: Path | None,
    leave_one_out: bool,
    mode: Mode,
    k: int,
    picture: Path | None,
    config: Path | None,
    as_json: bool,
    **shared: Any,
) -> None:
    """Count how many photos of DIR are found within 1, 25, 200, 750 and 2500 km.

    With --leave-one-out, gallery answers leave the photo itself out, and PlaNet's answers come from
    ten heads, each fitted to nine tenths of DIR and asked for the rest; no --head is needed then.
    """
    _check(mode, gallery_folder, head_file, leave_one_out)
    embedder = embedder_from(config, shared)
    tags = read_tags(folder, SUFFIXES)
    skipped = list(tags.broken)
    pairs = list(embed_all(embedder, tags.photos, f"{mode} on {folder}", skipped))
    tell_skipped(skipped)
    if not pairs:
        raise WrittenError(f"{folder}: no photo with a place can be read")
    photos, vectors = [one for one, _ in pairs], np.stack([vector for _, vector in pairs])
    truth = np.array([[one.lat, one.lon] for one in photos])
    parts: list[list[Spread]] = [[] for _ in photos]
    if mode != "planet" and gallery_folder is not None:
        gallery = open_gallery(gallery_folder, embedder.sha256)
        _check_own(gallery, photos, leave_one_out)
        for part, photo, vector in zip(parts, photos, vectors, strict=True):
            near = gallery.search(vector, k, without=photo.name if leave_one_out else None)
            part.extend([voted(near)] if near else [])
    if mode != "gallery":
        spreads = _ask_planet(head_file, embedder, truth, vectors)
        for part, spread in zip(parts, spreads, strict=True):
            part.append(spread)
    guesses = np.array([_peak(part, folder) for part in parts])
    km = great_circle_km(truth[:, 0], truth[:, 1], guesses[:, 0], guesses[:, 1])
    found = nearness(km)
    if picture is not None:
        title = f"{len(km)} photos: where they were taken and where {mode} puts them"
        write_map(picture, pairs_scene(title, truth, guesses))
    if as_json:
        how = {"mode": mode, "model": embedder.model, "leave_one_out": leave_one_out}
        told = {**how, **found.to_dict(), "intervals": scale_intervals(found), "skipped": skipped}
        print(json.dumps(told, ensure_ascii=False))
    else:
        print("\n".join(scale_lines(found, mode)))


def _check(
    mode: Mode, gallery_folder: Path | None, head_file: Path | None, leave_one_out: bool
) -> None:
    if mode != "planet" and gallery_folder is None:
        raise WrittenError(f"--mode {mode} needs --gallery")
    if mode != "gallery" and head_file is None and not leave_one_out:
        raise WrittenError(f"--mode {mode} needs --head, or --leave-one-out to fit heads to DIR")
    if head_file is not None and leave_one_out:
        raise WrittenError("--head with --leave-one-out: that head may have seen the photos")


def _check_own(gallery: Gallery, photos: list[Tagged], leave_one_out: bool) -> None:
    inside = sum(one.name in gallery for one in photos)
    if leave_one_out and not inside:
        raise WrittenError(
            f"{gallery.folder}: has no photo of DIR; --leave-one-out is for its own photos"
        )
    if inside and not leave_one_out:
        print(
            f"edgevision: {inside} photos of the gallery have the same names as photos here: if "
            "they are the same, --leave-one-out keeps them from finding themselves",
            file=sys.stderr,
        )


def _ask_planet(
    head_file: Path | None, embedder: Embedder, truth: Any, vectors: Any
) -> list[Spread]:
    if head_file is None:
        return cross_validated(vectors, truth[:, 0], truth[:, 1])
    head = load_planet(head_file, embedder.sha256)
    return [head.spread(vector) for vector in vectors]


def _peak(parts: list[Spread], folder: Path) -> tuple[float, float]:
    spread = fuse(parts)
    if spread is None:
        raise WrittenError(f"{folder}: the gallery has no other photo, so nothing can be told")
    return spread.peak(BANDWIDTH_KM)
