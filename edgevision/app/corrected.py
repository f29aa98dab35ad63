"""Photos for learning from what people corrected: the stored boxes of sightings, by their label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgevision.app.album import Album, is_no_class
from edgevision.errors import PhotoError
from edgevision.store.reader import EventReader
from edgevision.values.label import canonical
from edgevision.zoo.labels import NONE

if TYPE_CHECKING:
    from pathlib import Path

_HOW = (
    "store the boxes of sightings (`outputs.snapshots.what: crop` or `both`), then say what they "
    "show: edgevision events relabel ID LABEL"
)


def corrected_photos(database: Path, task: str | None) -> list[tuple[Path, str]]:
    """The boxes of the sightings that were corrected, each with its label.

    Args:
        database: of the events.
        task: of the sightings; None: of any.

    Raises:
        StoreError: if there is no database, or it cannot be read.
        PhotoError: if there are none.
    """
    with EventReader(database) as reader:
        lessons, count = reader.lessons(task), reader.corrected()
    if lessons:
        return lessons
    of_task = f" of task {task}" if task else ""
    if count:
        raise PhotoError(
            f"{count} sightings were corrected, but no box{of_task} of them is stored; {_HOW}"
        )
    raise PhotoError(f"no sighting{of_task} was corrected; {_HOW}")


def with_corrections(album: Album | None, lessons: list[tuple[Path, str]]) -> Album:
    """`album`, if there is one, with the photos of `lessons` in the classes of their labels.

    Labels compare as labels do; a class of `album` keeps its spelling.

    Raises:
        PhotoError: if that makes one class, and nothing to tell it from.
    """
    given = album or Album((), 0, (), ())
    names: dict[str, str] = {}
    photos: list[tuple[Path, str]] = [(path, given.labels[index]) for path, index in given.photos]
    others = list(given.others)
    for path, label in lessons:
        if path.is_file():
            photos.append((path, label))
        else:
            others.append(f"{path}: is gone")
    for _, label in photos:
        names.setdefault(_key(label), label)
    classes = sorted(key for key in names if key != NONE)
    if not classes or len(names) < 2:  # noqa: PLR2004 - one, and something to tell it from
        only = next(iter(names.values()), "nothing")
        raise PhotoError(
            f"what was corrected shows only {only}; correct sightings of another class, too, or "
            "give a folder of photos beside --from-events"
        )
    ordered = [*classes, *([NONE] if NONE in names else [])]
    labels = tuple(NONE if key == NONE else names[key] for key in ordered)
    places = {key: index for index, key in enumerate(ordered)}
    indexed = tuple((path, places[_key(label)]) for path, label in photos)
    return Album(labels, len(classes), indexed, tuple(others))


def _key(label: str) -> str:
    return NONE if is_no_class(label) else canonical(label)
