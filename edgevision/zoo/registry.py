"""Which network to run, with its labels and heads: by id, or by the path of a file.

Four kinds have ids: those that come with the package, those of `registry.yaml` that are fetched
when asked for, those that the user added, and "default". What a file must be stands in its entry,
and is checked whenever it is opened.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from edgevision.errors import ModelError
from edgevision.kinds import suggestion
from edgevision.zoo import added
from edgevision.zoo.entry import IMAGENET, Download, Entry
from edgevision.zoo.heads import Head, load_head
from edgevision.zoo.labels import DATA, imagenet_labels, parse_labels, read_labels
from edgevision.zoo.pinned import REINSTALL, pinned
from edgevision.zoo.tflite import inspect

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from edgevision.zoo.tflite import ModelFile

DEFAULT = "efficientnet_lite0"
BACKGROUND = "background"
_LABEL_ENDINGS = (".txt", "_labels.txt", ".labels.txt", ".csv", "_labels.csv", "_labels.json")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Model:
    """A network's file and all that gives its numbers a meaning.

    Attributes:
        name: its id, or the file's name without ending.
        path: the .tflite file.
        sha256: its digest, hexadecimal.
        labels: one for each output of its own classifier, if it has one; else None.
        heads: by task, classifiers on top of its embedding.
        for_edgetpu: compiled for the Edge TPU.
        entry: what the registry says of it; None for a file that was given by its path.
        resolution: side in pixels to which its input is to be resized; None: the file's own.
        scaling: mean and deviation of the bytes in the training, where its metadata say so and
            its input's quantisation says otherwise; else None.
    """

    name: str
    path: Path
    sha256: str
    labels: tuple[str, ...] | None = None
    heads: Mapping[str, Head] = field(default_factory=dict)
    for_edgetpu: bool = False
    entry: Entry | None = None
    resolution: int | None = None
    scaling: tuple[float, float] | None = None


def embedded() -> dict[str, Path]:
    """The networks that come with the package, by id."""
    return {path.stem: path for path in sorted((DATA / "models").glob("*.tflite"))}


def entries(folder: Path) -> dict[str, Entry]:
    """All networks that have an id: embedded ones, those of the registry, then those added.

    Those whose description is damaged are left out, and named in the log.

    Args:
        folder: where fetched and added ones lie.

    Raises:
        ModelError: if the registry itself is damaged.
    """
    found, damaged = added.scan(folder)
    for error in damaged.values():
        log.warning("%s", error)
    return {**pinned("embedded"), **pinned("registry"), **found}


def local_file(entry: Entry, folder: Path) -> Path | None:
    """Where the file of `entry` lies on this device, checked or not; None if it is not here."""
    if entry.origin == "embedded":
        return embedded().get(entry.id)
    path = folder / entry.file.name
    return path if path.exists() else None


def find(
    use: str = "default",
    labels: Path | None = None,
    heads: Mapping[str, Path] | None = None,
    folder: Path | None = None,
) -> Model:
    """The model that `use` names.

    Args:
        use: "default", an id, or the path of a .tflite file.
        labels: a label file that takes the place of the model's own.
        heads: by name ("imagenet1k", "dogs", ...), .npz files that take the place of embedded ones.
        folder: where fetched and added networks lie; None: there is no such folder.

    Raises:
        ModelError: if the model, its labels or a head are missing, damaged, or do not fit.
    """
    wanted = DEFAULT if use == "default" else use
    entry = _entry(wanted, folder)
    file = inspect(_path(wanted)) if entry is None else opened(entry, folder)
    given = {name: load_head(head, file.sha256) for name, head in (heads or {}).items()}
    return Model(
        name=file.path.stem if entry is None else entry.id,
        path=file.path,
        sha256=file.sha256,
        labels=read_labels(labels) if labels else _labels(file, entry),
        heads={**_heads(entry, without=given), **given},
        for_edgetpu=file.for_edgetpu,
        entry=entry,
        scaling=_scaling(file, entry),
    )


def opened(entry: Entry, folder: Path | None) -> ModelFile:
    """The file of `entry`, which is the very one that the entry pins.

    Raises:
        ModelError: if it is not here, or is another or a damaged one.
    """
    path = DATA / "models" / entry.file.name
    if entry.origin != "embedded":
        if folder is None or not (folder / entry.file.name).exists():
            raise ModelError(_not_here(entry))
        path = folder / entry.file.name
    return inspect(path, sha256=entry.file.sha256, remedy=_remedy(entry))


def labels_file(entry: Entry, folder: Path) -> tuple[str, ...] | None:
    """The labels of the file that goes with `entry`; None if there is none, or it is not here.

    Raises:
        ModelError: if the file is not the one that the entry pins.
    """
    if not isinstance(entry.labels, Download):
        return None
    path = folder / entry.labels.name
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ModelError(f"{path}: label file cannot be read ({error.strerror})") from error
    if hashlib.sha256(content).hexdigest() != entry.labels.sha256:
        raise ModelError(
            f"{path}: is damaged or another file, and is not used (its SHA-256 is not the one in "
            f"the registry); {_remedy(entry)}"
        )
    return parse_labels(content, str(path), path.suffix)


def labels_beside(path: Path) -> Path | None:
    """The label file that lies beside a network and is called as it is; None without one."""
    for ending in _LABEL_ENDINGS:
        if (path.parent / f"{path.stem}{ending}").is_file():
            return path.parent / f"{path.stem}{ending}"
    return None


def _entry(wanted: str, folder: Path | None) -> Entry | None:
    """The entry with that id; None if it is the path of a file.

    What is embedded, added or a path is told without reading all of the registry: starting counts.
    """
    if wanted in embedded():
        return pinned("embedded").get(wanted)
    path = _path(wanted)
    if path.suffix == ".tflite" or len(path.parts) > 1:
        return None
    own = added.entry_of(wanted, folder) if folder else None
    found = own or pinned("registry").get(wanted)
    if found is None and not _exists(path):
        known = [
            *pinned("embedded"),
            *pinned("registry"),
            *(added.scan(folder)[0] if folder else ()),
        ]
        raise ModelError(f"model {wanted!r} is no id and no file{suggestion(wanted, known)}")
    return found


def _heads(entry: Entry | None, without: Collection[str]) -> dict[str, Head]:
    """The heads that come with the package for `entry`, by name.

    Those of a network for the CPU serve its twin, which is the same one compiled for the Edge TPU:
    what it gives is the same but for rounding, though its file's digest is another.

    Args:
        entry: None: there are none.
        without: names of those that are not needed.
    """
    if entry is None or entry.origin == "added":
        return {}
    made_for = entry
    if entry.for_edgetpu and entry.twin:
        made_for = pinned(entry.origin).get(entry.twin, entry)
    found = {}
    for path in sorted((DATA / "heads").glob(f"{made_for.id}.*.npz")):
        name = path.name.removeprefix(f"{made_for.id}.").split(".")[0]
        if name not in without:
            found[name] = load_head(path, made_for.file.sha256)
    return found


def _path(wanted: str) -> Path:
    try:
        return Path(wanted).expanduser()
    except RuntimeError:
        raise ModelError(f"model {wanted!r}: there is no such user's home folder") from None


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is too long for one of a file
        return False


def _labels(file: ModelFile, entry: Entry | None) -> tuple[str, ...] | None:
    if entry is None:
        if file.labels:
            return file.labels
        beside = labels_beside(file.path)
        return read_labels(beside) if beside else None
    if entry.labels == IMAGENET and entry.background is not None:
        return (BACKGROUND, *imagenet_labels())
    if entry.labels == IMAGENET:
        return imagenet_labels() if entry.origin != "embedded" else None
    if isinstance(entry.labels, tuple):
        return entry.labels
    return labels_file(entry, file.path.parent) or file.labels


def _scaling(file: ModelFile, entry: Entry | None) -> tuple[float, float] | None:
    if entry is not None and entry.scaling is not None:
        return entry.scaling
    if file.normalisation is None:
        return None
    if file.normalisation.scaling is None:
        log.warning("%s", differs_by_channel(file))
    return file.normalisation.scaling


def differs_by_channel(file: ModelFile) -> str:
    """What to tell of a network whose channels were normalised each in its own way."""
    found = file.normalisation
    mean = ", ".join(f"{one:g}" for one in found.mean) if found else ""
    deviation = ", ".join(f"{one:g}" for one in found.deviation) if found else ""
    return (
        f"{file.path}: its metadata normalise each channel in its own way (mean {mean}; deviation "
        f"{deviation}); one value serves all three here, by default 127.5: give model.mean and "
        "model.deviation"
    )


def _not_here(entry: Entry) -> str:
    size = f"{entry.file.bytes / 1e6:.1f} MB"
    if entry.origin == "registry":
        return f"{entry.id} is not here ({size}); fetch it: edgevision models pull {entry.id}"
    return f"{entry.id} is not here ({size}): its file is missing; {_remedy(entry)}"


def _remedy(entry: Entry) -> str:
    if entry.origin == "embedded":
        return REINSTALL
    if entry.origin == "added":
        return added.remedy(entry.id)
    return f"`edgevision models remove {entry.id}`, then `edgevision models pull {entry.id}`"
