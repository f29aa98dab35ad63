from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from edgevision.values.moment import moment

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("90s", timedelta(seconds=90)),
        (" 15m ", timedelta(minutes=15)),
        ("2h", timedelta(hours=2)),
        ("1.5h ago", timedelta(minutes=90)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(days=14)),
        ("2 H", timedelta(hours=2)),
    ],
)
def test_a_time_ago(text, ago):
    assert moment(text, NOW) == NOW - ago


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-04-30T10:15Z", datetime(2026, 4, 30, 10, 15, tzinfo=timezone.utc)),
        ("2026-04-30T10:15:07.25+02:00", datetime(2026, 4, 30, 8, 15, 7, 250_000, timezone.utc)),
        ("2026-04-30 10:15:07Z", datetime(2026, 4, 30, 10, 15, 7, tzinfo=timezone.utc)),
        ("2026-04-30", datetime(2026, 4, 30).astimezone()),
    ],
)
def test_a_day_or_a_time(text, expected):
    assert moment(text, NOW) == expected


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2", "h", "-2h", "2026-13-01", "2026-02-30", "12:30", "999999w", "٢h"]
)
def test_what_is_no_time_is_refused_by_its_name(text):
    with pytest.raises(ValueError, match="is no time"):
        moment(text, NOW)
