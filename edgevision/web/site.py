"""What the page and the API are made from: handed in, for this floor knows no source."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from edgevision.board import Board
    from edgevision.inbox import Inbox


class Shot(Protocol):
    """One picture."""

    @property
    def data(self) -> bytes:
        """A JPEG."""
        ...


class Viewer(Protocol):
    """One who watches a source; see `edgevision.pipeline.preview`."""

    gone: bool

    def take(self) -> Shot | None:
        """The newest picture, once."""
        ...

    def leave(self) -> None:
        """Watch no more."""
        ...


class Pictures(Protocol):
    """A source's pictures for whoever watches."""

    @property
    def viewers(self) -> int:
        """How many watch."""
        ...

    def join(self, wake: Callable[[], None]) -> Viewer | None:
        """Watch from now on; None if there is no room."""
        ...


@dataclass(frozen=True, slots=True)
class Site:
    """All that requests are answered from.

    Attributes:
        board: the last report of each source.
        inbox: takes commands.
        summary: every number of the run.
        pictures: by source.
        tasks: what may be switched to, by name, with a line of words.
        labels: of the tasks that run now, for people who correct one.
        store: the events' database, or None.
        folders: where stored pictures and clips may lie; nothing else is ever sent.
        most_listeners: of server-sent events.
        stopping: set once the server is to end.
    """

    board: Board
    inbox: Inbox
    summary: Callable[[], Mapping[str, Any]]
    pictures: Mapping[str, Pictures]
    tasks: Callable[[], Mapping[str, str]]
    labels: Callable[[], Mapping[str, Sequence[str]]]
    store: Path | None
    folders: tuple[Path, ...] = ()
    most_listeners: int = 40
    stopping: threading.Event = field(default_factory=threading.Event)
