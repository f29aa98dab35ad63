"""Photos to embeddings, with the network of the settings."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgevision.app.build import build_engine, build_model
from edgevision.cli.flags import (
    chosen_settings,
    config_flag,
    json_flag,
    model_flag,
    resolution_flag,
    threads_flag,
)
from edgevision.config.schema import Settings
from edgevision.errors import ModelError, PhotoError
from edgevision.kinds import Kind, load
from edgevision.pixels.photo import read_photo
from edgevision.pixels.prepare import Preparer
from edgevision.values.box import centred_square

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    import numpy.typing as npt

    from edgevision.app.cluster import Cluster
    from edgevision.geo.photos import Tagged


_CLUSTER = {"cluster": Kind("edgevision.app.cluster:Cluster", "work over machines", "scale")}
_PART = 32  # photos that a worker takes at once
cluster_flag = click.option(
    "--cluster",
    metavar="ADDRESS|local:N",
    help="spread the work over a Dask cluster, or N processes (extra: scale)",
)
folder_argument = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
network_flags = (model_flag, resolution_flag, threads_flag, config_flag, json_flag)


class Embedder:
    """Gives the pooled features of the middle square of a photo, one pass each.

    Args:
        settings: name the network, its resolution and threads.

    Raises:
        ModelError: if the network gives no embedding.
    """

    def __init__(self, settings: Settings) -> None:
        model = build_model(settings)
        self._engine = build_engine(settings, model)
        spec = self._engine.spec
        if spec.vector is None:
            raise ModelError(
                f"{model.name} gives no embedding; choose a network that does, such as "
                "efficientnet_lite0"
            )
        mean, deviation = model.scaling or (None, None)
        chosen = settings.model
        self._prepare = Preparer(
            spec.input,
            mean if chosen.mean is None else chosen.mean,
            deviation if chosen.deviation is None else chosen.deviation,
        )
        self.settings = settings
        self.sha256 = spec.sha256
        self.features = spec.vector.shape[0]
        self.model = f"{model.name} at {spec.input.height} pixels"

    def __call__(self, path: Path) -> npt.NDArray[np.float32]:
        """The embedding (features,) of a photo.

        Raises:
            PhotoError: if the file is no readable photo.
        """
        pixels = read_photo(path)
        box = centred_square(pixels.shape[1], pixels.shape[0])
        found: Any = self._engine.infer(partial(self._prepare, pixels, box)).vector
        vector: npt.NDArray[np.float32] = found.real()
        return vector


def embedder_from(config: Path | None, shared: dict[str, Any]) -> Embedder:
    """The network that the flags, by key, and the settings name."""
    return Embedder(chosen_settings(config, **shared))


def opened_cluster(where: str | None) -> AbstractContextManager[Cluster | None]:
    """The cluster that the flag names; None without the flag.

    Raises:
        ExtraError: if Dask is not installed.
    """
    if where is None:
        return nullcontext()
    made: Cluster = load(_CLUSTER, "cluster", "flag")(where)
    return made


def embed_part(settings: Settings, paths: list[Path]) -> list[npt.NDArray[np.float32] | str]:
    """The embedding of each photo, or why there is none; for a worker of a cluster."""
    embedder = _embedder_of(settings.model_dump_json())
    return [_embedded(embedder, path) for path in paths]


def _embedded(embedder: Embedder, path: Path) -> npt.NDArray[np.float32] | str:
    try:
        return embedder(path)
    except PhotoError as error:
        return str(error)


@lru_cache(maxsize=1)
def _embedder_of(settings: str) -> Embedder:
    """A worker keeps its network from one part to the next."""
    return Embedder(Settings.model_validate_json(settings))


def embed_on(
    cluster: Cluster, embedder: Embedder, photos: list[Tagged], label: str, skipped: list[str]
) -> Iterator[tuple[Tagged, npt.NDArray[np.float32]]]:
    """As `embed_all`, by the workers of `cluster`, in the same order."""
    parts = [photos[first : first + _PART] for first in range(0, len(photos), _PART)]
    paths = [[photo.path.absolute() for photo in part] for part in parts]
    made = cluster.each(partial(embed_part, embedder.settings), paths)
    with click.progressbar(length=len(photos), label=label, file=sys.stderr) as shown:
        for part, found in zip(parts, made, strict=True):
            for photo, vector in zip(part, found, strict=True):
                if isinstance(vector, str):
                    skipped.append(vector)
                else:
                    yield photo, vector
            shown.update(len(part))


def embed_all(
    embedder: Embedder, photos: Iterable[Tagged], label: str, skipped: list[str]
) -> Iterator[tuple[Tagged, npt.NDArray[np.float32]]]:
    """Each photo with its embedding, behind a progress bar on the standard error.

    Args:
        embedder: the network.
        photos: those to embed.
        label: of the bar.
        skipped: a line is added for each photo that cannot be read.
    """
    with click.progressbar(list(photos), label=label, file=sys.stderr) as shown:
        for photo in shown:
            try:
                vector = embedder(photo.path)
            except PhotoError as error:
                skipped.append(str(error))
                continue
            yield photo, vector


def tell_skipped(lines: Iterable[str]) -> None:
    """Name what was passed over, a line each, on the standard error."""
    for line in lines:
        print(f"edgevision: skipped: {line}", file=sys.stderr)
