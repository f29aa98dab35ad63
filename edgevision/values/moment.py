"""Moments as people write them: `2h`, `2026-05-01`, `2026-05-01T12:30`."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_AGO = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)\s*([smhdw])(?:\s*ago)?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?", re.ASCII
)

EXPECTED = "2h (s, m, h, d or w ago), 2026-05-01 or 2026-05-01T12:30"
"""The forms, in words."""


def moment(text: str, now: datetime) -> datetime:
    """The UTC time that `text` means; a time without a zone is that of this machine.

    Args:
        text: one of the forms above; surrounding spaces do not count.
        now: aware; what "ago" counts from.

    Raises:
        ValueError: if it is of none of those forms, or out of the calendar.
    """
    given = text.strip()
    try:
        ago = _AGO.fullmatch(given.lower())
        if ago:
            seconds = float(ago[1]) * _SECONDS[ago[2]]
            return (now - timedelta(seconds=seconds)).astimezone(timezone.utc)
        if _DAY.fullmatch(given) or _TIME.fullmatch(given):
            written = _whole(given)
            return datetime.fromisoformat(written).astimezone(timezone.utc)
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(f"{text!r} is no time: {error}") from None
    raise ValueError(f"{text!r} is no time; expected {EXPECTED}")


def _whole(given: str) -> str:
    """In a form that Python 3.10 reads, too: no Z, and three or six digits behind the point."""
    body = given.replace("Z", "+00:00").replace(" ", "T")
    return re.sub(r"\.(\d+)", lambda found: "." + found[1].ljust(6, "0"), body)
