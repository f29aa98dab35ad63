"""Photos to embeddings, with the network of the settings."""

from __future__ import annotations

import sys
from functools import partial
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
from edgevision.errors import ModelError, PhotoError
from edgevision.pixels.photo import read_photo
from edgevision.pixels.prepare import Preparer
from edgevision.values.box import centred_square

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    import numpy.typing as npt

    from edgevision.config.schema import Settings
    from edgevision.geo.photos import Tagged


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
