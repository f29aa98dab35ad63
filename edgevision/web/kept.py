"""Events, pictures and statistics out of the store, read only."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from starlette.responses import FileResponse, JSONResponse

from edgevision.errors import StoreError
from edgevision.store.reader import EventReader
from edgevision.web.requests import Malformed, event_filter, known, number, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from edgevision.store.kept import Kept
    from edgevision.web.site import Site

    Found = TypeVar("Found")

_KINDS: Final = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".mp4": "video/mp4"}
_MOST_DAYS, _USUAL_DAYS = 92, 14
_IDENTITY_LETTERS: Final = 26


async def events(site: Site, request: Request) -> Response:
    """The newest events that are wanted, newest first."""
    wanted, limit = event_filter(request)

    def read(reader: EventReader) -> list[dict[str, Any]]:
        found = reader.newest(wanted, limit)
        return [_told(reader, one) for one in found]

    return JSONResponse({"events": await _read(site, read) or []})


async def event(site: Site, request: Request) -> Response:
    """The phases of one sighting."""
    known(request, ())
    identity = _identity(request)

    def read(reader: EventReader) -> list[dict[str, Any]]:
        return [_told(reader, one) for one in reader.sighting(identity)]

    phases = await _read(site, read)
    if not phases:
        return told("there is no such event", 404)
    return JSONResponse({"phases": phases})


async def file(site: Site, request: Request) -> Response:
    """A picture or clip of a sighting."""
    known(request, ())
    identity, number_of = _identity(request), request.path_params["number"]
    files = await _read(site, lambda reader: reader.files(identity)) or []
    if not number_of < len(files):
        return told("there is no such file", 404)
    path = _contained(Path(files[number_of][0]), site.folders)
    if path is None:
        return told("the file has gone", 404)
    return FileResponse(path, media_type=_KINDS[path.suffix.lower()])


async def labels(site: Site, request: Request) -> Response:
    """Every label that was seen, by task, and those that the running tasks know."""
    known(request, ())

    def read(reader: EventReader) -> dict[str, list[str]]:
        seen: dict[str, list[str]] = {}
        for task, label in reader.labels():
            seen.setdefault(task, []).append(label)
        return seen

    seen = await _read(site, read) or {}
    running = {task: list(labels) for task, labels in site.labels().items()}
    return JSONResponse({"seen": seen, "known": running})


async def statistics(site: Site, request: Request) -> Response:
    """Sightings by hour and label over some days."""
    given = number(known(request, ("days",)), "days", 1, _MOST_DAYS)
    days = _USUAL_DAYS if given is None else given
    since = datetime.now(timezone.utc) - timedelta(days=days)
    rows = await _read(site, lambda reader: reader.hours(since)) or []
    return JSONResponse(
        {"hours": [{"hour": hour, "label": label, "count": n} for hour, label, n in rows]}
    )


def _told(reader: EventReader, kept: Kept) -> dict[str, Any]:
    """The event, with the kinds of its files in place of their paths, which are nobody's matter."""
    event = kept.event
    return kept.to_dict([kind for _, kind in reader.files(str(event.get("id", "")))])


def _identity(request: Request) -> str:
    identity: str = request.path_params["id"]
    if len(identity) != _IDENTITY_LETTERS or not identity.isascii() or not identity.isalnum():
        raise Malformed("there is no such event", 404)
    return identity


async def _read(site: Site, read: Callable[[EventReader], Found]) -> Found | None:
    """What `read` finds; None where no events are kept yet."""
    store = site.store
    if store is None or not store.is_file():
        return None

    def opened() -> Found:
        try:
            with EventReader(store) as reader:
                return read(reader)
        except StoreError as error:
            # The path is the owner's matter.
            raise Malformed(str(error).replace(str(store), "the store"), 503) from None

    return await asyncio.to_thread(opened)


def _contained(path: Path, folders: tuple[Path, ...]) -> Path | None:
    """`path` with every link followed, if it lies in one of the folders and is a picture."""
    try:
        real = path.resolve(strict=True)
        inside = any(real.is_relative_to(folder.resolve()) for folder in folders)
        return real if inside and real.is_file() and real.suffix.lower() in _KINDS else None
    except (OSError, RuntimeError):
        return None
