"""The page of a run: previews and server, made from the settings and handed what they show."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from edgevision import tasks
from edgevision.app.pictures import allowed_outputs
from edgevision.kinds import Kind, load
from edgevision.pipeline.merged import Merged
from edgevision.pipeline.preview import Preview, frames_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from typing_extensions import Self

    from edgevision.app.running import Running
    from edgevision.board import Board
    from edgevision.inbox import Inbox
    from edgevision.pipeline.health import Health

# Starlette and uvicorn take a second to import on a small board: only who shows a page pays.
_PARTS = {
    "server": Kind("edgevision.web.server:Server", "serves the page", "web"),
    "site": Kind("edgevision.web.site:Site", "what it is made from", "web"),
    "people": Kind("edgevision.web.people:read_people", "who may log in", "web"),
    "token": Kind("edgevision.web.people:read_token", "what programs bring", "web"),
}


class Website:
    """Serves the page while it is entered.

    Args:
        running: the run, with its settings.
        board: its last reports.
        health: its numbers.
        inbox: takes commands.
    """

    def __init__(self, running: Running, board: Board, health: Health, inbox: Inbox) -> None:
        self._running = running
        self._health = health
        settings = running.settings
        web = settings.web
        source = running.parts.source
        every = source.sources if isinstance(source, Merged) else (source,)
        self._previews = {
            one.name: Preview(
                one.name, frames_of(one, board), board, fps=web.fps, most=web.max_clients
            )
            for one in every
        }
        site = load(_PARTS, "site", "web")(
            board=board,
            inbox=inbox,
            summary=health.summary,
            pictures=self._previews,
            tasks=self._tasks,
            labels=self._labels,
            store=running.parts.store,
            folders=_folders(running),
            most_listeners=2 * web.max_clients,
        )
        people = {} if web.users_file is None else load(_PARTS, "people", "web")(web.users_file)
        token = None if web.token_file is None else load(_PARTS, "token", "web")(web.token_file)
        self._server = load(_PARTS, "server", "web")(
            site,
            web.host,
            web.port,
            people=people,
            token=token,
            certificate=web.tls.cert,
            key=web.tls.key,
            names=web.names,
        )
        self._opened = ExitStack()

    @property
    def address(self) -> str:
        """Where it is."""
        return str(self._server.address)

    def __enter__(self) -> Self:
        """Begin.

        Raises:
            ConfigError: if the certificate or its key is wrong.
            OutputError: if the address cannot be had.
        """
        with ExitStack() as opened:
            for preview in self._previews.values():
                opened.enter_context(preview)
            opened.enter_context(self._server)
            self._opened = opened.pop_all()
        self._health.watch("web", "", self._numbers)
        store = self._running.parts.store
        if store is not None:
            self._health.watch("disk", "", lambda: _disk(store.parent))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.close()

    def _numbers(self) -> dict[str, Any]:
        previews = self._previews.values()
        return {
            "viewers": sum(one.viewers for one in previews),
            "pictures": sum(one.drawn for one in previews),
        }

    def _tasks(self) -> Mapping[str, str]:
        """Those that a command may name: the shipped ones, and those whose head has been read."""
        configured = dict.fromkeys(self._running.configured, "taught")
        taught = {name: "taught" for name in self._running.network.model.heads if "1k" not in name}
        return {**taught, **configured, **{name: kind.says for name, kind in tasks.KINDS.items()}}

    def _labels(self) -> Mapping[str, Sequence[str]]:
        made = self._running.network.tasks
        return {task.name: tuple(getattr(task, "labels", ())) for task in made}


def _folders(running: Running) -> tuple[Path, ...]:
    outputs = allowed_outputs(running.settings)
    given = (outputs.snapshots, outputs.clips)
    return tuple(one.folder for one in given if one is not None)


def _disk(folder: Path) -> dict[str, Any]:
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return {}
    return {"free_mb": round(usage.free / 1e6), "total_mb": round(usage.total / 1e6)}
