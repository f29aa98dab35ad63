"""A real server over small real parts: what the page is handed in a run."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import httpx
import numpy as np
import pytest

from edgevision.board import Board
from edgevision.inbox import Inbox
from edgevision.pipeline.health import Health
from edgevision.pipeline.preview import Preview, frames_of
from edgevision.sources.uri import make
from edgevision.store.events import EventStore
from edgevision.values.box import Box
from edgevision.values.command import Answer
from edgevision.values.frame import Frame
from edgevision.values.report import Report
from edgevision.values.result import Decision, Guess, Result
from edgevision.web.server import Server
from edgevision.web.site import Site
from edgevision.worker import Worker

if TYPE_CHECKING:
    import threading

MARK = {"X-Edgevision": "1"}


def report(number: int = 0) -> Report:
    """A frame in which a collie is nearly seen."""
    frame = Frame(np.full((48, 64, 3), number % 256, np.uint8), number, number / 25, "camera")
    box = Box(0.1, 0.1, 0.5, 0.5)
    result = Result("dogs", box, (Guess("collie", "collie", 0.4), Guess("kelpie", "kelpie", 0.1)))
    decision = Decision(
        "dogs", "camera", "unsure", "collie", 0.4, "collie 0.40 against 0.50", cause="score"
    )
    return Report(frame, (box,), (result,), (decision,), stage_millis={"infer": 4.0, "total": 9.0})


class Rig:
    """A server and what it shows; commands are answered as a run would."""

    def __init__(self, tmp_path, **server) -> None:
        self.board, self.health, self.inbox = Board(), Health(224, 1), Inbox()
        self.folder = tmp_path / "pictures"
        self.folder.mkdir()
        self.store = tmp_path / "events.sqlite"
        self.commands = []
        control = {"enabled": True, "frozen": False, "tasks": ["dogs"], "thresholds": {"dogs": 0.5}}
        self.health.watch("control", "", lambda: control)
        source = make("synthetic:", "camera")
        self.preview = Preview("camera", frames_of(source, self.board), self.board, most=2)
        self.site = Site(
            board=self.board,
            inbox=self.inbox,
            summary=self.health.summary,
            pictures={"camera": self.preview},
            tasks=lambda: {"dogs": "breeds"},
            labels=lambda: {"dogs": ("collie", "kelpie")},
            store=self.store,
            folders=(self.folder,),
            most_listeners=2,
        )
        self.server = Server(self.site, "127.0.0.1", 0, **{"people": {}, **server})
        self.inbox.when_posted(self._answer)

    def __enter__(self):
        self.preview.__enter__()
        self.server.__enter__()
        self.client = httpx.Client(base_url=self.server.address, timeout=30)
        return self

    def __exit__(self, *error) -> None:
        self.client.close()
        self.server.__exit__(*error)
        self.preview.__exit__(*error)

    def show(self, number: int = 0) -> None:
        told = report(number)
        self.health.count(told)
        self.board.post(told)

    def keep(self, *events) -> None:
        with EventStore(self.store) as store:
            store.add(events)

    def _answer(self) -> None:
        while (request := self.inbox.take()) is not None:
            self.commands.append(request.command)
            refused = request.command.value == ("cats",)
            request.answer(Answer(not refused, "no such task" if refused else "done"))


@pytest.fixture
def rig(tmp_path):
    with Rig(tmp_path) as made:
        yield made


@pytest.fixture
def rigged(tmp_path):
    """Makes rigs with logins: `with rigged(people=...) as rig`."""
    return lambda **server: Rig(tmp_path, **server)


@pytest.fixture
def showing(rig):
    """A source that goes on as long as the test."""

    def show(stopping: threading.Event) -> None:
        number = 0
        while not stopping.wait(0.02):
            number += 1
            rig.show(number)

    worker = Worker("showing", show).start()
    yield SimpleNamespace(rig=rig)
    worker.stop(5)
