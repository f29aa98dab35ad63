"""PlaNet's way of finding a place: a classifier whose classes are cells of the earth.

Weyand, Kostrikov and Philbin 2016, "PlaNet - Photo Geolocation with Convolutional Neural Networks",
section 3: the network's answer is a distribution over cells. Here it is one softmax layer on a
backbone's embedding. Its targets are soft: a photo counts for the cells around too, by distance, as
in Haas et al. 2024, "PIGEON: Predicting Image Geolocations", equation 2, since a guess one cell
away is nearly right, and few photos have to teach many cells.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from edgevision.errors import ModelError, WrittenError
from edgevision.geo.archive import check_backbone, load_archive, save_archive
from edgevision.geo.distance import EARTH_KM, from_unit, to_unit
from edgevision.geo.projection import unit
from edgevision.geo.spread import Spread

if TYPE_CHECKING:
    from pathlib import Path

    from edgevision.geo.cells import Cells

    Floats = npt.NDArray[np.float32]
    Degrees = npt.NDArray[np.float64]

_KIND, _VERSION = "planet", 1
_MOMENTUM: Final = 0.9
_ARRAYS: Final = ("mean", "weights", "bias", "lat", "lon", "ids")


@dataclass(frozen=True, slots=True)
class Training:
    """How a head is fitted.

    Attributes:
        softness_km: a cell's share of a photo falls to 1/e at this distance from it.
        l2: weight of half the sum of squared weights in the loss.
        steps: of gradient descent.
        batch: photos a step; all of them where there are no more.
        seed: of the order of the photos.
    """

    softness_km: float = 300.0
    l2: float = 1e-4
    steps: int = 300
    batch: int = 4096
    seed: int = 0


@dataclass(frozen=True, eq=False)
class PlanetHead:
    """A softmax over cells, bound to its backbone.

    Attributes:
        backbone_sha256: of the network's file.
        mean: (features,) of unit embeddings.
        weights: (cells, features).
        bias: (cells,).
        lat, lon: (cells,) degrees, the middle of each cell's photos.
        ids: (cells,) uint64, S2's.
        photos: how many it was fitted to.
    """

    backbone_sha256: str
    mean: Floats
    weights: Floats
    bias: Floats
    lat: Degrees
    lon: Degrees
    ids: npt.NDArray[np.uint64]
    photos: int

    def __post_init__(self) -> None:
        cells = len(self.ids)
        fits = self.weights.shape == (cells, len(self.mean)) and cells > 0
        fits = fits and self.bias.shape == self.lat.shape == self.lon.shape == (cells,)
        if not fits or not all(np.isfinite(getattr(self, name)).all() for name in _ARRAYS):
            raise ModelError("the arrays of a PlaNet head do not fit together, or are not finite")

    def spread(self, vector: npt.NDArray[Any]) -> Spread:
        """The distribution over the earth for an embedding (features,): a point a cell."""
        logits = self.weights @ (unit(vector) - self.mean) + self.bias
        powers = np.exp(np.float64(logits) - logits.max())
        return Spread(self.lat, self.lon, powers)


def train_planet(
    vectors: npt.NDArray[Any],
    lat: Degrees,
    lon: Degrees,
    cells: Cells,
    *,
    backbone_sha256: str,
    training: Training | None = None,
) -> PlanetHead:
    """Fit a head; the same photos in the same order give the same head.

    Args:
        vectors: (n, features) embeddings.
        lat, lon: (n,) degrees; photos outside all cells teach the cells around.
        cells: the classes; those that none of these photos lies in are left out.
        backbone_sha256: of the network that gave the embeddings.
        training: how it is fitted.

    Raises:
        WrittenError: if no photo lies in a cell.
    """
    how = training or Training()
    own = cells.of(lat, lon)
    classes = np.unique(own[own >= 0])
    if not len(classes):
        raise WrittenError("no photo lies in any of the cells; make cells from these photos")
    points = to_unit(lat, lon)
    middles = np.stack([points[own == one].mean(axis=0) for one in classes])
    middles /= np.linalg.norm(middles, axis=1, keepdims=True)
    mean = unit(vectors).mean(axis=0)
    inputs = np.column_stack([unit(vectors) - mean, np.ones(len(vectors), np.float32)])
    fitted = _descend(inputs, points, middles, how)
    middle_lat, middle_lon = from_unit(middles)
    return PlanetHead(
        backbone_sha256,
        mean.astype(np.float32),
        np.ascontiguousarray(fitted[:-1].T),
        fitted[-1],
        middle_lat,
        middle_lon,
        cells.ids[classes],
        len(vectors),
    )


def save_planet(head: PlanetHead, path: Path) -> None:
    """Write `head` whole or not at all; weights as float16.

    Raises:
        OutputError: if the file cannot be written.
    """
    about = {"backbone_sha256": head.backbone_sha256, "photos": head.photos}
    arrays = {name: getattr(head, name) for name in _ARRAYS}
    arrays["weights"] = head.weights.astype(np.float16)
    save_archive(path, _KIND, _VERSION, about, arrays)


def load_planet(path: Path, backbone_sha256: str) -> PlanetHead:
    """The head in the file `path`.

    Raises:
        ModelError: if it is missing, damaged, of another version or another backbone.
    """
    about, arrays = load_archive(path, _KIND, _VERSION, _ARRAYS)
    check_backbone(path, str(about.get("backbone_sha256")), backbone_sha256)
    arrays["weights"] = arrays["weights"].astype(np.float32)
    try:
        return PlanetHead(backbone_sha256, **arrays, photos=int(about["photos"]))
    except (KeyError, TypeError, ValueError, ModelError) as error:
        raise ModelError(f"{path}: holds no PlaNet head, or is damaged ({error})") from error


def _descend(inputs: Floats, points: Degrees, middles: Degrees, how: Training) -> Floats:
    """Nesterov's gradient descent on the cross-entropy; (features + 1, cells), the bias last."""
    n, width = inputs.shape
    batch = min(how.batch, n)
    random = np.random.default_rng(how.seed)
    # Unit inputs with a bias have curvature of at most 2 * 1/2 under softmax (Boehning 1992).
    rate = 1 / (1 + how.l2)
    decay = np.full((width, 1), how.l2, np.float32)
    decay[-1] = 0
    weights = np.zeros((width, len(middles)), np.float32)
    weights[-1] = np.log(_targets(points[:batch], middles, how.softness_km).mean(axis=0) + 1e-6)
    velocity = np.zeros_like(weights)
    order = np.arange(n)
    for step in range(how.steps):
        chosen = order if batch == n else random.choice(n, batch, replace=False)
        ahead = weights + _MOMENTUM * velocity
        targets = _targets(points[chosen], middles, how.softness_km)
        error = _softmax(inputs[chosen] @ ahead) - targets
        slope = inputs[chosen].T @ error / batch + decay * ahead
        # Parts of the photos give noisy slopes: the steps shrink so that they settle.
        pace = 1.0 if batch == n else 0.5 * (1 + math.cos(math.pi * step / how.steps))
        velocity = _MOMENTUM * velocity - np.float32(rate * pace) * slope
        weights = weights + velocity
    return np.asarray(weights, np.float32)


def _targets(points: Degrees, middles: Degrees, softness_km: float) -> Floats:
    angles = np.arccos(np.clip(points @ middles.T, -1, 1))
    # Subtracted before the exponent, so that a photo far from all cells still has a nearest one.
    km = EARTH_KM * (angles - angles.min(axis=1, keepdims=True))
    shares = np.exp(-km / softness_km)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
