"""The one door by which commands come to the loop: bounded, never blocking, each answered once."""

from __future__ import annotations

import json
import logging
import threading
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from edgevision.errors import CommandError
from edgevision.values.command import Answer, Command

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgevision.values.command import Origin

log = logging.getLogger(__name__)

ENDING: Final = Answer(accepted=False, reason="ending")
MOST_BYTES: Final = 65_536
"""More than any command needs."""

_REFUSALS_SECONDS: Final = 60.0
_DONE_SECONDS: Final = 1.0


class Request:
    """A command and whoever waits for its answer; the first answer counts, a later one is lost.

    Attributes:
        command: what is asked for.
    """

    def __init__(self, command: Command, answered: Callable[[Answer], None]) -> None:
        self.command = command
        self._answered = answered
        self._open = True
        self._lock = threading.RLock()

    def answer(self, answer: Answer) -> None:
        """Tell whoever asked; an error of theirs is logged, and ends nothing here."""
        with self._lock:
            if not self._open:
                return
            self._open = False
        _tell(self._answered, answer)


class Inbox:
    """Commands on their way to the loop. Any thread may post, a signal's handler too.

    Args:
        capacity: commands that may wait; one more is refused at once.
    """

    def __init__(self, capacity: int = 64) -> None:
        self._capacity = capacity
        self._waiting: deque[Request] = deque()
        self._wake: Callable[[], None] = _nobody
        self._closed = False
        self._diary = _Diary()
        # A signal's handler may post in the midst of another post of its thread.
        self._lock = threading.RLock()

    def post(self, command: Command, answered: Callable[[Answer], None] | None = None) -> None:
        """Put `command` in; never waits.

        Args:
            command: what is asked for.
            answered: called once with the answer, in any thread, at once if it is refused; it must
                not wait.
        """
        self._put(self._request(command, answered))

    def offer(
        self, given: Any, origin: Origin, answered: Callable[[Answer], None] | None = None
    ) -> None:
        """Put in a command as it came from outside: JSON in bytes or text, or what that holds.

        A malformed one is refused at once; never waits and never raises.
        """
        try:
            command = Command.from_dict(_parsed(given), origin)
        except CommandError as error:
            refusal = Answer(accepted=False, reason=str(error))
            self._diary.note("a malformed command", origin, refusal)
            if answered is not None:
                _tell(answered, refusal)
        else:
            self.post(command, answered)

    def ask(self, command: Command, seconds: float) -> Answer:
        """Put `command` in and wait for its answer, at most `seconds`; not for the loop's threads.

        One that was not taken in time is taken back; one that is in the making may still be done,
        and the answer says so.
        """
        got: list[Answer] = []
        told = threading.Event()

        def answered(answer: Answer) -> None:
            got.append(answer)
            told.set()

        request = self._request(command, answered)
        self._put(request)
        if not told.wait(seconds):
            with self._lock:
                queued = request in self._waiting
                if queued:
                    self._waiting.remove(request)
            rest = "it is not done" if queued else "it may still be done"
            late = Answer(accepted=False, reason=f"no answer within {seconds:g} s; {rest}")
            request.answer(late)
            # Another thread may have been quicker by a hair.
            told.wait()
        return got[0]

    def take(self) -> Request | None:
        """The next request, for whoever then answers it; None if there is none."""
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    def when_posted(self, wake: Callable[[], None]) -> None:
        """Call `wake` after each command that was put in, in whatever thread; once now if any is.

        It must be quick and allowed in a signal's handler, as `SimpleQueue.put` is.
        """
        with self._lock:
            self._wake = wake
            some = bool(self._waiting)
        if some:
            wake()

    def close(self) -> None:
        """Refuse what waits and all that comes: the run is ending."""
        with self._lock:
            self._closed = True
            self._wake = _nobody
        while (request := self.take()) is not None:
            request.answer(ENDING)

    def _request(self, command: Command, answered: Callable[[Answer], None] | None) -> Request:
        def told(answer: Answer) -> None:
            self._diary.note(command.action, command.origin, answer)
            if answered is not None:
                answered(answer)

        return Request(command, told)

    def _put(self, request: Request) -> None:
        with self._lock:
            full = len(self._waiting) >= self._capacity
            closed, wake = self._closed, self._wake
            if not (full or closed):
                self._waiting.append(request)
        if closed:
            request.answer(ENDING)
        elif full:
            reason = f"{self._capacity} commands are waiting already"
            request.answer(Answer(accepted=False, reason=reason))
        else:
            wake()


class _Diary:
    """Writes answers to the log: refusals once a minute, what was done once a second, by action."""

    def __init__(self) -> None:
        self._said_at: dict[str, float] = {}
        self._unsaid: dict[str, int] = {}

    def note(self, what: str, origin: str, answer: Answer) -> None:
        topic = what if answer.accepted else f"{what} refused"
        pause = _DONE_SECONDS if answer.accepted else _REFUSALS_SECONDS
        now = monotonic()
        if now - self._said_at.get(topic, float("-inf")) < pause:
            self._unsaid[topic] = self._unsaid.get(topic, 0) + 1
            return
        self._said_at[topic] = now
        unsaid = self._unsaid.pop(topic, 0)
        more = f" (and {unsaid} more since the last time)" if unsaid else ""
        if answer.accepted:
            log.info("%s by %s: %s%s", what, origin, answer.reason, more)
        else:
            log.warning("%s by %s is refused: %s%s", what, origin, answer.reason, more)


def _parsed(given: Any) -> Any:
    """What the JSON in `given` holds; anything but bytes and text as it is."""
    if not isinstance(given, (bytes, bytearray, str)):
        return given
    if len(given) > MOST_BYTES:
        raise CommandError(f"{len(given)} bytes are no command; expected at most {MOST_BYTES}")
    try:
        return json.loads(given)
    except UnicodeDecodeError:
        raise CommandError("a command is JSON in UTF-8, and this is not UTF-8") from None
    except (ValueError, RecursionError):
        raise CommandError("a command is a mapping in JSON, and this is no JSON") from None


def _tell(answered: Callable[[Answer], None], answer: Answer) -> None:
    try:
        answered(answer)
    except Exception:
        log.exception("an answer could not be told")


def _nobody() -> None:
    """Nobody listens yet."""
