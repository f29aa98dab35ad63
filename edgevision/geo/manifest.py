"""The one file of a gallery that says which of its other files count."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from edgevision.errors import ModelError
from edgevision.geo.archive import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MANIFEST: Final = "gallery.json"
KIND, VERSION = "gallery", 1


def write_manifest(folder: Path, about: Mapping[str, Any]) -> None:
    """Make the files of a generation, which are written already, the gallery's.

    Raises:
        OutputError: if that fails; the files before are then still the gallery's.
    """
    manifest = {"kind": KIND, "version": VERSION, **about}
    write_whole(folder / MANIFEST, json.dumps(manifest, indent=1).encode())


def read_manifest(folder: Path) -> dict[str, Any]:
    """What was written: `backbone_sha256`, `model`, `features`, `frozen`, `generation`.

    Raises:
        ModelError: if it is missing, damaged or of another version.
    """
    path = folder / MANIFEST
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        kind, version = about.pop("kind"), about.pop("version")
        wanted = ("backbone_sha256", "model", "features", "frozen", "generation")
        about = {name: about[name] for name in wanted}
    except FileNotFoundError:
        raise ModelError(f"{folder}: there is no gallery; `geo index` makes one") from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ModelError(f"{path}: is no gallery, or is damaged ({error})") from error
    if kind != KIND or version != VERSION:
        raise ModelError(f"{path}: is {kind} of version {version}, not {KIND} {VERSION}")
    return about


def files_of(folder: Path, generation: int) -> tuple[Path, Path]:
    """The index and the photos' places of a generation."""
    return folder / f"index-{generation}.usearch", folder / f"photos-{generation}.npz"
