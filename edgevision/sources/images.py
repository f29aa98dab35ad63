"""Photos in a folder, or those that match a pattern."""

from __future__ import annotations

import glob
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from edgevision.errors import PhotoError, SourceError, UriError
from edgevision.pixels.photo import SUFFIXES, read_photo
from edgevision.sources.reading import Reading
from edgevision.values.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgevision.sources.uri import Address

log = logging.getLogger(__name__)

NAMED = 10  # so many skipped photos are named in the log; `skipped` has all


class Images(Reading):
    """Each photo in the order of the names; those that cannot be read are skipped.

    `Frame.name` is the file's name, and `Frame.seconds` is number / fps, with one photo a second
    unless the option `fps` says otherwise. Photos may be of different sizes.

    Options: `loop` 0, `fps` 1.

    Attributes:
        skipped: the paths of the photos that could not be read, each once.
    """

    def __init__(self, address: Address, name: str) -> None:
        super().__init__(address, name)
        self.skipped: list[str] = []
        self._paths: list[Path] = []
        self._reasons: list[str] = []

    def open(self) -> None:
        """Find the photos.

        Raises:
            UriError: if there is none.
            SourceError: if the folder may not be read.
        """
        where = self.address.display()
        place = Path(self.address.target).expanduser()
        try:
            if place.is_dir():
                self._paths = sorted(p for p in place.iterdir() if p.suffix.lower() in SUFFIXES)
            elif place.exists():
                self._paths = [place]
            else:
                found = glob.glob(str(place), recursive=True)  # noqa: PTH207 - absolute patterns
                self._paths = sorted(Path(p) for p in found if not Path(p).is_dir())
        except PermissionError:
            raise SourceError(f"source {where}: no permission to read it") from None
        except (OSError, ValueError):
            self._paths = []
        if not self._paths:
            kinds = ", ".join(sorted(SUFFIXES))
            found_what = (
                f"no photos ({kinds}) in this folder" if place.is_dir() else "no such photo"
            )
            raise UriError(f"source {where}: {found_what}")

    def close(self) -> None:
        """Forget the list."""
        self._paths = []

    def __iter__(self) -> Iterator[Frame]:
        """A frame for each photo that can be read.

        Raises:
            PhotoError: if none of them can.
        """
        period = 1.0 / self.address.options.get("fps", 1.0)
        number = 0
        while self._paths:
            before = number
            for path in tuple(self._paths):
                if self.stopping.is_set():
                    return
                try:
                    pixels = read_photo(path)
                except PhotoError as error:
                    self._skip(path, error)
                    continue
                yield Frame(pixels, number, number * period, self.name, name=path.name)
                number += 1
            self._report()
            if number == before and self._paths:
                raise PhotoError(
                    f"source {self.address.display()}: none of its {len(self.skipped)} photos can"
                    f" be read; the first: {self._reasons[0]}"
                )
            if not self.address.options.get("loop", False):
                return

    def _skip(self, path: Path, error: PhotoError) -> None:
        if str(path) not in self.skipped:
            self.skipped.append(str(path))
            self._reasons.append(str(error))

    def _report(self) -> None:
        if self._reasons:
            more = len(self._reasons) - NAMED
            log.warning(
                "source %s: skipped %d of %d photos: %s%s",
                self.address.display(),
                len(self._reasons),
                len(self._paths),
                "; ".join(self._reasons[:NAMED]),
                f"; and {more} more" if more > 0 else "",
            )
            if not self.address.options.get("loop", False):
                return
            self._paths = [path for path in self._paths if str(path) not in self.skipped]
            self._reasons.clear()
