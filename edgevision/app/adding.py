"""Takes a user's own network in, with its labels, after looking whether it can be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgevision.engines.litert import LiteRt
from edgevision.errors import ModelError
from edgevision.zoo import added
from edgevision.zoo.entry import Download, Entry
from edgevision.zoo.labels import background_class, read_labels
from edgevision.zoo.pinned import pinned
from edgevision.zoo.record import NAME
from edgevision.zoo.registry import differs_by_channel, labels_beside, local_file
from edgevision.zoo.seeded import is_seeded
from edgevision.zoo.tflite import inspect
from edgevision.zoo.walk import read_network

if TYPE_CHECKING:
    from pathlib import Path

    from edgevision.engines.litert import Runtime
    from edgevision.values.tensor import ModelSpec
    from edgevision.zoo.tflite import ModelFile

_UNKNOWN_SCALING = (
    "its input is float32 and nothing tells how it was trained: it gets (byte - 127.5) / 127.5; if "
    "that is wrong, set model.mean and model.deviation"
)


@dataclass(frozen=True, slots=True)
class Added:
    """A network that is in the models' folder now.

    Attributes:
        entry: what is known of it.
        path: its file there.
        new: False if it was there already.
        notes: what the user should know of it, a line each.
    """

    entry: Entry
    path: Path
    new: bool
    notes: tuple[str, ...] = ()


def add(
    file: Path,
    folder: Path,
    *,
    name: str | None = None,
    labels: Path | None = None,
    replace: bool = False,
    runtime: Runtime = "auto",
) -> Added:
    """Copy the network `file` into `folder`, where `--model NAME` finds it.

    Args:
        file: a .tflite file that takes a square RGB image.
        folder: where fetched and added networks lie.
        name: its id; None: the file's name without ending.
        labels: a label file; None: what is packed into `file`, else what lies beside it.
        replace: take the place of another network of that name.
        runtime: which one has to open it.

    Raises:
        ModelError: if it cannot be used, has not as many labels as outputs, or its name is taken.
        EngineError: if the runtime does not run it.
        OutputError: if it cannot be written into `folder`.
    """
    found = inspect(file)
    if is_seeded(file.read_bytes()):
        raise ModelError(
            f"{file}: its weights are random, for timing only (`edgevision fit` wrote it); add a "
            "trained network"
        )
    wanted = file.stem if name is None else name
    of_registry = _checked_name(wanted, found)
    if of_registry is not None:
        here = local_file(of_registry, folder)
        if here is not None and inspect(here).sha256 == found.sha256:
            return Added(of_registry, here, new=False)
        path = added.keep(of_registry, file, folder)
        return Added(of_registry, path, new=True, notes=(f"it is {wanted} of the registry",))
    engine = LiteRt(file, wanted, found.sha256, runtime=runtime)
    spec = engine.spec
    engine.close()
    entry = _entry(wanted, found, spec, _labels(found, spec, labels))
    before = _before(wanted, folder)
    if isinstance(before, Entry) and _same(before, entry):
        if _is_whole(entry, folder):
            return Added(before, folder / entry.file.name, new=False, notes=_notes(found, spec))
    elif before is not None and not replace:
        raise ModelError(_taken(before, entry, folder))
    return Added(entry, added.keep(entry, file, folder), new=True, notes=_notes(found, spec))


def _checked_name(wanted: str, found: ModelFile) -> Entry | None:
    """The registry's entry of that id, if `found` is the very file that it pins.

    Raises:
        ModelError: if the name cannot be one, or belongs to another network.
    """
    if not NAME.fullmatch(wanted):
        raise ModelError(
            f"{wanted!r} cannot be a model's name; give one of letters, digits, `_`, `-` and `.` "
            "with --name"
        )
    if wanted == "default" or wanted in pinned("embedded"):
        raise ModelError(f"{wanted} is a name of the package; give another one with --name")
    entry = pinned("registry").get(wanted)
    if entry is not None and entry.file.sha256 != found.sha256:
        raise ModelError(
            f"{wanted} is a name of the registry, and {found.path} is not its file; give another "
            "one with --name"
        )
    return entry


def _labels(found: ModelFile, spec: ModelSpec, given: Path | None) -> tuple[str, ...] | None:
    """Labels of the network's own classifier; None if it has none but gives an embedding."""
    if spec.logits is None:
        if given is not None:
            raise ModelError(f"{found.path}: gives an embedding and no classes: it takes no labels")
        return None
    count = spec.logits.shape[-1]
    if given is not None:
        labels, origin = read_labels(given), str(given)
    elif found.labels is not None:
        labels, origin = found.labels, f"{found.path} (packed label file)"
    else:
        beside = labels_beside(found.path)
        if beside is None:
            raise ModelError(
                f"{found.path}: has {count} outputs and no labels, neither packed into it nor "
                f"beside it as {found.path.stem}_labels.txt; give them with --labels FILE"
            )
        labels, origin = read_labels(beside), str(beside)
    if len(labels) != count:
        raise ModelError(f"{origin}: has {len(labels)} labels, {_counted(labels, count, found)}")
    return labels


def _counted(labels: tuple[str, ...], count: int, found: ModelFile) -> str:
    told = f"{found.path.name} has {count} outputs"
    if len(labels) == count - 1:
        return f"{told}; if the first one means none of them, `background` has to be the first line"
    return f"{told}; give the label file that it was trained with, by --labels"


def _entry(name: str, found: ModelFile, spec: ModelSpec, labels: tuple[str, ...] | None) -> Entry:
    network = read_network(found.path)
    counted = not network.not_counted
    return Entry(
        id=name,
        family="",
        alpha=None,
        resolution=spec.input.height,
        file=Download(f"{name}.tflite", found.bytes, found.sha256),
        origin="added",
        labels=labels,
        background=background_class(labels) if labels else None,
        scaling=found.normalisation.scaling if found.normalisation else None,
        resizable=network.resizable,
        mult_adds=network.mult_adds if counted else None,
        parameters=network.parameters if counted else None,
    )


def _before(name: str, folder: Path) -> Entry | ModelError | None:
    """What is there under that name: an entry, or what is wrong with it."""
    try:
        return added.entry_of(name, folder)
    except ModelError as error:
        return error


def _is_whole(entry: Entry, folder: Path) -> bool:
    path = local_file(entry, folder)
    if path is None:
        return False
    try:
        return inspect(path).sha256 == entry.file.sha256
    except ModelError:
        return False


def _same(before: Entry, entry: Entry) -> bool:
    """True for the same file with the same labels."""
    return (before.file, before.labels) == (entry.file, entry.labels)


def _taken(before: Entry | ModelError, entry: Entry, folder: Path) -> str:
    if isinstance(before, ModelError):
        return str(before)
    same = before.file.sha256 == entry.file.sha256
    what = "is there already, with other labels" if same else "is another network already"
    return (
        f"{folder}: {entry.id} {what}; give --replace to put this in its place, or another name "
        "with --name"
    )


def _notes(found: ModelFile, spec: ModelSpec) -> tuple[str, ...]:
    if found.normalisation is not None and found.normalisation.scaling is None:
        return (differs_by_channel(found),)
    if spec.input.dtype == "float32" and found.normalisation is None:
        return (_UNKNOWN_SCALING,)
    return ()
