"""Entries of the registry as plain mappings, as YAML and JSON have them, read strictly.

A file of them may be damaged, or written by hand: what is wrong is told by file, entry and key.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any, Final

from edgevision.errors import ModelError
from edgevision.zoo.entry import IMAGENET, Download, Entry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgevision.zoo.entry import Origin

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
"""What ids and names of files may be: nothing that leads out of a folder."""

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_MOST_BYTES: Final = 2**31  # a flatbuffer cannot be larger


def read_entry(name: str, raw: object, origin: Origin, where: str) -> Entry:
    """The entry called `name`.

    Args:
        name: its id.
        raw: what the file has for it.
        origin: where its network comes from.
        where: the file, for errors.

    Raises:
        ModelError: one line that names the file, the entry and the key.
    """
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ModelError(f"{where}: {str(name)[:40]!r} cannot be an entry's name")
    fields = _Fields(raw, f"{where}: entry {name}")
    fields.only({one.name for one in dataclasses.fields(Entry)} - {"id", "origin"})
    return Entry(
        id=name,
        family=fields.text("family"),
        alpha=fields.number("alpha", 16.0),
        resolution=fields.whole("resolution", 4096),
        file=_download(fields.part("file")),
        origin=origin,
        labels=_labels(fields),
        background=fields.count("background", 1_000_000),
        scaling=fields.scaling("scaling"),
        resizable=fields.switch("resizable"),
        best_resolution=fields.count("best_resolution", 4096) or None,
        second_look=fields.text("second_look"),
        for_edgetpu=fields.switch("for_edgetpu"),
        twin=fields.text("twin"),
        mult_adds=fields.count("mult_adds", 10**15),
        parameters=fields.count("parameters", 10**12),
        published_top1=fields.number("published_top1", 100.0),
        published_in=fields.text("published_in"),
        licence=fields.text("licence"),
        credit=fields.text("credit"),
        measured_top1=fields.by_resolution("measured_top1"),
        measured_tasks=fields.by_task("measured_tasks"),
    )


def to_mapping(entry: Entry) -> dict[str, Any]:
    """What `read_entry` turns into `entry` again; keys that hold nothing are left out."""
    labels: Any = entry.labels
    if isinstance(labels, Download):
        labels = _to_mapping(labels)
    elif isinstance(labels, tuple):
        labels = list(labels)
    whole = {
        "family": entry.family,
        "alpha": entry.alpha,
        "resolution": entry.resolution,
        "file": _to_mapping(entry.file),
        "labels": labels,
        "background": entry.background,
        "scaling": list(entry.scaling) if entry.scaling else None,
        "resizable": entry.resizable,
        "best_resolution": entry.best_resolution,
        "second_look": entry.second_look,
        "for_edgetpu": entry.for_edgetpu,
        "twin": entry.twin,
        "mult_adds": entry.mult_adds,
        "parameters": entry.parameters,
        "published_top1": entry.published_top1,
        "published_in": entry.published_in,
        "licence": entry.licence,
        "credit": entry.credit,
        "measured_top1": {str(side): share for side, share in entry.measured_top1.items()},
        "measured_tasks": dict(entry.measured_tasks),
    }
    # 0 is an index, and stays.
    return {key: value for key, value in whole.items() if value or _is_whole(value, 0, 0)}


def _to_mapping(wanted: Download) -> dict[str, Any]:
    plain = {"name": wanted.name, "bytes": wanted.bytes, "sha256": wanted.sha256}
    return {**plain, "urls": list(wanted.urls)} if wanted.urls else plain


def _download(fields: _Fields) -> Download:
    fields.only({one.name for one in dataclasses.fields(Download)})
    name, digest = fields.text("name"), fields.text("sha256")
    if not NAME.fullmatch(name):
        raise fields.wrong("name", "the name of a file", name)
    if not _DIGEST.fullmatch(digest):
        raise fields.wrong("sha256", "64 hexadecimal digits", digest)
    size = fields.whole("bytes", _MOST_BYTES)
    urls = fields.texts("urls")
    for url in urls:
        if not url.startswith("https://"):
            raise fields.wrong("urls", "addresses that begin with https://", url)
    return Download(name, size, digest, urls)


def _labels(fields: _Fields) -> str | Download | tuple[str, ...] | None:
    given = fields.raw.get("labels")
    if isinstance(given, dict):
        return _download(fields.part("labels"))
    if isinstance(given, list):
        return fields.texts("labels")
    if given is not None and given != IMAGENET:
        raise fields.wrong("labels", f"{IMAGENET}, a file or a list", given)
    return given


class _Fields:
    """Reads one mapping; `where` begins every error."""

    def __init__(self, raw: object, where: str) -> None:
        if not isinstance(raw, dict) or not all(isinstance(key, str) for key in raw):
            raise ModelError(f"{where}: expected keys and values, not {_shown(raw)}")
        self.raw: Mapping[str, Any] = raw
        self.where = where

    def wrong(self, key: str, expected: str, given: object) -> ModelError:
        return ModelError(f"{self.where}: key {key}: expected {expected}, not {_shown(given)}")

    def only(self, known: set[str]) -> None:
        for key in self.raw:
            if key not in known:
                raise ModelError(f"{self.where}: key {_shown(key)} is not known")

    def part(self, key: str) -> _Fields:
        if key not in self.raw:
            raise ModelError(f"{self.where}: key {key} is missing")
        return _Fields(self.raw[key], f"{self.where}: key {key}")

    def text(self, key: str) -> str:
        given = self.raw.get(key, "")
        if not isinstance(given, str):
            raise self.wrong(key, "text", given)
        return given

    def texts(self, key: str) -> tuple[str, ...]:
        given = self.raw.get(key, [])
        if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
            raise self.wrong(key, "a list of texts", given)
        return tuple(given)

    def switch(self, key: str) -> bool:
        given = self.raw.get(key, False)
        if not isinstance(given, bool):
            raise self.wrong(key, "true or false", given)
        return given

    def count(self, key: str, most: int) -> int | None:
        given = self.raw.get(key)
        if given is not None and not _is_whole(given, 0, most):
            raise self.wrong(key, f"a whole number from 0 to {most}", given)
        return given

    def whole(self, key: str, most: int) -> int:
        given = self.count(key, most)
        if not given:
            raise self.wrong(key, f"a whole number from 1 to {most}", given)
        return given

    def number(self, key: str, most: float) -> float | None:
        given = self.raw.get(key)
        if given is None:
            return None
        if not _is_number(given) or not 0 < given <= most:
            raise self.wrong(key, f"a number over 0, at most {most:g}", given)
        return float(given)

    def scaling(self, key: str) -> tuple[float, float] | None:
        given = self.raw.get(key)
        if given is None:
            return None
        if not isinstance(given, list) or len(given) != 2 or not all(map(_is_number, given)):  # noqa: PLR2004 - mean and deviation
            raise self.wrong(key, "a mean and a deviation", given)
        if not 0 <= given[0] <= 255 or not 0 < given[1] <= 255:  # noqa: PLR2004 - of bytes
            raise self.wrong(key, "a mean and a deviation of bytes", given)
        return float(given[0]), float(given[1])

    def by_resolution(self, key: str) -> dict[int, float]:
        given = self.raw.get(key, {})
        expected = "per cent by resolution"
        if not isinstance(given, dict):
            raise self.wrong(key, expected, given)
        found = {}
        for side, share in given.items():
            if not str(side).isdecimal() or not _is_number(share) or not 0 <= share <= 100:  # noqa: PLR2004 - per cent
                raise self.wrong(key, expected, given)
            found[int(side)] = float(share)
        return found

    def by_task(self, key: str) -> dict[str, float]:
        given = self.raw.get(key, {})
        expected = "per cent by task"
        if not isinstance(given, dict):
            raise self.wrong(key, expected, given)
        for task, share in given.items():
            if not isinstance(task, str) or not _is_number(share) or not 0 <= share <= 100:  # noqa: PLR2004 - per cent
                raise self.wrong(key, expected, given)
        return {task: float(share) for task, share in given.items()}


def _is_whole(given: object, least: int, most: int) -> bool:
    return isinstance(given, int) and not isinstance(given, bool) and least <= given <= most


def _is_number(given: object) -> bool:
    return isinstance(given, (int, float)) and not isinstance(given, bool)


def _shown(given: object) -> str:
    """A wrong value as an error shows it: on one line, and not all of a long one."""
    text = repr(given) if given is not None else "nothing"
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - characters of a line
