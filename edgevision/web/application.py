"""The table of routes as an application: each is guarded by its role."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse
from starlette.routing import Route

from edgevision.web.guard import Guard
from edgevision.web.login import COOKIE
from edgevision.web.requests import Malformed, told
from edgevision.web.routes import WAYS, Desk

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from edgevision.web.doorman import Doorman, Visitor
    from edgevision.web.hub import Hub
    from edgevision.web.routes import Way
    from edgevision.web.site import Site

log = logging.getLogger(__name__)


def application(site: Site, hub: Hub, doorman: Doorman, names: frozenset[str]) -> ASGIApp:
    """What the server runs.

    Args:
        site: what is told of.
        hub: for those who listen.
        doorman: lets people in.
        names: by which this host may be called.
    """
    routes = [
        Route(way.path, _endpoint(way, site, hub, doorman), methods=[way.method]) for way in WAYS
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _failed, Exception: _broken})
    return Guard(app, names)


def may(visitor: Visitor | None, way: Way) -> bool:
    """Whether `visitor` may take `way`: only what is listed is allowed."""
    if way.who == "everybody":
        return True
    if visitor is None:
        return False
    return way.who == "viewer" or visitor.role == "operator"


def _endpoint(
    way: Way, site: Site, hub: Hub, doorman: Doorman
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        brought = request.headers.get("authorization"), request.cookies.get(COOKIE)
        visitor = doorman.visitor(*brought)
        if not may(visitor, way):
            return _sent_away(visitor, way)
        try:
            return await way.answer(Desk(site, hub, doorman, visitor), request)
        except Malformed as error:
            return told(str(error), error.status)

    return answer


def _sent_away(visitor: Visitor | None, way: Way) -> Response:
    if visitor is not None:
        return told("this is for operators", 403)
    if way.path == "/":
        return RedirectResponse("/login", 303)
    return told("log in first, or bring a token", 401, {"WWW-Authenticate": "Bearer"})


async def _failed(request: Request, error: Exception) -> Response:
    del request
    if not isinstance(error, HTTPException):
        raise error
    return told(error.detail, error.status_code, error.headers)


async def _broken(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return told("failed; the log says why", 500)
