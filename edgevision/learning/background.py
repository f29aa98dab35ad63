"""What features of any photo look like, so that a picture of none of the classes is told so.

Kept are mean and covariance of the square roots of a backbone's features over general photos, no
photo's own. Square roots, because features are skewed: most are near 0 and a few are far from it,
where no symmetric distribution has them. Vectors drawn from this one taught heads to reject other
photos as well as the vectors of those photos themselves did.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from edgevision.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    Array = npt.NDArray[np.float32]

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip file can hold
_FILE_ARRAYS: Final = ("backbone", "root_mean", "basis", "rest")
# Of Student's t: real photos lie further out along the principal directions than a normal
# distribution has them; of 0 (normal), 4 and ranks 32 to 128 this came nearest to their scores.
_FREEDOM: Final = 4
_DAMAGE: Final = (OSError, EOFError, ValueError, LookupError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """A distribution of the square roots of features: of low rank, and a rest by feature.

    The covariance is basis^T basis + diag(rest^2), as of a factor analysis (Bishop 2006, "Pattern
    Recognition and Machine Learning", section 12.2.4).

    Attributes:
        backbone_sha256: of the network's file that the features are of.
        root_mean: (features,) float32.
        basis: (rank, features) float32, principal directions times their standard deviations.
        rest: (features,) float32, the standard deviation that they leave.
    """

    backbone_sha256: str
    root_mean: Array
    basis: Array
    rest: Array

    @property
    def mean(self) -> Array:
        """(features,) of the features themselves: E[x^2] = E[x]^2 + variance of the roots."""
        spread = np.square(self.basis).sum(axis=0) + np.square(self.rest)
        return np.asarray(np.square(self.root_mean) + spread, np.float32)

    def sample(self, count: int, seed: int) -> Array:
        """`count` vectors (count, features) of photos that nobody took; the same for a `seed`."""
        random = np.random.default_rng(seed)
        along = random.standard_normal((count, len(self.basis)), np.float32)
        along *= np.sqrt(_FREEDOM / random.chisquare(_FREEDOM, (count, 1))).astype(np.float32)
        aside = random.standard_normal((count, len(self.rest)), np.float32)
        roots = self.root_mean + along @ self.basis + aside * self.rest
        return np.asarray(np.square(np.maximum(roots, 0)), np.float32)


def measure(vectors: npt.NDArray[np.floating], backbone_sha256: str, rank: int) -> Background:
    """The background that general photos show.

    Args:
        vectors: (n, features), each 0 or more; n is over `rank`.
        backbone_sha256: of the network's file.
        rank: directions to keep, many fewer than photos, so that none is about one of them.
    """
    roots = np.sqrt(np.maximum(np.asarray(vectors, np.float64), 0))
    mean = roots.mean(axis=0)
    _, lengths, directions = np.linalg.svd(roots - mean, full_matrices=False)
    basis = directions[:rank] * (lengths[:rank] / np.sqrt(len(roots) - 1))[:, None]
    left = roots.var(axis=0, ddof=1) - np.square(basis).sum(axis=0)
    parts = (mean, basis, np.sqrt(np.maximum(left, 0)))
    # As the file has them, so that measuring and loading give the same.
    kept = (part.astype(np.float16).astype(np.float32) for part in parts)
    return Background(backbone_sha256, *kept)


def save_background(background: Background, path: Path) -> None:
    """Write it as float16; the same numbers give the same bytes at any time.

    Raises:
        OSError: if the file cannot be written.
    """
    digest = np.frombuffer(background.backbone_sha256.encode(), np.uint8)
    rest = (background.root_mean, background.basis, background.rest)
    arrays = (digest, *(part.astype("<f2") for part in rest))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, array in zip(_FILE_ARRAYS, arrays, strict=True):
            content = io.BytesIO()
            np.lib.format.write_array(content, array, version=(1, 0), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _EPOCH), content.getvalue())


def load_background(path: Path, backbone_sha256: str) -> Background | None:
    """The background in `path`; None if there is no such file, or it is of another backbone.

    Raises:
        ModelError: if the file is damaged.
    """
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            digest, *parts = (arrays[name] for name in _FILE_ARRAYS)
            found = bytes(digest).decode()
            mean, basis, rest = (np.asarray(part, np.float32) for part in parts)
    except FileNotFoundError:
        return None
    except _DAMAGE as error:
        raise ModelError(
            f"{path}: is damaged ({error}); install edgevision again, which it comes with"
        ) from error
    return Background(found, mean, basis, rest) if found == backbone_sha256 else None
