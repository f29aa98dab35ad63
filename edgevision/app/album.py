"""Photos in folders, one for each class: found, read and turned into features."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from edgevision.errors import PhotoError
from edgevision.learning.duplicates import Print, difference_hash, groups
from edgevision.learning.teach import Lesson
from edgevision.pixels.photo import SUFFIXES, read_photo
from edgevision.values.label import canonical
from edgevision.zoo.labels import NONE
from edgevision.zoo.registry import BACKGROUND

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import numpy.typing as npt

    Photo = tuple[Path, int]
    """A file, and the index of its label."""

SMALLEST: Final = 32
"""Pixels that each side of a photo has at least; less shows a network nothing."""

_NO_CLASS: Final = frozenset({canonical(NONE), canonical(BACKGROUND)})
_LEAST: Final = 2
_FOLDERS_OWN: Final = frozenset({"thumbs.db", "desktop.ini", "labels.csv"})


@dataclass(frozen=True, slots=True)
class Album:
    """Photos and their classes.

    Attributes:
        labels: of the classes, sorted; if there are photos that show none of them, also "none",
            which is then the last.
        count: of classes, without "none".
        photos: each with the index of its label.
        others: lines about files that are no photos.
    """

    labels: tuple[str, ...]
    count: int
    photos: tuple[Photo, ...]
    others: tuple[str, ...]

    def tally(self, classes: npt.NDArray[np.intp]) -> dict[str, int]:
        """How often each label is among `classes` (n,)."""
        sizes = np.bincount(classes, minlength=len(self.labels)).tolist()
        return dict(zip(self.labels, sizes, strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """What a network saw on the photos that could be read.

    Attributes:
        lesson: their features.
        paths: of each of them.
        skipped: lines about the others.
    """

    lesson: Lesson
    paths: tuple[Path, ...]
    skipped: tuple[str, ...]

    def alike(self) -> list[list[int]]:
        """Indices of photos that are or look the same, a list for each such group."""
        found: dict[int, list[int]] = {}
        for index, group in enumerate(self.lesson.groups.tolist()):
            found.setdefault(group, []).append(index)
        return [members for members in found.values() if len(members) > 1]


def read_album(folder: Path, *, alone: bool = True) -> Album:
    """The photos in the folders of `folder`; those in one called "none" show no class.

    Args:
        folder: has a folder for each class.
        alone: nothing is added, so that there have to be enough of them.

    Raises:
        PhotoError: if there is no such folder, no folder in it, only one, one without photos, or if
            two have the same name but for case, `_`, `-` and spaces.
    """
    inside = _inside(folder)
    by_name: dict[str, Path] = {}
    for one in inside:
        if not one.is_dir():
            continue
        key = NONE if is_no_class(one.name) else canonical(one.name)
        if key in by_name:
            raise PhotoError(
                f"{folder}: {by_name[key].name} and {one.name} are the same class; put their "
                "photos into one folder"
            )
        by_name[key] = one
    classes = [one for key, one in by_name.items() if key != NONE]
    if alone:
        _check_enough(folder, classes, len(by_name))
    ordered = [*classes, *(one for key, one in by_name.items() if key == NONE)]
    others = [f"{one}: lies in no class's folder" for one in inside if _is_photo(one)]
    photos: list[Photo] = []
    for index, one in enumerate(ordered):
        photos += [(path, index) for path in _photos(one, others)]
    labels = (*(one.name for one in classes), *((NONE,) if len(ordered) > len(classes) else ()))
    return Album(labels, len(classes), tuple(photos), tuple(others))


def look(
    album: Album,
    photos: Iterable[Photo],
    see: Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.float32]],
) -> Looked:
    """The features of all photos that can be read.

    Args:
        album: what the photos are of.
        photos: those of `album`; the next one is taken when one is done, so that progress can be
            shown.
        see: gives the features (n,) of pixels (H, W, 3).

    Raises:
        PhotoError: if a class has no photo that can be read.
    """
    vectors, classes, prints, paths = [], [], [], []
    skipped: list[tuple[int, str]] = []
    for path, index in photos:
        try:
            pixels = _pixels(path)
            digest = hashlib.blake2b(path.read_bytes()).digest()
        except (PhotoError, OSError) as error:
            skipped.append((index, str(error)))
            continue
        vectors.append(see(pixels))
        classes.append(index)
        prints.append(Print(digest, difference_hash(pixels)))
        paths.append(path)
    for index, line in skipped:
        if index not in classes:
            raise PhotoError(f"none of the photos of {album.labels[index]} can be used; {line}")
    lesson = Lesson(np.stack(vectors), np.array(classes, np.intp), groups(prints), album.count)
    return Looked(lesson, tuple(paths), tuple(line for _, line in skipped))


def is_no_class(label: str) -> bool:
    """True if photos labelled so show none of the classes."""
    return canonical(label) in _NO_CLASS


def _pixels(path: Path) -> npt.NDArray[np.uint8]:
    pixels = read_photo(path)
    height, width = pixels.shape[:2]
    if min(height, width) < SMALLEST:
        raise PhotoError(
            f"{path}: is only {width}x{height}; it needs {SMALLEST} pixels a side, better 224"
        )
    return pixels


def _inside(folder: Path) -> list[Path]:
    """What is in `folder`, by name, but for what is hidden."""
    try:
        return sorted(one for one in folder.iterdir() if not one.name.startswith("."))
    except FileNotFoundError:
        raise PhotoError(f"{folder}: there is no such folder") from None
    except OSError as error:
        raise PhotoError(f"{folder}: cannot be read as a folder ({error.strerror})") from error


def _check_enough(folder: Path, classes: list[Path], count: int) -> None:
    if not count:
        raise PhotoError(
            f"{folder}: has no folders; put the photos of each class into a folder of its own in it"
        )
    if not classes:
        raise PhotoError(f"{folder}: has no class, only photos of none; add a folder for each")
    if count < _LEAST:
        raise PhotoError(
            f"{folder}: has one class, {classes[0].name}, and nothing to tell it from; add a "
            "folder of another one, or one called none with photos that do not show it"
        )


def _photos(folder: Path, others: list[str]) -> list[Path]:
    found = []
    for path in _inside(folder):
        if _is_photo(path):
            found.append(path)
        elif path.is_file() and path.name.lower() not in _FOLDERS_OWN:
            others.append(f"{path}: is no photo ({', '.join(sorted(SUFFIXES))})")
    if not found:
        kinds = ", ".join(sorted(SUFFIXES))
        raise PhotoError(f"{folder}: has no photos ({kinds}); put some in, or remove the folder")
    return found


def _is_photo(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and path.is_file()
