"""Events in words, as lines of JSON and as CSV."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from edgevision.store.kept import Kept

    Form = Literal["text", "json", "csv"]

COLUMNS = (
    "id",
    "phase",
    "time",
    "source",
    "task",
    "label",
    "name",
    "score",
    "first_seen",
    "last_seen",
    "hits",
    "corrected",
    "pinned",
)
"""Of the CSV form; the last two are what the store knows besides."""


def lines(events: Iterable[Kept], form: Form, *, head: bool = True) -> Iterator[str]:
    """One line for each event, without its end; for CSV a head before them."""
    if form == "csv" and head:
        yield _row(COLUMNS)
    for event in events:
        yield _LINES[form](event)


def in_words(kept: Kept) -> str:
    """One line for people, with the time of this machine.

    >>> 2026-05-01 14:30:07  door  dogs  golden retriever  87%  seen  01JT5N...  corrected: kuvasz
    """
    event = kept.event
    parts = [
        local(event.get("time")),
        event.get("source"),
        event.get("task"),
        event.get("name"),
        _percent(event.get("score")),
        event.get("phase"),
        event.get("id"),
    ]
    if kept.corrected is not None:
        parts.append(f"corrected: {kept.corrected}")
    if kept.pinned:
        parts.append("pinned")
    return "  ".join(printable(part) for part in parts)


def local(text: Any) -> str:
    """A time of an event as this machine's clock shows it; what is no time stays as it is."""
    try:
        moment = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
        return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return str(text)


def printable(text: Any) -> str:
    """Without what would move a terminal's cursor or start a line."""
    return "".join(mark if mark.isprintable() else "?" for mark in str(text))


def _percent(score: Any) -> str:
    return f"{score:.0%}" if isinstance(score, (int, float)) else str(score)


def _json(kept: Kept) -> str:
    return json.dumps(kept.to_dict(), ensure_ascii=False, separators=(",", ":"))


def _csv(kept: Kept) -> str:
    event = {**kept.event, "corrected": kept.corrected or "", "pinned": str(kept.pinned).lower()}
    return _row([event.get(column, "") for column in COLUMNS])


def _row(cells: Iterable[Any]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


_LINES = {"text": in_words, "json": _json, "csv": _csv}
