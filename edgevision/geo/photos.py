"""Where the photos of a folder were taken: from its `labels.csv`, or from EXIF.

A photo whose place cannot be had is passed over and named with what is wrong, so that one bad row
does not stop the other thousand.
"""

from __future__ import annotations

import csv
import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from PIL import Image, UnidentifiedImageError

from edgevision.errors import PhotoError, WrittenError
from edgevision.geo.distance import why_no_point
from edgevision.table import read_rows

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

LABELS: Final = "labels.csv"

# EXIF 2.32, table 15 (GPS attribute information).
_GPS: Final = 0x8825
_LAT_REF, _LAT, _LON_REF, _LON = 1, 2, 3, 4
_SIGNS: Final = {"N": 1, "S": -1, "E": 1, "W": -1}
# What Pillow raises on files that are no photos, or damaged.
_DAMAGE: Final = (
    *(OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, OverflowError),
    *(UnidentifiedImageError, Image.DecompressionBombError),
)


@dataclass(frozen=True, slots=True)
class Tagged:
    """A photo, what it is called in its folder, and where it was taken, degrees."""

    path: Path
    name: str
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Tags:
    """The photos of a folder whose place is known, and a line on each of the others."""

    photos: tuple[Tagged, ...]
    broken: tuple[str, ...]


def read_tags(folder: Path, suffixes: Collection[str]) -> Tags:
    """The geotagged photos of `folder`: those of its labels.csv, else all with EXIF GPS.

    Args:
        folder: searched with all folders below it, where it has no labels.csv.
        suffixes: of photos' names, in lower case with the dot.

    Raises:
        WrittenError: if there is no such folder, or its labels.csv cannot be read as one.
    """
    if not folder.is_dir():
        raise WrittenError(f"{folder}: there is no such folder")
    file = folder / LABELS
    if file.exists():
        return _from_labels(file)
    photos, broken = [], []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in suffixes and path.is_file():
            try:
                photos.append(Tagged(path, path.relative_to(folder).as_posix(), *read_exif(path)))
            except PhotoError as error:
                broken.append(str(error))
    return Tags(tuple(photos), tuple(broken))


def read_exif(path: Path) -> tuple[float, float]:
    """Latitude and longitude in degrees from the EXIF of a photo.

    Raises:
        PhotoError: if the file is no photo, or its GPS is missing, unknown (0, 0 is what cameras
            write that have no fix) or broken.
    """
    try:
        with warnings.catch_warnings():
            # Pillow tells of damage in parts of EXIF that are not read here.
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                gps: dict[int, Any] = dict(image.getexif().get_ifd(_GPS))
    except FileNotFoundError:
        raise PhotoError(f"{path}: there is no such file") from None
    except _DAMAGE as error:
        raise PhotoError(f"{path}: is no photo, or is damaged ({error})") from None
    if _LAT not in gps or _LON not in gps:
        raise PhotoError(f"{path}: has no GPS position in its EXIF")
    lat = _degrees(gps, _LAT, _LAT_REF, "NS", path)
    lon = _degrees(gps, _LON, _LON_REF, "EW", path)
    why = _why_not(lat, lon)
    if why:
        raise PhotoError(f"{path}: GPS in its EXIF: {why}")
    return lat, lon


def _degrees(gps: dict[int, Any], tag: int, ref_tag: int, letters: str, path: Path) -> float:
    ref, given = gps.get(ref_tag), gps[tag]
    if not isinstance(ref, str) or ref[:1].upper() not in letters or not ref:
        raise PhotoError(f"{path}: GPS in its EXIF: {ref!r} is none of {', '.join(letters)}")
    try:
        # A text is a sequence too, whose letters must not pass for degrees.
        parts = () if isinstance(given, (str, bytes)) else given
        whole, minutes, seconds = (float(part) for part in parts)
    except (TypeError, ValueError, ZeroDivisionError):
        raise PhotoError(
            f"{path}: GPS in its EXIF: {given!r} is not degrees, minutes and seconds"
        ) from None
    return _SIGNS[ref[0].upper()] * (whole + minutes / 60 + seconds / 3600)


def _from_labels(file: Path) -> Tags:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise WrittenError(f"{file}: cannot be read ({error})") from error
    rows = read_rows(text)
    photos: list[Tagged] = []
    broken: list[str] = []
    seen: dict[str, int] = {}
    try:
        if not {"path", "lat", "lon"} <= set(rows.fieldnames or ()):
            raise WrittenError(f"{file}:1: should name the columns `path`, `lat` and `lon`")
        for row in rows:
            line, name = rows.line_num, (row["path"] or "").strip()
            why = _row_fault(file, row, name, seen)
            if why:
                broken.append(f"{file}:{line}: {why}")
                continue
            seen[name] = line
            where = float(row["lat"]), float(row["lon"])
            photos.append(Tagged(file.parent / name, name, *where))
    except csv.Error as error:
        raise WrittenError(f"{file}:{rows.line_num}: is no table ({error})") from error
    return Tags(tuple(photos), tuple(broken))


def _row_fault(file: Path, row: dict[str, Any], name: str, seen: dict[str, int]) -> str | None:
    """What is wrong with a row, or None."""
    if not name:
        return "has no path"
    if name in seen:
        return f"{name} stands in line {seen[name]} already"
    numbers = []
    for column in ("lat", "lon"):
        given = (row[column] or "").strip()
        if not given:
            return f"{name}: {column} is empty"
        try:
            numbers.append(float(given))
        except ValueError:
            return f"{name}: {column} {given!r} is no number; write degrees, such as 43.95"
    why = _why_not(*numbers)
    if why:
        return f"{name}: {why}"
    return None if (file.parent / name).is_file() else f"{name}: there is no such file"


def _why_not(lat: float, lon: float) -> str | None:
    why = why_no_point(lat, lon)
    if why is None and math.isclose(lat, 0, abs_tol=1e-9) and math.isclose(lon, 0, abs_tol=1e-9):
        return "0, 0 lies in the sea and is what cameras write that do not know where they are"
    return why
