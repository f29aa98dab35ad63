"""The door to the web: bytes of a file over HTTP, from where an earlier try stopped."""

from __future__ import annotations

import re
import ssl
from contextlib import ExitStack, closing, contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

from urllib3 import PoolManager, ProxyManager, Timeout, make_headers
from urllib3 import exceptions as http

from edgevision import __version__
from edgevision.zoo.mirror import BrokenError, RefusedError, check_size

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from urllib3 import BaseHTTPResponse

    from edgevision.zoo.part import Part

_PIECE = 1 << 16
_REDIRECTS = 5
_BUSY = frozenset({408, 425, 429})


def stream(part: Part, url: str, timeout: tuple[float, float]) -> Generator[bytes]:
    """What `part` still lacks, as it comes; a server that knows no ranges makes `part` begin anew.

    Proxies are those of the variables https_proxy, http_proxy and no_proxy.

    Args:
        part: asked for its size before the first byte comes.
        url: http(s); an account in it is sent by basic authentication, and only to its host.
        timeout: seconds for a connection, and without a byte.

    Raises:
        BrokenError: if another try may bring more.
        RefusedError: if it will not.
        FetchError: if `part` cannot be written to.
    """
    limits = Timeout(connect=timeout[0], read=timeout[1])
    try:
        with _opened(url, part.size, limits) as response:
            _begin(part, response)
            while data := response.read1(_PIECE):
                yield data
    except http.HTTPError as error:
        raise _explained(error, timeout) from error


@contextmanager
def _opened(url: str, offset: int, timeout: Timeout) -> Iterator[BaseHTTPResponse]:
    """The answer to a request for all from `offset` on; redirections are followed."""
    with ExitStack() as stack:
        for _ in range(_REDIRECTS + 1):
            # urllib3 would follow one from https to http: each step is looked at instead.
            response = stack.enter_context(
                closing(
                    stack.enter_context(_pool(url)).request(
                        "GET",
                        _without_account(url),
                        headers=_headers(url, offset),
                        timeout=timeout,
                        retries=False,
                        redirect=False,
                        preload_content=False,
                        decode_content=False,
                    )
                )
            )
            target = response.get_redirect_location()
            if not target:
                yield response
                return
            url = _redirected(url, target)
        raise RefusedError(f"more than {_REDIRECTS} redirections")


def _pool(url: str) -> PoolManager:
    """What opens connections for `url`, through the proxy of the environment if there is one."""
    parts = urlsplit(url)
    proxy = getproxies().get(parts.scheme)
    if not proxy or proxy_bypass(parts.hostname or ""):
        return PoolManager()
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    return ProxyManager(proxy, proxy_headers=make_headers(proxy_basic_auth=_account(proxy)))


def _headers(url: str, offset: int) -> dict[str, str]:
    account = make_headers(basic_auth=_account(url))
    resumed = {"Range": f"bytes={offset}-"} if offset else {}
    # A body that is compressed on the way would have other bytes than the file.
    plain = {"User-Agent": f"edgevision/{__version__}", "Accept-Encoding": "identity"}
    return {**plain, **account, **resumed}


def _account(url: str) -> str | None:
    account, at, _ = urlsplit(url).netloc.rpartition("@")
    return unquote(account) if at else None


def _without_account(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _redirected(url: str, target: str) -> str:
    try:
        following = urljoin(url, target)
        scheme = urlsplit(following).scheme
    except ValueError as error:
        raise RefusedError(f"it redirects to no address: {target[:200]!r}") from error
    if scheme != "https" and scheme != urlsplit(url).scheme:
        raise RefusedError(f"it redirects to {following[:200]!r}, which is not https")
    return following


def _begin(part: Part, response: BaseHTTPResponse) -> None:
    """Make sure that the body which follows is what is still missing, or all of it."""
    status = response.status
    if status == HTTPStatus.OK:
        check_size(part, response.headers.get("Content-Length", ""))
        part.restart()
    elif status == HTTPStatus.PARTIAL_CONTENT:
        given = re.fullmatch(
            r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", "").strip()
        )
        if given is None or int(given[1]) != part.size:
            part.restart()
            raise BrokenError("it sends another range than the one that was asked for")
        check_size(part, given[2])
    elif status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        part.restart()
        raise BrokenError("it does not have the range that was asked for")
    else:
        phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "unknown"
        busy = status in _BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        raise (BrokenError if busy else RefusedError)(f"it answers {status} ({phrase})")


def _explained(error: http.HTTPError, timeout: tuple[float, float]) -> BrokenError | RefusedError:
    """What happened in a few words; broken, if trying again may help."""
    inner = error.original_error if isinstance(error, http.ProxyError) else error
    other_end, whose = ("it", "its") if inner is error else ("the proxy", "the proxy's")
    cause = inner if isinstance(inner, OSError) else inner.__cause__ or inner.__context__
    why = f" ({cause.strerror or cause})" if isinstance(cause, OSError) else ""
    untrusted = [one for one in inner.args if isinstance(one, ssl.SSLCertVerificationError)]
    if untrusted:
        return RefusedError(
            f"its certificate is not trusted ({untrusted[0].verify_message}); is this device's "
            "clock right?"
        )
    if isinstance(inner, http.LocationValueError):
        return RefusedError("the address is not valid")
    for kind, words in (
        (http.NameResolutionError, f"{whose} host is not known (is there a network?)"),
        (http.NewConnectionError, f"no connection to {other_end}{why}"),
        (http.ConnectTimeoutError, f"no connection to {other_end} within {timeout[0]:g} s"),
        (http.ReadTimeoutError, f"no byte came for {timeout[1]:g} s"),
    ):
        if isinstance(inner, kind):
            return BrokenError(words)
    return BrokenError(f"the connection to {other_end} broke{why}")
