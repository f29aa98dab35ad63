"""What there is to tell of the networks that have an id, and which of them are on this device."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from edgevision.app.proofs import kept
from edgevision.errors import ModelError
from edgevision.kinds import suggestion
from edgevision.zoo import added
from edgevision.zoo.entry import IMAGENET, Download
from edgevision.zoo.pinned import pinned
from edgevision.zoo.registry import DEFAULT, find, labels_file, local_file, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from edgevision.app.proofs import Proved
    from edgevision.evaluation.prove import Verdict
    from edgevision.zoo.entry import Entry

State = Literal["in the package", "here", "not here", "added", "damaged"]
_STATES: Mapping[str, State] = {
    "embedded": "in the package",
    "registry": "here",
    "added": "added",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One network.

    Attributes:
        id: what `--model` takes.
        state: where it is, or "damaged" if its files are not those that they should be.
        entry: what is known of it; None if that is what is damaged.
        path: of its file; None if it is not here.
        heads: classes by the name of the head.
        classes: of its own classifier; None if it has none, or that is not known before it is here.
        proofs: verdicts on it on an Edge TPU, in words, by device and driver.
        problem: what is wrong, and what to do; "" if nothing is.
    """

    id: str
    state: State
    entry: Entry | None
    path: Path | None = None
    heads: Mapping[str, int] = field(default_factory=dict)
    classes: int | None = None
    problem: str = ""
    proofs: Mapping[str, str] = field(default_factory=dict)

    @property
    def default(self) -> bool:
        """True for the one that is used if none is named."""
        return self.id == DEFAULT

    def to_dict(self) -> dict[str, Any]:
        """What `--json` prints of it."""
        told: dict[str, Any] = {
            "id": self.id,
            "default": self.default,
            "state": self.state,
            "path": str(self.path) if self.path else None,
            "heads": dict(self.heads),
            "classes": self.classes,
            "proofs": dict(self.proofs),
            "problem": self.problem or None,
        }
        entry = self.entry
        if entry is None:
            return told
        return {
            **told,
            "origin": entry.origin,
            "family": entry.family or None,
            "alpha": entry.alpha,
            "resolution": entry.resolution,
            "resizable": entry.resizable,
            "mb": round(entry.file.bytes / 1e6, 2),
            "bytes": entry.file.bytes,
            "sha256": entry.file.sha256,
            "urls": list(entry.file.urls),
            "mult_adds": entry.mult_adds,
            "parameters": entry.parameters,
            "published_top1": entry.published_top1,
            "published_in": entry.published_in or None,
            "background": entry.background,
            "for_edgetpu": entry.for_edgetpu,
            "twin": entry.twin or None,
            "licence": entry.licence or None,
            "credit": entry.credit or None,
        }


def rows(folder: Path, proved: Path | None = None) -> list[Row]:
    """Every network that has an id: embedded ones, those of the registry, those added.

    Args:
        folder: where fetched and added ones lie.
        proved: the file with the verdicts of Edge TPUs; None: they are not told.

    Raises:
        ModelError: if the registry itself is damaged.
    """
    known, damaged = _known(folder)
    wrong = [Row(name, "damaged", None, problem=str(error)) for name, error in damaged.items()]
    verdicts = kept(proved) if proved else {}
    told = (_row(entry, folder) for entry in known.values())
    return [*(_with_proofs(row, verdicts) for row in told), *wrong]


def verified(
    ids: Sequence[str], folder: Path, progress: Callable[[int, int], None] | None = None
) -> list[Row]:
    """The networks of `ids`, or all that are on this device, each checked against its digest.

    Args:
        ids: of networks that have to be here; empty: all that are.
        folder: where fetched and added ones lie.
        progress: told the bytes that were checked and those of all, each time one is done.

    Raises:
        ModelError: if an id is not known, or its network is not here.
    """
    known, damaged = _known(folder)
    for name in ids:
        if name not in damaged:
            entry = _one_of(known, name)
            if local_file(entry, folder) is None:
                opened(entry, folder)  # says that it is not here, and how it comes
    here = {name: one for name, one in known.items() if local_file(one, folder) is not None}
    chosen = list(dict.fromkeys(ids)) or [*here, *damaged]
    whole = sum(here[name].file.bytes for name in chosen if name not in damaged)
    done, told = 0, []
    for name in chosen:
        if name in damaged:
            told.append(Row(name, "damaged", None, problem=str(damaged[name])))
            continue
        told.append(_row(here[name], folder))
        done += here[name].file.bytes
        if progress:
            progress(done, whole)
    return told


def known_entry(name: str, folder: Path) -> Entry:
    """The entry of that id.

    Raises:
        ModelError: if there is none, or its description is damaged.
    """
    known, damaged = _known(folder)
    if name in damaged:
        raise damaged[name]
    return _one_of(known, name)


def remove(ids: Sequence[str], folder: Path) -> dict[str, int]:
    """Delete networks that were fetched or added; by id, the bytes that it freed.

    Raises:
        ModelError: if an id is not known, or comes with the package; then nothing is deleted.
        OutputError: if a file cannot be deleted.
    """
    known, damaged = _known(folder)
    for name in ids:
        if name not in damaged and _one_of(known, name).origin == "embedded":
            raise ModelError(f"{name} comes with the package and cannot be removed")
    freed = {}
    for name in dict.fromkeys(ids):
        names = [f"{name}.tflite", f"{name}.tflite.part"]
        entry = known.get(name)
        if entry is not None and isinstance(entry.labels, Download):
            others = [
                one for one in known.values() if one.id != name and one.labels == entry.labels
            ]
            if all(local_file(one, folder) is None for one in others):
                names += [entry.labels.name, f"{entry.labels.name}.part"]
        freed[name] = added.forget(name, folder, tuple(names))
    return freed


def _row(entry: Entry, folder: Path) -> Row:
    path = local_file(entry, folder)
    classes = _classes(entry)
    if path is None and entry.origin == "registry":
        return Row(entry.id, "not here", entry, classes=classes)
    try:
        file = opened(entry, folder)
        own = labels_file(entry, folder) or file.labels
        heads = find(entry.id).heads if entry.origin == "embedded" else {}
    except ModelError as error:
        return Row(entry.id, "damaged", entry, path, classes=classes, problem=str(error))
    if classes is None and entry.labels is not None and own is not None:
        classes = len(own)
    sizes = {name: len(head.labels) for name, head in sorted(heads.items())}
    return Row(entry.id, _STATES[entry.origin], entry, path, sizes, classes)


def _with_proofs(row: Row, verdicts: Mapping[Proved, Verdict]) -> Row:
    digest = row.entry.file.sha256 if row.entry else ""
    return replace(
        row,
        proofs={
            f"{what.device} ({what.runtime})": f"{'proved' if verdict.ok else 'refused'}: "
            + (f"{verdict.why}; " if verdict.why else "")
            + verdict.figures
            for what, verdict in verdicts.items()
            if what.sha256 == digest
        },
    )


def _classes(entry: Entry) -> int | None:
    """Classes of its own classifier, as far as the entry tells; heads do not count."""
    if isinstance(entry.labels, tuple):
        return len(entry.labels)
    if entry.labels == IMAGENET and entry.origin != "embedded":
        return 1000 + (entry.background is not None)
    return None


def _one_of(known: Mapping[str, Entry], name: str) -> Entry:
    if name not in known:
        raise ModelError(f"model {name!r} is no id{suggestion(name, list(known))}")
    return known[name]


def _known(folder: Path) -> tuple[dict[str, Entry], dict[str, ModelError]]:
    """All entries, and what is wrong with those whose description is damaged."""
    found, damaged = added.scan(folder)
    fixed = {**pinned("embedded"), **pinned("registry")}
    return {name: one for name, one in {**fixed, **found}.items() if name not in damaged}, damaged
