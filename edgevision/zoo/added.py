"""Networks that the user added: NAME.tflite in the models' folder, and beside it NAME.json.

The JSON says what a registry entry says, so that listing them opens no network; without it a file
in the folder is none that was added.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from typing import TYPE_CHECKING, Any

from edgevision.errors import ModelError, OutputError
from edgevision.zoo.record import NAME, read_entry, to_mapping

if TYPE_CHECKING:
    from pathlib import Path

    from edgevision.zoo.entry import Entry


def entry_of(name: str, folder: Path) -> Entry | None:
    """The network called `name` that was added, or None if there is none.

    Raises:
        ModelError: if what is known of it is damaged.
    """
    if not NAME.fullmatch(name):
        return None
    about = about_file(name, folder)
    try:
        text = about.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ModelError(f"{about}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError:
        raise ModelError(f"{about}: is damaged (not UTF-8); {remedy(name)}") from None
    try:
        entry = read_entry(name, json.loads(text), "added", str(about))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{about}: is damaged ({error}); {remedy(name)}") from error
    except ModelError as error:
        raise ModelError(f"{error}; {remedy(name)}") from error
    if entry.file.name != f"{name}.tflite":
        raise ModelError(f"{about}: is of the file {entry.file.name}; {remedy(name)}")
    return entry


def scan(folder: Path) -> tuple[dict[str, Entry], dict[str, ModelError]]:
    """All networks that were added, and what is wrong with those that cannot be used; by name."""
    found: dict[str, Entry] = {}
    damaged: dict[str, ModelError] = {}
    try:
        names = sorted(path.stem for path in folder.iterdir() if path.suffix == ".json")
    except (FileNotFoundError, NotADirectoryError):
        return found, damaged
    except OSError as error:
        raise ModelError(f"{folder}: cannot be read ({error.strerror})") from error
    for name in names:
        entry = _entry_or_error(name, folder)
        if isinstance(entry, ModelError):
            damaged[name] = entry
        elif entry is not None:
            found[name] = entry
    return found, damaged


def keep(entry: Entry, source: Path, folder: Path) -> Path:
    """Copy the network at `source` into `folder`, and write what is known of it beside it.

    Both are there whole or not at all, also after a power cut; an earlier one goes only when its
    follower is on the disk.

    Raises:
        OutputError: if the disk is full, or the folder cannot be written to.
        ModelError: if `source` is not what `entry` says.
    """
    try:
        content = source.read_bytes()
    except OSError as error:
        raise ModelError(f"{source}: cannot be read ({error.strerror})") from error
    if hashlib.sha256(content).hexdigest() != entry.file.sha256:
        raise ModelError(f"{source}: changed while it was read; add it again")
    about = json.dumps(to_mapping(entry), indent=1, ensure_ascii=False).encode()
    path = folder / entry.file.name
    wanted = {path: content}
    if entry.origin == "added":
        wanted[about_file(entry.id, folder)] = about
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder, wanted)
    except OSError as error:
        raise OutputError(
            f"{folder}: {entry.id} cannot be kept there ({error.strerror or error}); it needs "
            f"{len(content) / 1e6:.1f} MB; free some, or set models.folder to another place"
        ) from error
    return path


def forget(entry_id: str, folder: Path, names: tuple[str, ...]) -> int:
    """Delete these files of a network from `folder`, and its JSON; how many bytes that frees.

    Raises:
        OutputError: if one cannot be deleted.
    """
    freed = 0
    for path in (*(folder / name for name in names), about_file(entry_id, folder)):
        try:
            size = path.stat().st_size
            path.unlink()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise OutputError(f"{path}: cannot be deleted ({error.strerror})") from error
        freed += size
    return freed


def about_file(name: str, folder: Path) -> Path:
    """Where it stands what a network is that was added."""
    return folder / f"{name}.json"


def remedy(name: str) -> str:
    """What to do about a network that was added and is damaged."""
    return (
        f"`edgevision models add FILE --name {name} --replace` puts it right, "
        f"`edgevision models remove {name}` takes it away"
    )


def _entry_or_error(name: str, folder: Path) -> Entry | ModelError | None:
    try:
        return entry_of(name, folder)
    except ModelError as error:
        return error


def _write(folder: Path, wanted: dict[Path, bytes]) -> None:
    """Write all of them under other names first; then give them theirs, in their order."""
    made: list[tuple[Any, Path]] = []
    try:
        for path, content in wanted.items():
            descriptor, name = tempfile.mkstemp(dir=folder, prefix=".adding-")
            made.append((name, path))
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fchmod(file.fileno(), 0o644)
                os.fsync(file.fileno())
        for name, path in made:
            os.replace(name, path)  # noqa: PTH105 - the temporary name is text
        _sync(folder)
    finally:
        for name, _ in made:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)  # noqa: PTH108 - as above


def _sync(folder: Path) -> None:
    """Put the folder's new names on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
