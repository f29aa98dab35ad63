"""The tasks that a user taught: found for a run, listed, moved between devices, removed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from edgevision import tasks
from edgevision.config.folders import folder
from edgevision.errors import ConfigError, ModelError, OutputError
from edgevision.kinds import suggestion
from edgevision.zoo import learned
from edgevision.zoo.registry import BACKGROUND, entries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from edgevision.zoo.heads import Head
    from edgevision.zoo.registry import Model

VERBS = ("export", "import", "list", "photos", "remove")
"""What may follow `edgevision learn` and so is no task's name."""


@dataclass(frozen=True, slots=True)
class Row:
    """A task that was taught, on one backbone.

    Attributes:
        task: its name.
        backbone: the network's id.
        path: the head's file.
        head: what is in it; None if it is damaged.
        problem: what is wrong with it, or "".
    """

    task: str
    backbone: str
    path: Path
    head: Head | None
    problem: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON types."""
        about = dict(self.head.provenance) if self.head else {}
        return {
            "task": self.task,
            "backbone": self.backbone,
            "path": str(self.path),
            "labels": classes_of(self.head) if self.head else None,
            "photos": about.get("photos"),
            "held_out": about.get("held_out"),
            "problem": self.problem or None,
        }


def place(environ: Mapping[str, str]) -> Path:
    """The folder of taught tasks: in $XDG_DATA_HOME or ~/.local/share."""
    return folder(environ, "XDG_DATA_HOME", ".local/share") / "edgevision" / "tasks"


def check_tasks(names: Iterable[str], where: Path) -> None:
    """Nothing, if each is a kind of task or one that was taught.

    Raises:
        ConfigError: if one is neither.
    """
    for name in names:
        if name not in tasks.KINDS:
            known = {**tasks.KINDS, **learned.scan(where)}
            if name not in known:
                raise ConfigError(f"task {name!r} is not known{suggestion(name, known)}")


def with_learned(model: Model, names: Iterable[str], where: Path) -> Model:
    """`model` with the heads of those of the tasks that were taught; heads it has stay.

    Raises:
        ModelError: if such a task was not taught on this network, or its file is damaged.
    """
    wanted = [name for name in names if name not in tasks.KINDS and name not in model.heads]
    if not wanted:
        return model
    found = learned.scan(where)
    heads = {
        name: learned.head_of(name, model.name, model.sha256, found[name])
        for name in wanted
        if name in found
    }
    return replace(model, heads={**model.heads, **heads})


def check_name(name: str) -> None:
    """Nothing, if a task may be called so.

    Raises:
        ConfigError: if not.
    """
    if not learned.NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} cannot be a task's name; give one of at most 60 letters, digits, `_` and "
            "`-`, such as birds"
        )
    if name in tasks.KINDS or name in VERBS:
        what = "comes with the package" if name in tasks.KINDS else "is a word of this command"
        raise ConfigError(f"the name {name} {what}; give the task another one, such as my-{name}")


def rows(where: Path) -> list[Row]:
    """All tasks that were taught, on each backbone; damaged ones too."""
    return [
        _row(task, backbone, path)
        for task, files in learned.scan(where).items()
        for backbone, path in files.items()
    ]


def files_of(task: str, where: Path) -> dict[str, Path]:
    """The files of a taught task, by backbone.

    Raises:
        ConfigError: if there is none of that name.
    """
    found = learned.scan(where)
    if task not in found:
        hint = suggestion(task, found) if found else "; edgevision learn NAME DIR teaches one"
        raise ConfigError(f"no task {task!r} was taught{hint}")
    return found[task]


def export(task: str, backbone: str | None, file: Path, where: Path) -> Row:
    """Write a taught task to `file`, for `take_in` on another device.

    Args:
        task: its name.
        backbone: on which network; None: the only one.
        file: to be written; there whole or not at all.
        where: the folder of taught tasks.

    Raises:
        ConfigError: if there is no such task, or several to choose from.
        ModelError: if its file is damaged.
        OutputError: if `file` cannot be written.
    """
    files = files_of(task, where)
    if backbone is None and len(files) > 1:
        raise ConfigError(f"{task} was taught with {', '.join(files)}; say which: --model ID")
    chosen = next(iter(files)) if backbone is None else backbone
    if chosen not in files:
        raise ConfigError(f"{task} was not taught with {chosen}, but with {', '.join(files)}")
    row = Row(task, chosen, files[chosen], learned.read_any(files[chosen]))
    if row.head is not None:
        try:
            learned.write(row.head, file.with_name(f".{file.name}.tmp"), file)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise OutputError(f"{file}: cannot be written ({reason})") from error
    return row


def take_in(file: Path, models: Path, where: Path, *, again: bool = False) -> Row:
    """Keep the task that `export` wrote to `file`.

    Args:
        file: an `.npz` of a taught task.
        models: where fetched and added networks lie.
        where: the folder of taught tasks.
        again: take the place of a task of that name and backbone.

    Raises:
        ModelError: if `file` is damaged or holds no taught task, if its network here is another
            one, or if there is such a task already.
        ConfigError: if its name is no task's.
        OutputError: if it cannot be kept.
    """
    head = learned.read_any(file)
    backbone = str(head.provenance.get("backbone", ""))
    if not learned.BACKBONE.fullmatch(backbone):
        raise ModelError(f"{file}: is a head, but none that `edgevision learn` made")
    check_name(head.name)
    entry = entries(models).get(backbone)
    if entry is not None and entry.file.sha256 != head.backbone_sha256:
        raise ModelError(
            f"{file}: was made with another {backbone} ({head.backbone_sha256[:12]}…) than the one "
            f"here ({entry.file.sha256[:12]}…); bring both devices to the same edgevision"
        )
    if not again and backbone in learned.scan(where).get(head.name, {}):
        raise ModelError(
            f"{file}: there is a task {head.name} with {backbone} already; --replace puts this one "
            "in its place"
        )
    return Row(head.name, backbone, learned.keep(head, backbone, where), head)


def classes_of(head: Head) -> list[str]:
    """The labels of a head, without the background."""
    return [label for label in head.labels if label != BACKGROUND]


def _row(task: str, backbone: str, path: Path) -> Row:
    try:
        return Row(task, backbone, path, learned.read_any(path))
    except ModelError as error:
        return Row(task, backbone, path, None, str(error))
