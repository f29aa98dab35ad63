"""Every way in, and who may take it. What is not in this table is not there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from starlette.responses import JSONResponse, Response

from edgevision import __version__
from edgevision.web import files, kept, login, orders, streams
from edgevision.web.metrics import exposition
from edgevision.web.openapi import document
from edgevision.web.requests import known
from edgevision.web.state import state_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from edgevision.web.doorman import Doorman, Visitor
    from edgevision.web.hub import Hub
    from edgevision.web.site import Site

Who = Literal["everybody", "viewer", "operator"]
_EXPOSITION: Final = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a request is worked on: all that the answers are made from, and who asks."""

    site: Site
    hub: Hub
    doorman: Doorman
    visitor: Visitor | None


@dataclass(frozen=True, slots=True)
class Way:
    """One route.

    Attributes:
        method, path: of the requests.
        who: may take it, at least; an operator may all that a viewer may.
        says: what for, in a line.
        answer: works it out.
    """

    method: Literal["GET", "POST"]
    path: str
    who: Who
    says: str
    answer: Callable[[Desk, Request], Awaitable[Response]]


async def _page(desk: Desk, request: Request) -> Response:
    del desk, request
    return files.page("index.html")


async def _login_page(desk: Desk, request: Request) -> Response:
    del desk, request
    return files.page("login.html")


async def _static(desk: Desk, request: Request) -> Response:
    del desk
    return await files.static(request)


async def _login(desk: Desk, request: Request) -> Response:
    return await login.login(desk.doorman, request)


async def _logout(desk: Desk, request: Request) -> Response:
    return await login.logout(desk.doorman, request)


async def _me(desk: Desk, request: Request) -> Response:
    known(request, ())
    # The guard let somebody in.
    if desk.visitor is None:
        raise RuntimeError("nobody asks")
    return await login.me(desk.doorman, desk.visitor)


async def _alive(desk: Desk, request: Request) -> Response:
    del request
    failed = desk.site.summary()["state"] == "failed"
    return JSONResponse({"alive": not failed}, 503 if failed else 200)


async def _ready(desk: Desk, request: Request) -> Response:
    del request
    state = desk.site.summary()["state"]
    ready = state in {"healthy", "degraded"}
    return JSONResponse({"ready": ready, "state": state}, 200 if ready else 503)


async def _metrics(desk: Desk, request: Request) -> Response:
    del request
    return Response(exposition(desk.site.summary), media_type=_EXPOSITION)


async def _openapi(desk: Desk, request: Request) -> Response:
    del desk
    known(request, ())
    return JSONResponse(document())


async def _state(desk: Desk, request: Request) -> Response:
    known(request, ())
    return JSONResponse({**state_of(desk.site), "last_minute": desk.hub.minute.to_list()})


async def _health(desk: Desk, request: Request) -> Response:
    known(request, ())
    return JSONResponse({"version": __version__, **desk.site.summary()})


async def _live(desk: Desk, request: Request) -> Response:
    known(request, ())
    return await streams.live(desk.hub)


async def _tasks(desk: Desk, request: Request) -> Response:
    known(request, ())
    running = desk.site.summary().get("control", {}).get("tasks", [])
    every = [{"name": name, "says": says} for name, says in desk.site.tasks().items()]
    return JSONResponse({"running": running, "tasks": every})


async def _settings(desk: Desk, request: Request) -> Response:
    known(request, ())
    now = desk.site.summary().get("control", {})
    return JSONResponse({"now": now, "commands": list(orders.ALLOWED)})


async def _command(desk: Desk, request: Request) -> Response:
    known(request, ())
    return await orders.command(desk.site, request)


async def _events(desk: Desk, request: Request) -> Response:
    return await kept.events(desk.site, request)


async def _event(desk: Desk, request: Request) -> Response:
    return await kept.event(desk.site, request)


async def _file(desk: Desk, request: Request) -> Response:
    return await kept.file(desk.site, request)


async def _labels(desk: Desk, request: Request) -> Response:
    return await kept.labels(desk.site, request)


async def _statistics(desk: Desk, request: Request) -> Response:
    return await kept.statistics(desk.site, request)


async def _picture(desk: Desk, request: Request) -> Response:
    known(request, ("at",))
    return await streams.picture(desk.site, request)


async def _stream(desk: Desk, request: Request) -> Response:
    known(request, ("at",))
    return await streams.stream(desk.site, request)


_API: Final = "/api/v1"
WAYS: Final = (
    Way("GET", "/", "viewer", "the page", _page),
    Way("GET", "/login", "everybody", "the page to log in", _login_page),
    Way("GET", "/static/{name}", "everybody", "the files of the pages", _static),
    Way("GET", "/healthz", "everybody", "200 while it has not given up", _alive),
    Way("GET", "/readyz", "everybody", "200 while frames are answered", _ready),
    Way("GET", "/metrics", "viewer", "the numbers for Prometheus", _metrics),
    Way("POST", f"{_API}/login", "everybody", "begin a session", _login),
    Way("POST", f"{_API}/logout", "viewer", "end the session", _logout),
    Way("GET", f"{_API}/me", "viewer", "who asks, and their role", _me),
    Way("GET", f"{_API}/openapi.json", "viewer", "this API as OpenAPI 3.1", _openapi),
    Way("GET", f"{_API}/state", "viewer", "what it sees now, and why it tells nothing", _state),
    Way("GET", f"{_API}/health", "viewer", "every number, as `edgevision status --json`", _health),
    Way("GET", f"{_API}/live", "viewer", "state, health and events as they come (SSE)", _live),
    Way("GET", f"{_API}/tasks", "viewer", "the tasks that run, and those that may", _tasks),
    Way("GET", f"{_API}/settings", "viewer", "what may change while it runs, as it is", _settings),
    Way("POST", f"{_API}/commands", "operator", "ask for a change; see commands", _command),
    Way("GET", f"{_API}/events", "viewer", "the newest events, with filters", _events),
    Way("GET", f"{_API}/events/{{id}}", "viewer", "the phases of a sighting", _event),
    Way(
        "GET", f"{_API}/events/{{id}}/files/{{number:int}}", "viewer", "its picture or clip", _file
    ),
    Way(
        "GET",
        f"{_API}/labels",
        "viewer",
        "labels that were seen, and those that are known",
        _labels,
    ),
    Way("GET", f"{_API}/statistics", "viewer", "sightings by hour and label", _statistics),
    Way("GET", f"{_API}/sources/{{name}}/picture", "viewer", "the newest picture (JPEG)", _picture),
    Way("GET", f"{_API}/sources/{{name}}/stream", "viewer", "the picture, moving (MJPEG)", _stream),
)


def listing() -> str:
    """The table as docs/api.md has it."""
    rows = [f"| {way.method} | `{way.path}` | {way.who} | {way.says} |" for way in WAYS]
    return (
        "\n".join(["| method | path | who | what for |", "| --- | --- | --- | --- |", *rows]) + "\n"
    )
