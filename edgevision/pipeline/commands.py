"""Applies commands between two frames, and answers each of them once."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edgevision.errors import EdgevisionError
from edgevision.inbox import ENDING
from edgevision.values.command import Answer
from edgevision.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from threading import Event

    from edgevision.inbox import Inbox, Request
    from edgevision.values.command import Action, Command

log = logging.getLogger(__name__)

# Changes that may wait while another one is made.
_MOST_CHANGES: Final = 8
# What is made beside the loop takes a second or so; it must not hold up the end of a run.
_CLOSING_SECONDS: Final = 1.0


def _nothing() -> None:
    """There is nothing to give back."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A change that was made beside the loop.

    Attributes:
        put_in: called between two frames; returns what was done, in words.
        give_up: called instead where the run ended first.
    """

    put_in: Callable[[], str]
    give_up: Callable[[], None] = _nothing


class Commands:
    """Takes commands out of the inbox, in the thread that tells.

    Args:
        inbox: closed here when the run ends.
        quick: by action, what does it at once and returns what was done, in words. What raises an
            `EdgevisionError` refuses.
        slow: by action, what makes a change in a thread of its own, where it may wait for a disk.
            One after the other, in the order of their coming.
    """

    def __init__(
        self,
        inbox: Inbox,
        quick: Mapping[Action, Callable[[Command], str]],
        slow: Mapping[Action, Callable[[Command], Ready]],
    ) -> None:
        self._inbox = inbox
        self._quick = quick
        self._slow = slow
        self._waiting: deque[Request] = deque()
        self._making: _Making | None = None
        self._wake: Callable[[], None] = _nothing
        self._stop: Callable[[], None] = _nothing

    def begin(self, wake: Callable[[], None], stop: Callable[[], None]) -> None:
        """From now on `wake` is called, from any thread, whenever `turn` has something to do.

        `stop` ends the run.
        """
        self._wake, self._stop = wake, stop
        self._inbox.when_posted(wake)

    def turn(self) -> None:
        """Apply what waits; between two frames."""
        if self._making is not None and self._making.done:
            self._put_in(self._making)
            self._making = None
        while (request := self._inbox.take()) is not None:
            self._apply(request)
        if self._making is None and self._waiting:
            request = self._waiting.popleft()
            self._making = _Making(request, self._slow[request.command.action], self._wake)

    def end(self) -> None:
        """Refuse whatever is not done."""
        self._inbox.close()
        while self._waiting:
            self._waiting.popleft().answer(ENDING)
        if self._making is not None:
            self._making.give_up()
            self._making = None

    def _apply(self, request: Request) -> None:
        action = request.command.action
        if action == "stop":
            self._stop()
            request.answer(Answer(accepted=True, reason="ending"))
        elif action in self._quick:
            apply = self._quick[action]
            request.answer(_tried(lambda: apply(request.command)))
        elif action not in self._slow:
            request.answer(_refused(f"nothing here can {action}"))
        elif len(self._waiting) >= _MOST_CHANGES:
            request.answer(_refused(f"{_MOST_CHANGES} changes are waiting already"))
        else:
            self._waiting.append(request)

    @staticmethod
    def _put_in(made: _Making) -> None:
        ready, error = made.ready, made.error
        if ready is not None:
            made.request.answer(_tried(ready.put_in))
        elif isinstance(error, EdgevisionError):
            made.request.answer(_refused(str(error)))
        else:
            log.error("%s failed", made.request.command.action, exc_info=error)
            made.request.answer(_refused(f"failed: {type(error).__name__}"))


class _Making:
    """A change on its way."""

    def __init__(
        self, request: Request, make: Callable[[Command], Ready], wake: Callable[[], None]
    ) -> None:
        self.request = request
        self.ready: Ready | None = None
        self._make = make
        self._wake = wake
        self._given_up = False
        self._worker = Worker("change", self._run)
        self.done = False
        self.error: BaseException | None = None
        self._worker.start()

    def give_up(self) -> None:
        self._worker.stop(_CLOSING_SECONDS)
        self.request.answer(ENDING)
        if self.ready is not None:
            self.ready.give_up()

    def _run(self, stopping: Event) -> None:
        try:
            ready = self._make(self.request.command)
            # Nobody waits for it any more.
            if stopping.is_set():
                ready.give_up()
            else:
                self.ready = ready
        except Exception as error:  # noqa: BLE001 - told to whoever asked
            self.error = error
        finally:
            self.done = True
            self._wake()


def _tried(apply: Callable[[], str]) -> Answer:
    try:
        return Answer(accepted=True, reason=apply())
    except EdgevisionError as error:
        return _refused(str(error))
    except Exception as error:
        # A fault in one command must not end the run.
        log.exception("a command failed")
        return _refused(f"failed: {type(error).__name__}")


def _refused(reason: str) -> Answer:
    return Answer(accepted=False, reason=" ".join(reason.split()))
