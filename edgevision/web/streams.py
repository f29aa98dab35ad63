"""Pictures and server-sent events on their way to one who watches, who may stall or vanish."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from starlette.responses import Response, StreamingResponse

from edgevision.web.requests import Malformed, told

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, MutableMapping
    from typing import Any

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from edgevision.web.hub import Hub
    from edgevision.web.site import Pictures, Shot, Site, Viewer

_BOUNDARY: Final = "edgevision-picture"
# Who takes nothing for so long has gone, and gives the place to another.
STALLED_SECONDS: Final = 10.0
_FIRST_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.5
_FULL: Final = {"Retry-After": "5"}


class Watched(StreamingResponse):
    """Leaves the preview however it ends: also before it has begun."""

    def __init__(self, parts: AsyncIterator[bytes], viewer: Viewer) -> None:
        super().__init__(parts, media_type=f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
        self._viewer = viewer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until they go."""
        try:
            await super().__call__(scope, receive, patient(send))
        except TimeoutError:
            return
        finally:
            self._viewer.leave()


class Told(StreamingResponse):
    """Server-sent events."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until they go."""
        try:
            await super().__call__(scope, receive, patient(send))
        except TimeoutError:
            return


def patient(send: Send) -> Send:
    """`send`, which raises `TimeoutError` where it takes too long."""

    async def sending(message: MutableMapping[str, Any]) -> None:
        try:
            await asyncio.wait_for(send(message), STALLED_SECONDS)
        except asyncio.TimeoutError:
            # On Python 3.10 it is another class than the builtin.
            raise TimeoutError from None

    return sending


async def stream(site: Site, request: Request) -> Response:
    """The pictures of a source, one after the other (MJPEG)."""
    woken = asyncio.Event()
    viewer = _joined(_pictures(site, request), woken)
    if viewer is None:
        return told("as many watch as may", 503, _FULL)
    return Watched(_parts(site, viewer, woken), viewer)


async def picture(site: Site, request: Request) -> Response:
    """The newest picture of a source."""
    woken = asyncio.Event()
    viewer = _joined(_pictures(site, request), woken)
    if viewer is None:
        return told("as many watch as may", 503, _FULL)
    try:
        shot = await asyncio.wait_for(_next(site, viewer, woken), _FIRST_SECONDS)
    except asyncio.TimeoutError:
        shot = None
    finally:
        viewer.leave()
    if shot is None:
        return told("the source gives no picture", 503, _FULL)
    return Response(shot.data, media_type="image/jpeg")


async def live(hub: Hub) -> Response:
    """State, numbers and events as they come."""
    if hub.full:
        return told("as many listen as may", 503, _FULL)
    return Told(hub.listen(), media_type="text/event-stream")


def _pictures(site: Site, request: Request) -> Pictures:
    name = request.path_params["name"]
    found = site.pictures.get(name)
    if found is None:
        raise Malformed(
            f"there is no source {name[:64]!r}; there is {', '.join(site.pictures)}", 404
        )
    return found


def _joined(pictures: Pictures, woken: asyncio.Event) -> Viewer | None:
    loop = asyncio.get_running_loop()

    def wake() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(woken.set)

    return pictures.join(wake)


async def _parts(site: Site, viewer: Viewer, woken: asyncio.Event) -> AsyncIterator[bytes]:
    while (shot := await _next(site, viewer, woken)) is not None:
        head = (
            f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(shot.data)}\r\n\r\n"
        )
        yield head.encode() + shot.data + b"\r\n"


async def _next(site: Site, viewer: Viewer, woken: asyncio.Event) -> Shot | None:
    """The next picture; None when it is over."""
    while not viewer.gone and not site.stopping.is_set():
        shot = viewer.take()
        if shot is not None:
            return shot
        woken.clear()
        try:
            await asyncio.wait_for(woken.wait(), _LOOK_SECONDS)
        except asyncio.TimeoutError:
            continue
    return None
