"""Commands over HTTP: all of them go to the inbox, and get its answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from starlette.responses import JSONResponse

from edgevision.errors import CommandError
from edgevision.values.command import Answer, Command
from edgevision.web.requests import mapping

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from edgevision.web.site import Site

ALLOWED: Final = ("task", "threshold", "enabled", "freeze", "snapshot", "relabel", "pin")
"""What may be asked for over HTTP: nothing that reads files, starts programs or ends the run."""
# A change of task may have to read a head from a slow card.
_ANSWER_SECONDS: Final = 30.0


async def command(site: Site, request: Request) -> Response:
    """Ask for one thing: 200 accepted, 409 refused, 400 malformed; always with the reason."""
    given = await mapping(request)
    try:
        asked = Command.from_dict(given, "http")
    except CommandError as error:
        # The inbox writes it to the log, not more often than it has to.
        site.inbox.offer(given, "http")
        return JSONResponse({"accepted": False, "reason": str(error)}, 400)
    if asked.action not in ALLOWED:
        reason = f"{asked.action} is not to be had over HTTP; there is {', '.join(ALLOWED)}"
        return JSONResponse({"accepted": False, "reason": reason}, 409)
    answer = await _answer(site, asked)
    return JSONResponse(answer.to_dict(), 200 if answer.accepted else 409)


async def _answer(site: Site, asked: Command) -> Answer:
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[Answer] = loop.create_future()

    def tell(answer: Answer) -> None:
        if not answered.done():
            answered.set_result(answer)

    def told(answer: Answer) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, answer)

    site.inbox.post(asked, told)
    try:
        return await asyncio.wait_for(answered, _ANSWER_SECONDS)
    except asyncio.TimeoutError:
        reason = f"no answer within {_ANSWER_SECONDS:g} s; it may still be done"
        return Answer(accepted=False, reason=reason)
