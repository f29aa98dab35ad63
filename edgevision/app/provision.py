"""Fetches networks of the registry, with what belongs to them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from edgevision.errors import FetchError, ModelError
from edgevision.zoo.entry import Download, Entry
from edgevision.zoo.fetch import fetch
from edgevision.zoo.mirror import places, shown
from edgevision.zoo.part import is_here
from edgevision.zoo.registry import entries

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from edgevision.config.schema import Settings

    Progress = Callable[[int, int], None]

MIRROR = "EDGEVISION_MODEL_MIRROR"
"""The variable that names a mirror where no flag does."""

_LOG = logging.getLogger(__name__)


def pull(
    entry: Entry, folder: Path, mirror: str | None = None, progress: Progress | None = None
) -> Path:
    """The network of `entry`, which lies in `folder` afterwards, beside its label file if any.

    Args:
        entry: of the registry.
        folder: is made if it is not there.
        mirror: a folder or an http(s) address, in place of the official addresses.
        progress: told the bytes that have come and those of all files, each time some came; never
            called if everything was here.

    Raises:
        ConfigError: if `mirror` is neither a folder nor an http(s) address.
        ModelError: if `entry` is none that can be fetched.
        FetchError: if a file did not come through, or `folder` cannot be written to.
    """
    if entry.origin != "registry":
        why = "comes with the package" if entry.origin == "embedded" else "was added from a file"
        raise ModelError(f"{entry.id} {why}: there is nothing to fetch")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FetchError(
            f"the folder {folder} cannot be made ({error.strerror}); set models.folder to another"
        ) from error
    wanted = files(entry)
    whole = sum(one.bytes for one in wanted)
    before = 0
    paths = []
    for one in wanted:
        told = _shifted(progress, before, whole) if progress else None
        paths.append(fetch(one, folder, mirror=mirror, progress=told))
        before += one.bytes
    return paths[0]


def files(entry: Entry) -> tuple[Download, ...]:
    """What is to be fetched for `entry`, the network first."""
    labels = (entry.labels,) if isinstance(entry.labels, Download) else ()
    return (entry.file, *labels)


def ensure(settings: Settings, environ: Mapping[str, str]) -> None:
    """Fetch the network that the settings choose, if it is of the registry and not here.

    Nothing is done unless `models.auto_pull` is on.

    Args:
        settings: name network and folder.
        environ: may name a mirror, and the user's data folder.

    Raises:
        ConfigError: if the mirror is neither a folder nor an http(s) address.
        FetchError: if it did not come through.
    """
    if not settings.models.auto_pull:
        return
    folder = settings.models.place(environ)
    entry = entries(folder).get(settings.model.use)
    if entry is None or entry.origin != "registry":
        return
    lacking = [one for one in files(entry) if not is_here(one, folder)]
    if not lacking:
        return
    mirror = environ.get(MIRROR) or None
    size = sum(one.bytes for one in lacking) / 1e6
    address = shown(places(lacking[0], mirror)[0])
    _LOG.info("fetching %s, %.1f MB, from %s", entry.id, size, address)
    pull(entry, folder, mirror)


def _shifted(progress: Progress, before: int, whole: int) -> Progress:
    def told(here: int, _: int) -> None:
        progress(before + here, whole)

    return told
