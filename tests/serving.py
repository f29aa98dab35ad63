"""A real HTTP server on this machine, which behaves as badly as a test asks it to."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import re
import select
import socket
import ssl
import subprocess
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edgevision.zoo.entry import Download

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from typing_extensions import Self

PATIENCE = 60.0
"""Seconds after which a test gives up on something that does not come."""


def download(content: bytes, name: str = "network.tflite", *urls: str) -> Download:
    """What the registry would say of a file with that content."""
    return Download(name, len(content), hashlib.sha256(content).hexdigest(), urls)


@dataclass
class Turn:
    """How one request is answered; as it stands, properly.

    Attributes:
        status: in place of the file.
        cut: bytes of the body after which the connection is closed.
        stalls: waits for the event `release` where it would have been cut.
        ranges: whether the header Range is followed.
        shift: added to the offset that it says it sends from.
        sized: whether it says how long the body is.
        swapped: other content under the same name.
        location: where it redirects to.
        hangs_up: closes without a word.
    """

    status: int | None = None
    cut: int | None = None
    stalls: bool = False
    ranges: bool = True
    shift: int = 0
    sized: bool = True
    swapped: bytes | None = None
    location: str | None = None
    hangs_up: bool = False


@dataclass
class Asked:
    """A request and how much it got."""

    path: str
    headers: dict[str, str]
    sent: int = 0

    @property
    def offset(self) -> int | None:
        """From which byte on it was asked for; None: for all."""
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("range", ""))
        return int(found[1]) if found else None


@dataclass
class Server:
    """Serves `files` by name, below any folder; each request takes the next of `turns`, if any."""

    files: dict[str, bytes]
    turns: list[Turn] = field(default_factory=list)
    certificate: Path | None = None
    asked: list[Asked] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)
    stalled: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        handler = type("Bound", (_Handler,), {"ours": self})
        self._server = _Quiet(("127.0.0.1", 0), handler)
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self.release.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def address(self) -> str:
        scheme = "https" if self.certificate else "http"
        return f"{scheme}://127.0.0.1:{self._server.server_address[1]}"

    @property
    def sent(self) -> int:
        """Bytes of bodies, of all requests."""
        return sum(one.sent for one in self.asked)

    def begin(self, turns: Iterable[Turn]) -> None:
        """Forget what was asked; answer so from now on."""
        self.asked.clear()
        self.turns[:] = turns


class _Quiet(http.server.ThreadingHTTPServer):
    daemon_threads = False

    def handle_error(self, request, client_address):
        """A client that went away is what these tests are about."""


class _Handler(http.server.BaseHTTPRequestHandler):
    ours: Server

    def do_GET(self):
        ours = self.ours
        asked = Asked(self.path, {key.lower(): text for key, text in self.headers.items()})
        ours.asked.append(asked)
        turn = ours.turns.pop(0) if ours.turns else Turn()
        name = self.path.partition("?")[0].rpartition("/")[2]
        if turn.hangs_up:
            return
        if turn.location is not None:
            self._head(302, Location=turn.location)
            return
        content = turn.swapped if turn.swapped is not None else ours.files.get(name)
        if turn.status is not None or content is None:
            self._head(turn.status or 404)
            return
        body, offset = content, asked.offset
        told = {}
        if turn.ranges and offset is not None:
            if offset >= len(content):
                self._head(416, Content_Range=f"bytes */{len(content)}")
                return
            body = content[offset:]
            first = offset + turn.shift
            told["Content_Range"] = f"bytes {first}-{len(content) - 1}/{len(content)}"
        if turn.sized:
            told["Content_Length"] = str(len(body))
        self._head(206 if "Content_Range" in told else 200, **told)
        self._send(body, turn, asked)

    def do_CONNECT(self):
        """Be a proxy: bytes go to and fro until one side closes."""
        self.ours.asked.append(Asked(self.path, dict(self.headers)))
        host, _, port = self.path.partition(":")
        with socket.create_connection((host, int(port))) as there:
            self._head(200)
            ends = {self.connection: there, there: self.connection}
            while ready := select.select(list(ends), [], [], PATIENCE)[0]:
                pieces = [(end, end.recv(65536)) for end in ready]
                for end, piece in pieces:
                    ends[end].sendall(piece)
                if not all(piece for _, piece in pieces):
                    return

    def _send(self, body, turn, asked):
        end = len(body) if turn.cut is None else min(turn.cut, len(body))
        for start in range(0, end, 4096):
            piece = body[start : min(start + 4096, end)]
            self.wfile.write(piece)
            asked.sent += len(piece)
        if turn.stalls:
            self.ours.stalled.set()
            self.ours.release.wait(PATIENCE)
            self.wfile.write(body[end:])
            asked.sent += len(body) - end

    def _head(self, status, **headers):
        self.send_response(status)
        for key, text in headers.items():
            self.send_header(key.replace("_", "-"), text)
        self.end_headers()

    def log_message(self, *_):
        """The output is the tests'."""


def certificate(folder: Path) -> Path | None:
    """A file with a key and a certificate for 127.0.0.1; None where no openssl makes them."""
    path, key = folder / "server.pem", folder / "key.pem"
    command = [
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
        *("-keyout", str(key), "-out", str(path), "-subj", "/CN=127.0.0.1"),
        *("-addext", "subjectAltName=IP:127.0.0.1"),
        *("-addext", "keyUsage=critical,digitalSignature,keyCertSign"),
    ]
    with contextlib.suppress(FileNotFoundError):
        if subprocess.run(command, check=False, capture_output=True).returncode == 0:
            path.write_bytes(path.read_bytes() + key.read_bytes())
            return path
    return None
