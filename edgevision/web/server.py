"""The server, in a thread of its own that gives way to others."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import uvicorn

from edgevision.errors import ConfigError, OutputError
from edgevision.web.application import application
from edgevision.web.connection import Connection
from edgevision.web.doorman import Doorman
from edgevision.web.hub import Hub
from edgevision.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from threading import Event
    from types import TracebackType

    from typing_extensions import Self

    from edgevision.web.people import Person
    from edgevision.web.site import Site

log = logging.getLogger(__name__)

_MOST_CONNECTIONS: Final = 200
_CLOSING_SECONDS: Final = 2.0


class Server:
    """Serves while it is entered.

    Args:
        site: what is told of.
        host, port: where; port 0 takes a free one.
        people, token: who may come in; nobody and None: everybody who can reach the address.
        certificate, key: for TLS, or None.
        names: by which this host is called, besides localhost and its own.
        idle_seconds: that a client may take for a request, and between two.

    Attributes:
        port: where it listens; known once it is entered.
    """

    def __init__(
        self,
        site: Site,
        host: str,
        port: int,
        *,
        people: Mapping[str, Person],
        token: str | None = None,
        certificate: Path | None = None,
        key: Path | None = None,
        names: tuple[str, ...] = (),
        idle_seconds: int = 15,
    ) -> None:
        self.port = port
        self._host = host
        self._site = site
        self._hub = Hub(site)
        own = socket.gethostname().lower()
        every = {"localhost", own, f"{own}.local", *(name.lower() for name in names)}
        doorman = Doorman(people, token, time.monotonic)
        self._config = uvicorn.Config(
            application(site, self._hub, doorman, frozenset(every)),
            log_config=None,
            # Its warnings are about what others send, once for each time they do.
            log_level="error",
            access_log=False,
            server_header=False,
            lifespan="off",
            loop="asyncio",
            http=Connection,
            ws="none",
            proxy_headers=False,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_keep_alive=idle_seconds,
            timeout_graceful_shutdown=1,
            ssl_certfile=certificate,
            ssl_keyfile=key,
        )
        self._secure = certificate is not None
        self._server = uvicorn.Server(self._config)
        self._worker = Worker("web", self._work, patient=True)

    @property
    def address(self) -> str:
        """For a browser on this machine."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http{'s' if self._secure else ''}://{host}:{self.port}/"

    def __enter__(self) -> Self:
        """Listen.

        Raises:
            ConfigError: if the certificate or its key is wrong.
            OutputError: if the address cannot be had.
        """
        try:
            self._config.load()
        except (OSError, ValueError) as error:
            raise ConfigError(f"web.tls: certificate or key cannot be used: {error}") from None
        self._socket = self._listening()
        self._worker.start()
        log.info("the page is at %s", self.address)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._site.stopping.set()
        self._server.should_exit = True
        if not self._worker.wait(_CLOSING_SECONDS):
            log.warning("web: does not end; left behind")
        with suppress(OSError):
            self._socket.close()

    def _listening(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        made = socket.socket(family, socket.SOCK_STREAM)
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((self._host, self.port))
            # From here on whoever comes waits, and is not turned away, until the server is up.
            made.listen()
        except OSError as error:
            made.close()
            raise OutputError(f"web: {self._host}:{self.port}: {error.strerror}") from None
        self.port = int(made.getsockname()[1])
        return made

    def _work(self, stopping: Event) -> None:
        del stopping
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        telling = asyncio.create_task(self._hub.run())
        try:
            await self._server.serve([self._socket])
        finally:
            self._site.stopping.set()
            telling.cancel()
            with suppress(asyncio.CancelledError):
                await telling
