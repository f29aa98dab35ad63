"""A gallery of geotagged photos: where the most similar ones were taken, this one may be too.

Hays and Efros 2008, "im2gps: estimating geographic information from a single image". The photos
themselves are not kept, only their embeddings, coordinates and names.

The index is usearch's graph (HNSW; Malkov and Yashunin 2018) with a byte a number: photos are added
and taken out at any time, without training and without a rebuild, and the file is mapped rather
than read. While there are fewer photos than `_FREEZE_AT`, their whole embeddings are kept beside it
and the projection is fitted anew at each commit; from then on it stays as it is.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
from usearch.index import Index

from edgevision.errors import ModelError, OutputError, WrittenError
from edgevision.geo.archive import check_backbone, load_archive, save_archive
from edgevision.geo.distance import why_no_point
from edgevision.geo.manifest import KIND, VERSION, files_of, read_manifest, write_manifest
from edgevision.geo.projection import Projection, fit_projection, unit
from edgevision.geo.voting import NEIGHBOURS, Neighbour

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edgevision.geo.archive import Arrays


_FREEZE_AT: Final = 4096
_EXACT_UP_TO: Final = 20_000  # a scan of so few takes under a millisecond, and misses none
# Edges a node, and how many candidates are followed: usearch's defaults, with a wider search.
_CONNECTIVITY, _SEARCHED = 16, 96
_SEPARATOR: Final = "\0"  # the one character that no file's name has


class Gallery:
    """Embeddings of one backbone with the places of their photos; see `create` and `open_gallery`.

    Args:
        folder: where it is kept.
        about: `backbone_sha256`, `model`, `features` and `generation`.
        arrays: of the photos; see `_empty`.
        index: of their projected vectors, by row.
    """

    def __init__(self, folder: Path, about: dict[str, Any], arrays: Arrays, index: Any) -> None:
        self.folder = folder
        self.about = about
        text = arrays["names"].tobytes().decode()
        self._names = text.split(_SEPARATOR) if text else []
        self._lat, self._lon = arrays["lat"], arrays["lon"]
        self._whole = arrays["whole"]
        has = arrays["matrix"].size > 0
        self._projection = Projection(arrays["mean"], arrays["matrix"]) if has else None
        self._index = index
        self._rows = {name: row for row, name in enumerate(self._names) if name}

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, name: str) -> bool:
        return name in self._rows

    @property
    def memory_bytes(self) -> int:
        """What the index takes when it is held in memory."""
        return int(self._index.memory_usage)

    @property
    def frozen(self) -> bool:
        """True once the projection no longer changes."""
        return bool(self.about["frozen"])

    def place_of(self, name: str) -> tuple[float, float] | None:
        """Where a photo was taken, degrees; None if it is not there."""
        row = self._rows.get(name)
        return None if row is None else (float(self._lat[row]), float(self._lon[row]))

    def places(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Latitudes and longitudes (n,) of all photos, degrees."""
        rows = np.fromiter(self._rows.values(), np.int64)
        return self._lat[rows], self._lon[rows]

    def add(
        self,
        names: Sequence[str],
        lat: npt.ArrayLike,
        lon: npt.ArrayLike,
        vectors: npt.NDArray[Any],
    ) -> None:
        """Put photos in; one with a name that is there already takes its place.

        Args:
            names: of the photos, not empty, each once.
            lat, lon: (n,) degrees.
            vectors: (n, features) embeddings.

        Raises:
            WrittenError: if a coordinate is not on earth, or shapes do not fit.
        """
        lats, lons = (np.asarray(x, np.float64) for x in (lat, lon))
        if vectors.shape != (len(names), self.about["features"]) or lats.shape != lons.shape:
            raise WrittenError(
                f"{self.folder}: {len(names)} photos with embeddings {vectors.shape}; expected "
                f"{self.about['features']} numbers each"
            )
        for name, one, other in zip(names, lats, lons, strict=True):
            why = why_no_point(one, other)
            if why or not name:
                raise WrittenError(f"{self.folder}: photo {name!r}: {why or 'has no name'}")
        self.remove([name for name in names if name in self])
        first = len(self._names)
        self._names += names
        self._rows.update({name: first + place for place, name in enumerate(names)})
        self._lat, self._lon = np.append(self._lat, lats), np.append(self._lon, lons)
        if self.frozen:
            self._put(np.arange(first, len(self._names)), vectors)
        else:
            self._whole = np.concatenate([self._whole, vectors.astype(np.float16)])

    def remove(self, names: Sequence[str]) -> None:
        """Take photos out; names that are not there are passed over."""
        rows = [self._rows.pop(name) for name in names if name in self]
        for row in rows:
            self._names[row] = ""
        if rows:
            self._index.remove(np.array(rows, np.uint64))

    def commit(self) -> None:
        """Write it all, so that the folder holds the old or the new gallery at any moment.

        Raises:
            OutputError: if that fails; the gallery in the folder is then as it was.
        """
        if not self.frozen:
            self._refit()
        before = self.about["generation"]
        self.about["generation"] = before + 1
        index, photos = files_of(self.folder, before + 1)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._index.save(str(index))
        except (OSError, RuntimeError) as error:
            with suppress(OSError):
                index.unlink()
            raise OutputError(f"{index}: cannot be written ({error})") from error
        save_archive(photos, KIND, VERSION, {}, self._arrays())
        write_manifest(self.folder, {**self.about, "photos": len(self)})
        for old in files_of(self.folder, before):
            old.unlink(missing_ok=True)

    def search(
        self, vector: npt.NDArray[Any], k: int = NEIGHBOURS, *, without: str | None = None
    ) -> tuple[Neighbour, ...]:
        """The `k` most similar photos, the best first; what was added counts once committed.

        Args:
            vector: (features,) embedding.
            k: how many, 1 or more; fewer are given if there are fewer.
            without: name of a photo that is passed over.
        """
        if not len(self._index):
            return ()
        small = len(self) <= _EXACT_UP_TO
        found = self._index.search(
            self._projected(vector[None])[0], k + (without is not None), exact=small, threads=1
        )
        pairs = zip(found.keys.tolist(), found.distances.tolist(), strict=True)
        near = [
            Neighbour(self._names[row], float(self._lat[row]), float(self._lon[row]), 1 - distance)
            for row, distance in pairs
            if self._names[row] and self._names[row] != without
        ]
        return tuple(near[:k])

    def _projected(self, vectors: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        return unit(vectors) if self._projection is None else self._projection(vectors)

    def _put(self, rows: npt.NDArray[Any], vectors: npt.NDArray[Any]) -> None:
        self._index.add(rows.astype(np.uint64), self._projected(vectors), threads=1)

    def _refit(self) -> None:
        """Fit the projection to the photos, and index them anew without the removed ones."""
        kept = np.fromiter(self._rows.values(), np.int64)
        self._names = [self._names[row] for row in kept]
        self._rows = {name: row for row, name in enumerate(self._names)}
        self._lat, self._lon = self._lat[kept], self._lon[kept]
        self._whole = self._whole[kept]
        self._projection = fit_projection(self._whole) if len(kept) else None
        dimensions = self.about["features"]
        if self._projection is not None:
            dimensions = self._projection.matrix.shape[1]
        self._index = _index(dimensions)
        if len(kept):
            self._put(np.arange(len(kept)), self._whole)
        if len(kept) >= _FREEZE_AT:
            self.about["frozen"] = True
            self._whole = self._whole[:0]

    def _arrays(self) -> Arrays:
        fitted = self._projection
        none = np.zeros((0, 0), np.float32)
        return {
            "names": np.frombuffer(_SEPARATOR.join(self._names).encode(), np.uint8),
            "lat": self._lat,
            "lon": self._lon,
            "whole": self._whole,
            "mean": none if fitted is None else fitted.mean,
            "matrix": none if fitted is None else fitted.matrix,
        }


def create_gallery(folder: Path, backbone_sha256: str, model: str, features: int) -> Gallery:
    """An empty gallery, in memory until it is committed.

    Args:
        folder: where it will be kept; made if need be.
        backbone_sha256: of the network's file whose embeddings it holds.
        model: that network's name and resolution, for people.
        features: length of an embedding.
    """
    about = {
        "backbone_sha256": backbone_sha256,
        "model": model,
        "features": features,
        "frozen": False,
        "generation": 0,
    }
    arrays: Arrays = {
        "names": np.zeros(0, np.uint8),
        "lat": np.zeros(0),
        "lon": np.zeros(0),
        "whole": np.zeros((0, features), np.float16),
        "mean": np.zeros((0, 0), np.float32),
        "matrix": np.zeros((0, 0), np.float32),
    }
    return Gallery(folder, about, arrays, _index(features))


def open_gallery(folder: Path, backbone_sha256: str, *, writable: bool = False) -> Gallery:
    """The gallery in `folder`.

    Args:
        folder: where `Gallery.commit` wrote it.
        backbone_sha256: of the network whose embeddings are to be compared with it.
        writable: read it whole, so that photos can be added; else its index is mapped.

    Raises:
        ModelError: if there is none, it is damaged, of another version or another backbone.
    """
    about = read_manifest(folder)
    check_backbone(folder, str(about["backbone_sha256"]), backbone_sha256)
    place, photos = files_of(folder, int(about["generation"]))
    names = ("names", "lat", "lon", "whole", "mean", "matrix")
    _, arrays = load_archive(photos, KIND, VERSION, names)
    try:
        index = Index.restore(str(place), view=not writable)
        if index is None:
            raise ModelError(f"{place}: is no index, or is damaged; make the gallery anew")
        return Gallery(folder, about, arrays, index)
    except (OSError, RuntimeError, ValueError, UnicodeDecodeError) as error:
        raise ModelError(f"{folder}: the gallery is damaged ({error}); make it anew") from error


def _index(dimensions: int) -> Any:
    return Index(
        ndim=dimensions,
        metric="cos",
        dtype="i8",
        connectivity=_CONNECTIVITY,
        expansion_search=_SEARCHED,
    )
