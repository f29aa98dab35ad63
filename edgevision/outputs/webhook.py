"""Each event as an HTTP POST to an address of yours, signed, and tried again until it is taken."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import TYPE_CHECKING, Any, Final

from urllib3 import PoolManager, Retry, Timeout
from urllib3.exceptions import HTTPError
from urllib3.util import parse_url

from edgevision import __version__
from edgevision.errors import OutputError
from edgevision.outputs.retried import RetriedOutput

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

    from typing_extensions import Self

    from edgevision.store.outbox import Outbox

SIGNATURE: Final = "X-Edgevision-Signature"
_TAKEN: Final = range(200, 300)


class Webhook(RetriedOutput):
    """Posts the JSON of each event, at least once and in order; any answer of 200 to 299 takes it.

    With a secret, `X-Edgevision-Signature: t=SECONDS,v1=HEX` is the HMAC-SHA-256 (RFC 2104) of
    SECONDS, a dot and the body, so that the receiver knows who sent it, and when.

    Args:
        url: http:// or https://; a password in it is never told.
        secret_file: what to sign with is its first line; None: unsigned.
        timeout_s: seconds for connecting, and again for the answer.
        outbox: where the events wait.
        secret: in place of a file, from the environment.
    """

    name = "webhook"

    def __init__(
        self,
        url: str,
        *,
        secret_file: Path | None = None,
        timeout_s: float = 10.0,
        outbox: Outbox | None = None,
        secret: str | None = None,
    ) -> None:
        super().__init__(outbox, self._post)
        self._url = url
        self._secret_file = secret_file
        self._secret = secret
        self._pool = PoolManager(
            timeout=Timeout(connect=timeout_s, read=timeout_s), retries=Retry(0, redirect=0)
        )

    def __enter__(self) -> Self:
        if self._secret_file is not None:
            try:
                self._secret = self._secret_file.read_text("utf-8").splitlines()[0]
            except (OSError, UnicodeDecodeError, IndexError) as error:
                reason = getattr(error, "strerror", None) or "has no line of text"
                raise OutputError(f"webhook: {self._secret_file}: {reason}") from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            super().__exit__(kind, error, trace)
        finally:
            self._pool.clear()

    def _post(self, event: Mapping[str, Any], line: str) -> None:
        body = line.encode("utf-8", "replace")
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"edgevision/{__version__}",
            "X-Edgevision-Event": str(event["id"]),
            "X-Edgevision-Phase": str(event["phase"]),
            **({SIGNATURE: signature(self._secret, body)} if self._secret else {}),
        }
        where = parse_url(self._url).host or "its address"
        try:
            answer = self._pool.request("POST", self._url, body=body, headers=headers)
        except HTTPError as error:
            raise OutputError(f"{where} cannot be reached: {_words(error)}") from error
        if answer.status not in _TAKEN:
            raise OutputError(f"{where} answers {answer.status} {answer.reason or ''}".rstrip())


def signature(secret: str, body: bytes, seconds: int | None = None) -> str:
    """The header's value; `seconds` since 1970, by default now."""
    moment = str(int(time.time()) if seconds is None else seconds)
    digest = hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


def _words(error: HTTPError) -> str:
    reason = getattr(error, "reason", None) or error
    inner = reason.args[-1] if isinstance(reason, Exception) and reason.args else reason
    return str(inner).rpartition(": ")[2] or type(reason).__name__
