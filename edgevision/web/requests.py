"""What a request says, read with care: everything in it may be wrong, huge or hostile."""

from __future__ import annotations

import json
import math
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final, cast

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse

from edgevision.store.filters import Filter
from edgevision.values.moment import moment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from edgevision.values.event import Phase

MOST_BODY: Final = 16_384
MOST_EVENTS: Final = 500
_LONGEST: Final = 100
FILTERS: Final = ("since", "until", "task", "label", "source", "min_score", "phase", "limit")


class Malformed(Exception):  # noqa: N818 - it becomes an answer
    """The request is wrong, for the reason in words; `status` is HTTP's."""

    def __init__(self, why: str, status: int = 400) -> None:
        super().__init__(why)
        self.status = status


def told(why: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """The one form of every error."""
    return JSONResponse({"error": why}, status, headers)


async def body(request: Request) -> bytes:
    """All of it, if that is not too much.

    Raises:
        Malformed: if it is longer than `MOST_BODY`, or does not come whole.
    """
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > MOST_BODY:
                raise Malformed(f"more than {MOST_BODY} bytes are no request", 413)
            parts.append(part)
    except ClientDisconnect:
        raise Malformed("the body did not come whole") from None
    return b"".join(parts)


async def mapping(request: Request) -> dict[str, Any]:
    """The JSON object in the body.

    Raises:
        Malformed: if there is none.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Malformed("expected Content-Type: application/json", 415)
    try:
        given = json.loads(await body(request))
    except (ValueError, RecursionError):
        raise Malformed("the body is no JSON") from None
    if not isinstance(given, dict):
        raise Malformed("the body is no JSON object")
    return given


def event_filter(request: Request) -> tuple[Filter, int]:
    """Which events are wanted, and how many at most.

    Raises:
        Malformed: if the query is not of that form.
    """
    given = known(request, FILTERS)
    phase = given.get("phase")
    if phase not in (None, "seen", "ended"):
        raise Malformed("phase: expected seen or ended")
    wanted = Filter(
        since=_moment(given, "since"),
        until=_moment(given, "until"),
        task=given.get("task"),
        label=given.get("label"),
        source=given.get("source"),
        min_score=number(given, "min_score", 0, 1),
        phase=cast("Phase | None", phase),
    )
    limit = number(given, "limit", 1, MOST_EVENTS)
    if limit is not None and limit != int(limit):
        raise Malformed(f"limit: expected a whole number from 1 to {MOST_EVENTS}")
    return wanted, 50 if limit is None else int(limit)


def known(request: Request, names: tuple[str, ...]) -> dict[str, str]:
    """The query by name.

    Raises:
        Malformed: if a name is unknown, stands twice, or a value is empty or endless.
    """
    given: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in names:
            raise Malformed(f"there is no {name[:40]!r} here; known: {', '.join(names) or 'none'}")
        if name in given:
            raise Malformed(f"{name} stands twice")
        if not 0 < len(value) <= _LONGEST or not value.isprintable():
            raise Malformed(f"{name}: expected 1 to {_LONGEST} letters")
        given[name] = value
    return given


def number(given: Mapping[str, str], name: str, low: float, high: float) -> float | None:
    """The number of that name; None if it is not there.

    Raises:
        Malformed: if it is none, or out of its range.
    """
    text = given.get(name)
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise Malformed(f"{name}: expected a number from {low:g} to {high:g}")
    return value


def _moment(given: Mapping[str, str], name: str) -> datetime | None:
    text = given.get(name)
    if text is None:
        return None
    try:
        return moment(text, datetime.now(timezone.utc))
    except ValueError as error:
        raise Malformed(f"{name}: {error}") from None
