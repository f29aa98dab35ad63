"""The files of the page: a fixed list, read once. No path is ever made from a request."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib import resources
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from edgevision.web.requests import told

if TYPE_CHECKING:
    from starlette.requests import Request

_HTML, _CSS, _JS = "text/html", "text/css", "text/javascript"
_PAGES: Final = {"index.html": _HTML, "login.html": _HTML}
FILES: Final = {
    "app.css": _CSS,
    "app.js": _JS,
    "charts.js": _JS,
    "dom.js": _JS,
    "health.js": _JS,
    "icon.svg": "image/svg+xml",
    "login.js": _JS,
    "now.js": _JS,
    "timeline.js": _JS,
    "worldmap.js": _JS,
    "land.json": "application/json",
}


@dataclass(frozen=True, slots=True)
class _File:
    data: bytes
    tag: str


def page(name: str) -> Response:
    """One of the two pages."""
    return Response(_read(name).data, media_type=_PAGES[name])


async def static(request: Request) -> Response:
    """A file that a page asks for."""
    kind = FILES.get(request.path_params["name"])
    if kind is None:
        return told("there is no such file", 404)
    file = _read(request.path_params["name"])
    headers = {"ETag": f'"{file.tag}"', "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(file.data, media_type=kind, headers=headers)


@lru_cache(maxsize=32)
def _read(name: str) -> _File:
    package = resources.files("edgevision")
    if name == "land.json":
        # Outlines of the continents (Natural Earth), which the maps on paper are drawn from, too.
        data = gzip.decompress((package / "data" / "land.json.gz").read_bytes())
    else:
        data = (package / "web" / "static" / name).read_bytes()
    return _File(data, sha256(data).hexdigest()[:16])
