"""What a run left behind, looked at from outside: whole, each once, and nothing damaged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from edgevision.errors import EdgevisionError
from edgevision.store.events import EventStore
from edgevision.store.filters import Filter
from edgevision.store.reader import EventReader

if TYPE_CHECKING:
    from pathlib import Path

Event = tuple[str, str]
"""Id and phase."""

STORE, LINES = "events.sqlite", "events.jsonl"
_DAMAGED: Final = f"{STORE}.damaged-*"


class BrokenError(EdgevisionError):
    """Something that is promised did not hold; says what."""


def check(held: bool, otherwise: str) -> None:
    """Nothing if it `held`.

    Raises:
        BrokenError: `otherwise`.
    """
    if not held:
        raise BrokenError(otherwise)


def told(place: Path) -> list[Event]:
    """The events of the file of lines.

    Raises:
        BrokenError: if a line is torn, or an event stands there twice.
    """
    path = place / LINES
    text = path.read_bytes() if path.exists() else b""
    check(not text or text.endswith(b"\n"), "the last line is torn")
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            one = json.loads(line)
        except ValueError:
            raise BrokenError(f"line {number} of {LINES} is torn") from None
        found.append((one["id"], one["phase"]))
    check(len(set(found)) == len(found), "an event was told twice")
    return found


def stored(place: Path) -> set[Event]:
    """The events of the database.

    Raises:
        BrokenError: if it is damaged.
        StoreError: if it cannot be read.
    """
    path = place / STORE
    if not path.exists():
        return set()
    # Opening it checks the whole of it.
    with EventStore(path):
        pass
    check(not list(place.glob(_DAMAGED)), "the database was damaged")
    with EventReader(path) as reader:
        rows = [json.loads(one.line) for one in reader.every(Filter())]
    found = [(one["id"], one["phase"]) for one in rows]
    check(len(set(found)) == len(found), "an event was kept twice")
    return set(found)
