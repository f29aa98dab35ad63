"""A socket beside the status file, by which other processes of this device ask a run for things.

A question is one line of JSON, and so is what comes back: a command as in docs/commands.md is
answered {"accepted": ..., "reason": ...}; {"plan": FILE or null} by what a reload would change.
Whoever may write to the socket may ask: its owner and root.
"""

from __future__ import annotations

import json
import logging
import os
import socket
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edgevision.app.status import found
from edgevision.errors import EdgevisionError, NotRunningError
from edgevision.inbox import MOST_BYTES
from edgevision.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from threading import Event
    from types import TracebackType

    from typing_extensions import Self

    from edgevision.inbox import Inbox
    from edgevision.values.command import Answer

log = logging.getLogger(__name__)

_ENDING: Final = ".sock"
_OWNER_ONLY: Final = 0o600
_TICK_SECONDS: Final = 0.5
# Whoever connects and then says nothing holds the others up for so long.
_READ_SECONDS: Final = 2.0
# Time for a change to be made: another network is fetched before, not here.
_ANSWER_SECONDS: Final = 60.0


class Control:
    """Serves the socket while it is entered, in a thread of its own.

    Args:
        status: path of this process's status file; the socket lies beside it.
        inbox: where commands go.
        plan: what a reload would change, from a file or from the run's own; JSON types.
    """

    def __init__(
        self, status: Path, inbox: Inbox, plan: Callable[[Path | None], dict[str, Any]]
    ) -> None:
        self.path = status.with_suffix(_ENDING)
        self._inbox = inbox
        self._plan = plan
        self._listening: socket.socket | None = None
        self._worker = Worker("control", self._serve)

    def __enter__(self) -> Self:
        try:
            self._listening = self._bound()
        except OSError as error:
            log.warning("%s: no socket there (%s): `reload` will not work", self.path, error)
        else:
            self._worker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._listening is None:
            return
        self._worker.stop()
        self._listening.close()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _bound(self) -> socket.socket:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for old in self.path.parent.glob(f"[0-9]*{_ENDING}"):
            if old == self.path or not Path(f"/proc/{old.stem}").exists():
                old.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with _short(self.path) as address:
                listening.bind(address)
            self.path.chmod(_OWNER_ONLY)
            listening.listen(8)
            listening.settimeout(_TICK_SECONDS)
        except OSError:
            listening.close()
            raise
        return listening

    def _serve(self, stopping: Event) -> None:
        while not stopping.is_set() and self._listening is not None:
            try:
                connection, _ = self._listening.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            try:
                self._answer(connection)
            except OSError as error:
                connection.close()
                log.debug("control: %s", error)

    def _answer(self, connection: socket.socket) -> None:
        """Read a line and answer it, at once or when the loop does; then the connection closes."""
        connection.settimeout(_READ_SECONDS)
        line = _line(connection)
        question = _question(line)
        if isinstance(question, dict) and set(question) == {"plan"}:
            _tell(connection, self._planned(question["plan"]))
        else:
            self._inbox.offer(line if question is None else question, "cli", _to(connection))

    def _planned(self, path: Any) -> dict[str, Any]:
        if not (path is None or isinstance(path, str)):
            return {"problems": ["plan: expected the path of a file, or null"]}
        try:
            return self._plan(None if path is None else Path(path))
        except EdgevisionError as error:
            return {"problems": str(error).splitlines()}


def ask(environ: Mapping[str, str], question: Mapping[str, Any], pid: int | None = None) -> Any:
    """What a running process answers.

    Args:
        environ: tells where status files lie.
        question: as above.
        pid: of the process; None: the only one.

    Raises:
        NotRunningError: if none runs, several do, or it does not answer.
    """
    running = [one for one in found(environ) if one.alive and pid in (None, one.pid)]
    if not running:
        whose = "edgevision" if pid is None else f"process {pid}"
        raise NotRunningError(f"{whose} is not running; start it with: edgevision run")
    if len(running) > 1:
        pids = ", ".join(str(one.pid) for one in running)
        raise NotRunningError(f"several processes run ({pids}); choose one: --pid N")
    path = running[0].path.with_suffix(_ENDING)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_ANSWER_SECONDS)
            with _short(path) as address:
                connection.connect(address)
            connection.sendall(json.dumps(question).encode() + b"\n")
            return json.loads(_line(connection))
    except TimeoutError:
        why = f"no answer within {_ANSWER_SECONDS:g} s"
    except OSError as error:
        why = error.strerror or str(error)
    except ValueError:
        why = "it ended before it answered"
    raise NotRunningError(f"process {running[0].pid} cannot be asked ({path}: {why})")


def _question(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _to(connection: socket.socket) -> Callable[[Answer], None]:
    return lambda answer: _tell(connection, answer.to_dict())


def _tell(connection: socket.socket, answer: Mapping[str, Any]) -> None:
    # Short enough for the socket's buffer; who does not read it does not hold the loop up.
    with connection, suppress(OSError):
        connection.settimeout(0)
        connection.sendall(json.dumps(answer, ensure_ascii=False).encode() + b"\n")


def _line(connection: socket.socket) -> bytes:
    read = b""
    while not read.endswith(b"\n") and len(read) <= MOST_BYTES:
        part = connection.recv(4096)
        if not part:
            break
        read += part
    return read


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """An address for `path` that is short enough for a socket's, 107 bytes (unix(7))."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
