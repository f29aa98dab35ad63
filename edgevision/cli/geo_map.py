"""Writes a scene as the ending of its file says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edgevision.errors import OutputError, WrittenError
from edgevision.geo.archive import write_whole
from edgevision.geo.png import to_png
from edgevision.geo.svg import to_html

if TYPE_CHECKING:
    from pathlib import Path

    import click

    from edgevision.geo.scene import Scene

_ENDINGS: Final = (".png", ".html")


def check_map(context: click.Context, parameter: click.Parameter, value: Any) -> Path | None:
    """Raise what would stop `write_map`, before anything is measured.

    Raises:
        WrittenError: if the ending is neither `.png` nor `.html`.
        OutputError: if there is no such folder.
    """
    del context, parameter
    path: Path | None = value
    if path is not None:
        if path.suffix.lower() not in _ENDINGS:
            raise WrittenError(f"{path}: maps are written as {' or '.join(_ENDINGS)}")
        if not path.absolute().parent.is_dir():
            raise OutputError(f"{path}: there is no folder {path.absolute().parent}")
    return path


def write_map(path: Path, scene: Scene) -> None:
    """Write the map whole or not at all.

    Raises:
        OutputError: if the file cannot be written.
    """
    html = path.suffix.lower() == ".html"
    write_whole(path, to_html(scene).encode() if html else to_png(scene))
