"""Coming in and going out, over HTTP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from starlette.responses import JSONResponse

from edgevision.web.doorman import SESSION_SECONDS, Refused
from edgevision.web.requests import Malformed, mapping, told

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from edgevision.web.doorman import Doorman, Visitor

COOKIE: Final = "edgevision_session"


async def login(doorman: Doorman, request: Request) -> Response:
    """A session for whom name and password fit; with an empty name, the token."""
    given = await mapping(request)
    name, password = given.get("name", ""), given.get("password")
    if (
        not isinstance(name, str)
        or not isinstance(password, str)
        or set(given)
        - {
            "name",
            "password",
        }
    ):
        raise Malformed("expected a name and a password, both text")
    address = request.client.host if request.client else ""
    try:
        async with doorman.looking:
            doorman.check_rate(address)
            visitor = await asyncio.to_thread(doorman.fitting, name, password)
            if visitor is None:
                doorman.send_away(address)
                return told("name or password is wrong", 401)
    except Refused as error:
        return told(str(error), 429, {"Retry-After": str(round(error.wait_seconds) + 1)})
    answer = JSONResponse(_of(visitor))
    answer.set_cookie(
        COOKIE,
        doorman.let_in(visitor),
        max_age=round(SESSION_SECONDS),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


async def logout(doorman: Doorman, request: Request) -> Response:
    """End the session."""
    doorman.let_out(request.cookies.get(COOKIE))
    answer = JSONResponse({})
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


async def me(doorman: Doorman, visitor: Visitor) -> Response:
    """Who asks, and what they may do."""
    return JSONResponse({**_of(visitor), "login": doorman.asks})


def _of(visitor: Visitor) -> dict[str, str]:
    return {"name": visitor.name, "role": visitor.role}
