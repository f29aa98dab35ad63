"""`edgevision models pull`: fetches networks of the registry."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from edgevision.app import provision
from edgevision.cli.flags import config_flag, json_flag, settings_from
from edgevision.errors import ModelError
from edgevision.kinds import suggestion
from edgevision.zoo.registry import entries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from typing_extensions import Self

    from edgevision.zoo.entry import Entry


@click.command()
@click.argument("ids", nargs=-1, metavar="ID...")
@click.option("--all", "every", is_flag=True, help="every network of the registry")
@click.option(
    "--mirror",
    metavar="DIR|URL",
    help=f"a folder or http(s) address that has the files; default: ${provision.MIRROR}",
)
@config_flag
@json_flag
def pull(
    *, ids: tuple[str, ...], every: bool, mirror: str | None, config: Path | None, as_json: bool
) -> None:
    """Fetch networks of the registry, with their labels; what was cut off goes on.

    Each file is used only once its SHA-256 is the registry's.
    """
    if every == bool(ids):
        raise click.UsageError("name networks of `edgevision models list`, or give --all")
    folder = settings_from(config).models.place(os.environ)
    mirror = mirror or os.environ.get(provision.MIRROR) or None
    done = [_pulled(entry, folder, mirror) for entry in _chosen(ids, folder)]
    if as_json:
        print(json.dumps(done, indent=2, ensure_ascii=False))
        return
    for row in done:
        print(f"{row['id']}: {row['path']}{'' if row['fetched'] else ' (was here)'}")


def _chosen(ids: Sequence[str], folder: Path) -> list[Entry]:
    """The entries of `ids`, or all that can be fetched; wrong ids are told before anything comes.

    Raises:
        ModelError: if there is no such entry.
    """
    known = entries(folder)
    remote = [name for name, entry in known.items() if entry.origin == "registry"]
    for name in ids:
        if name not in known:
            raise ModelError(f"no network {name!r} in the registry{suggestion(name, remote)}")
    return [known[name] for name in dict.fromkeys(ids or remote)]


def _pulled(entry: Entry, folder: Path, mirror: str | None) -> dict[str, Any]:
    with _Shown(entry) as shown:
        path = provision.pull(entry, folder, mirror, shown.tell)
    return {
        "id": entry.id,
        "path": str(path),
        "bytes": entry.file.bytes,
        "sha256": entry.file.sha256,
        "fetched": shown.began,
    }


class _Shown:
    """What the standard error shows of a download: a bar, or a line for start and end."""

    def __init__(self, entry: Entry) -> None:
        self.began = False
        self._id = entry.id
        self._mb = sum(one.bytes for one in provision.files(entry)) / 1e6
        self._bar: Any = None
        self._drawn = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._bar is not None:
            self._bar.render_finish()
        elif self.began and kind is None:
            _say(f"{self._id}: fetched")
        if self.began and kind is KeyboardInterrupt:
            _say(f"{self._id}: stopped; the same command goes on from where it is")

    def tell(self, here: int, whole: int) -> None:
        """Show that `here` of `whole` bytes are here."""
        if not self.began:
            self.began = True
            if sys.stderr.isatty():
                self._bar = click.progressbar(
                    length=whole, label=self._id, show_pos=True, show_percent=True, file=sys.stderr
                )
            else:
                _say(f"{self._id}: fetching {self._mb:.1f} MB")
        if self._bar is not None:
            # After a server that knows no ranges made it begin anew, the bar waits for it.
            self._bar.update(here - self._drawn)
            self._drawn = here


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
