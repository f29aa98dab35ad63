"""What every request passes before anything is worked out, and what every answer carries."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders

from edgevision.web.requests import told

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from starlette.types import ASGIApp, Receive, Scope, Send

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
    "connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_READING: Final = frozenset({"GET", "HEAD"})
_MARK: Final = "x-edgevision"


class Guard:
    """Hosts, other pages' requests, and the headers that keep browsers careful.

    Args:
        app: behind it.
        names: that the Host header may carry, in small letters, besides addresses in numbers:
            a page of another host cannot have its name resolved to one of those (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, names: frozenset[str]) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        why = self._objection(scope["method"], Headers(scope=scope))
        app = self._app if why is None else told(*why)
        await app(scope, receive, guarded)

    def _objection(self, method: str, headers: Headers) -> tuple[str, int] | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not is_ours(hosts[0], self._names):
            return "this name is not ours; web.names lists those that are", 421
        if method in _READING:
            return None
        # A program that brings a token is no browser that was talked into something.
        if "authorization" in headers:
            return None
        if _is_foreign(headers, hosts[0]):
            return "another page asks", 403
        if _MARK not in headers:
            return "expected the header X-Edgevision: 1, which other pages cannot send", 403
        return None


def _is_foreign(headers: Headers, host: str) -> bool:
    """True if a browser says that the request is another page's."""
    origin = headers.get("origin")
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return True
    return origin is not None and origin.partition("://")[2].lower() != host.lower()


def is_ours(host: str, names: frozenset[str]) -> bool:
    """True if the Host header is an address in numbers or one of `names`."""
    try:
        parts = urlsplit(f"//{host}")
        name, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    # Nothing but a name and a port: no person, path or query, which others may read otherwise.
    if parts.netloc != host or "@" in host:
        return False
    if name in names:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
