"""Reads `registry.yaml`: the networks whose files are pinned by their digests.

The file has two documents, so that starting with an embedded network reads only the first.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from edgevision.errors import ModelError
from edgevision.zoo.record import read_entry

if TYPE_CHECKING:
    from edgevision.zoo.entry import Entry, Origin

REGISTRY: Final = Path(__file__).with_name("registry.yaml")
REINSTALL: Final = "the package is damaged: reinstall edgevision"

_DOCUMENTS: Final[tuple[Origin, ...]] = ("embedded", "registry")
# The parser in C takes an eighth of the time; PyYAML may have been built without it.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def pinned(origin: Origin) -> dict[str, Entry]:
    """The entries of the registry by id: the embedded networks, or those that can be fetched.

    Raises:
        ModelError: one line that names file, entry and key, if the registry is damaged.
    """
    return read_registry(REGISTRY, origin)


def read_registry(path: Path, origin: Origin) -> dict[str, Entry]:
    """The entries of that origin in the file `path`; see `pinned`."""
    place = _DOCUMENTS.index(origin)
    try:
        documents = yaml.load_all(path.read_text(encoding="utf-8"), _Loader)
        raw = next(one for number, one in enumerate(documents) if number == place)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); {REINSTALL}") from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise ModelError(f"{path}: is no registry ({error}); {REINSTALL}") from error
    except StopIteration:
        raise ModelError(f"{path}: ends before document {place + 1}; {REINSTALL}") from None
    if not isinstance(raw, dict) or not raw:
        raise ModelError(f"{path}: has no entries in document {place + 1}; {REINSTALL}")
    try:
        return {name: _read(name, fields, origin, str(path)) for name, fields in raw.items()}
    except ModelError as error:
        raise ModelError(f"{error}; {REINSTALL}") from error


def _read(name: str, fields: object, origin: Origin, where: str) -> Entry:
    entry = read_entry(name, fields, origin, where)
    if entry.file.name != f"{name}.tflite":
        raise ModelError(f"{where}: entry {name}: key file: key name: expected {name}.tflite")
    if origin == "registry" and not entry.file.urls:
        raise ModelError(f"{where}: entry {name}: key file: key urls is missing")
    return entry
