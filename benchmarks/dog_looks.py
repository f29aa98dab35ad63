"""What networks make of the photos that are there to choose by; kept in a folder between runs."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from camera_like import KINDS, made_worse
from measuring import test_data

from edgevision.engines.litert import LiteRt
from edgevision.pixels.photo import read_photo
from edgevision.pixels.prepare import Preparer
from edgevision.values.box import centred_square
from edgevision.zoo.heads import Head, load_head
from edgevision.zoo.labels import DATA, breeds

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    Array = npt.NDArray[np.float32]
    Right = npt.NDArray[np.bool_]

LITE0, LITE1, LITE2 = (f"efficientnet_lite{number}" for number in range(3))
KNOWN: Final = "dogs/train"
NEW: Final = "imagenet/val"
# The tests: breeds that the networks know from training, and new ones.
TEST: Final = "dogs/test"
NEW_DOGS: Final = "imagenet/val-dogs"
_DALMATIAN: Final = 251  # a dog, but none of the breeds
_SEED: Final = 7


def photos_of(which: str, limit: int | None) -> tuple[list[Path], npt.NDArray[np.intp]]:
    """Photos and their classes: breeds, or of NEW ImageNet's classes that are no dogs."""
    place, names = test_data("photos", which.removesuffix("-dogs")), list(breeds())
    with (place / "labels.csv").open(encoding="utf-8", newline="") as lines:
        rows = [(place / row["path"], row["label"]) for row in csv.DictReader(lines)]
    if which in {KNOWN, TEST}:
        found = [(path, names.index(label)) for path, label in rows]
    else:
        by_class = {index: number for number, index in enumerate(breeds().values())}
        every = [(path, int(label)) for path, label in rows if int(label) != _DALMATIAN]
        dogs = [(path, by_class[label]) for path, label in every if label in by_class]
        rest = [(path, label) for path, label in every if label not in by_class]
        found = dogs if which == NEW_DOGS else rest
    found = found[:limit]
    return [path for path, _ in found], np.array([index for _, index in found], np.intp)


@dataclass(frozen=True)
class Looks:
    """Networks that look at photos; what they made of them is read back from `cache`.

    Attributes:
        folders: by network that is not in the package, that into which scripts/build_models.py
            wrote it.
        cache: folder for features; any that was made with other photos or networks is not for it.
        limit: only the first so many photos of each set.
    """

    folders: dict[str, Path]
    cache: Path
    limit: int | None

    def head(self, model: str, name: str) -> Head:
        """The trained head of `model`: dogs or imagenet1k."""
        place = self.folders.get(model, DATA)
        return load_head(place / "heads" / f"{model}.{name}.npz", self._digest(model))

    def features(self, model: str, side: int, folder: str) -> Array:
        """(photos, 2, features): of the middle square and its mirror image."""
        return self._kept(model, side, folder, looks=(0, 1), ways=None)

    def camera(self, model: str, side: int, folder: str, look: int) -> Array:
        """(photos, ways, features): of what a camera may have made of each.

        `look` is 0 for the middle square, 1 for its mirror image.
        """
        return self._kept(model, side, folder, looks=(look,), ways=len(KINDS))[:, :, 0]

    def _kept(
        self, model: str, side: int, folder: str, *, looks: tuple[int, ...], ways: int | None
    ) -> Array:
        which = "" if ways is None else f".camera{looks[0]}"
        limit = "" if self.limit is None else f".{self.limit}"
        file = self.cache / f"{model}.{side}.{folder.replace('/', '-')}{which}{limit}.npy"
        if not file.exists():
            rows = self._looked(model, side, folder, looks=looks, worse=ways is not None)
            shape = (-1, len(looks)) if ways is None else (-1, ways, len(looks))
            np.save(file, rows.reshape(*shape, rows.shape[-1]))
        return np.asarray(np.load(file), np.float32)

    def _looked(
        self, model: str, side: int, folder: str, *, looks: tuple[int, ...], worse: bool
    ) -> Array:
        tflite = self.folders.get(model, DATA) / "models" / f"{model}.tflite"
        engine = LiteRt(tflite, model, self._digest(model), resolution=side)
        prepare, found = Preparer(engine.spec.input), []
        for number, path in enumerate(photos_of(folder, self.limit)[0]):
            plain = read_photo(path)
            random = np.random.default_rng([_SEED, number])
            for pixels in made_worse(plain, random) if worse else [plain]:
                box = centred_square(pixels.shape[1], pixels.shape[0])
                for look in looks:
                    seen = np.ascontiguousarray(pixels[:, ::-1]) if look else pixels
                    vector = engine.infer(partial(prepare, seen, box)).vector
                    if vector is None:
                        raise SystemExit(f"{model} gives no embedding")
                    found.append(vector.real())
        engine.close()
        return np.stack(found)

    def _digest(self, model: str) -> str:
        tflite = self.folders.get(model, DATA) / "models" / f"{model}.tflite"
        return hashlib.sha256(tflite.read_bytes()).hexdigest()


def against(right: Right, now: Right) -> dict[str, int]:
    """How many are right, and how many more and fewer than `now`."""
    return {
        "n": len(right),
        "right": int(right.sum()),
        "won": int((right & ~now).sum()),
        "lost": int((now & ~right).sum()),
    }
