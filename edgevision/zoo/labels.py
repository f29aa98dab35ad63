"""Names of classes: label files, the background class, ImageNet's synonyms, the dog breeds."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from edgevision.errors import ModelError
from edgevision.values.label import canonical
from edgevision.zoo.label_formats import LabelFormatError, read

if TYPE_CHECKING:
    from collections.abc import Sequence

DATA = Path(__file__).parent.parent / "data"
# How label files call a photo that shows none of a task's classes.
NONE = "none"
_BACKGROUND = frozenset({"background", "???", "unlabeled"})


def parse_labels(content: bytes, origin: str, suffix: str = "") -> tuple[str, ...]:
    """The labels of a file in any of the forms of `label_formats`, by index.

    Args:
        content: the whole file.
        origin: names it in errors.
        suffix: its ending, such as ".json"; "" if it is not known.

    Raises:
        ModelError: if it is not UTF-8 text, has no label, or leaves an index without one.
    """
    try:
        return read(content.decode("utf-8-sig"), suffix)
    except UnicodeDecodeError as error:
        raise ModelError(f"{origin}: is not UTF-8 text (byte {error.start})") from error
    except LabelFormatError as error:
        raise ModelError(f"{origin}: {error}") from error


def read_labels(path: Path) -> tuple[str, ...]:
    """The labels of the file at `path`.

    Raises:
        ModelError: if it cannot be read or is no label file.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: label file cannot be read ({error.strerror})") from error
    return parse_labels(content, str(path), path.suffix)


def background_class(labels: Sequence[str]) -> int | None:
    """Index of the class that means "none of these", told by its name; None if there is none."""
    for index, label in enumerate(labels):
        if canonical(label) in _BACKGROUND:
            return index
    return None


def short_names(labels: Sequence[str]) -> tuple[str, ...]:
    """The first synonym of each label ("tench, Tinca tinca" -> "tench"), made unique.

    ImageNet has two classes "crane" and two "maillot"; the later one is given its index.
    """
    seen: set[str] = set()
    names = []
    for index, label in enumerate(labels):
        name = label.split(",")[0].strip()
        if canonical(name) in seen:
            name = f"{name} (class {index})"
        seen.add(canonical(name))
        names.append(name)
    return tuple(names)


def display_name(label: str) -> str:
    """A label as people read it: "golden_retriever" -> "Golden retriever"."""
    words = label.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def positions(labels: Sequence[str]) -> dict[str, int]:
    """Index of each label by its canonical form; of ImageNet lines by every synonym.

    A synonym that two classes share stands for the first of them.
    """
    found: dict[str, int] = {}
    for index, label in enumerate(labels):
        found.setdefault(canonical(label), index)
    for index, label in enumerate(labels):
        for synonym in label.split(","):
            found.setdefault(canonical(synonym), index)
    return found


@cache
def imagenet_labels() -> tuple[str, ...]:
    """The 1000 classes of ILSVRC2012 in the usual order, each with its synonyms."""
    return read_labels(DATA / "imagenet_labels.txt")


@cache
def breeds() -> dict[str, int]:
    """The 120 breeds of Stanford Dogs and the ImageNet class (0..999) of each."""
    with (DATA / "breeds.csv").open(encoding="utf-8", newline="") as lines:
        return {row["breed"]: int(row["imagenet_index"]) for row in csv.DictReader(lines)}


@cache
def breed_groups() -> dict[str, str]:
    """The kind of dog that each of the 120 breeds is, such as "terrier" or "scent hound".

    They follow the sections of the Federation Cynologique Internationale's nomenclature, with the
    names by which people know them. Where these say little of how a dog looks, the American Kennel
    Club's groups or the animals' own are taken: the Ibizan hound is with the other sighthounds, and
    dingo, dhole and African hunting dog are wild dogs.
    """
    with (DATA / "breeds.csv").open(encoding="utf-8", newline="") as lines:
        return {row["breed"]: row["group"] for row in csv.DictReader(lines)}
