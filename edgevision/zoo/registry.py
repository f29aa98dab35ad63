"""Which network to run, with its labels and heads: embedded ones by id, others by path."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from edgevision.errors import ModelError
from edgevision.kinds import suggestion
from edgevision.zoo.heads import Head, load_head
from edgevision.zoo.labels import DATA, read_labels
from edgevision.zoo.tflite import inspect

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT = "efficientnet_lite0"


@dataclass(frozen=True, slots=True)
class Model:
    """A network's file and all that gives its numbers a meaning.

    Attributes:
        name: id of the embedded network, or the file's name without ending.
        path: the .tflite file.
        sha256: its digest, hexadecimal.
        labels: one for each output of its own classifier, if it has one; else None.
        heads: by task, classifiers on top of its embedding.
        for_edgetpu: compiled for the Edge TPU.
    """

    name: str
    path: Path
    sha256: str
    labels: tuple[str, ...] | None = None
    heads: Mapping[str, Head] = field(default_factory=dict)
    for_edgetpu: bool = False


def embedded() -> dict[str, Path]:
    """The networks that come with the package, by id."""
    return {path.stem: path for path in sorted((DATA / "models").glob("*.tflite"))}


def find(
    use: str = "default",
    labels: Path | None = None,
    heads: Mapping[str, Path] | None = None,
) -> Model:
    """The model that `use` names.

    Args:
        use: "default", an id of `embedded()`, or the path of a .tflite file.
        labels: a label file that takes the place of the model's own.
        heads: by name ("imagenet1k", "dogs", ...), .npz files that take the place of embedded ones.

    Raises:
        ModelError: if the model, its labels or a head are missing, damaged, or do not fit.
    """
    ids = embedded()
    wanted = DEFAULT if use == "default" else use
    path = ids.get(wanted)
    if path is None:
        path = Path(wanted).expanduser()
        if not path.exists() and path.suffix != ".tflite":
            raise ModelError(f"model {use!r} is no id and no file{suggestion(use, list(ids))}")
    file = inspect(path)
    head_files = {}
    for head in sorted((DATA / "heads").glob(f"{path.stem}.*.npz")) if wanted in ids else ():
        head_files[head.name.split(".")[1]] = head
    head_files.update(heads or {})
    return Model(
        name=path.stem,
        path=path,
        sha256=file.sha256,
        labels=read_labels(labels) if labels else file.labels or _labels_beside(path),
        heads={name: load_head(head, file.sha256) for name, head in head_files.items()},
        for_edgetpu=file.for_edgetpu,
    )


def _labels_beside(path: Path) -> tuple[str, ...] | None:
    for name in (f"{path.stem}.txt", f"{path.stem}_labels.txt", f"{path.stem}.labels.txt"):
        if (path.parent / name).is_file():
            return read_labels(path.parent / name)
    return None
