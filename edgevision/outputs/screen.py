"""A screen across the room, or a window: the live picture and what is seen in it."""

from __future__ import annotations

import threading
from collections import deque
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Any, ClassVar, Final

from edgevision.errors import OutputError
from edgevision.outputs.paint import Painter
from edgevision.outputs.scene import (
    Scene,
    answers_of,
    banner_of,
    facts_of,
    notice_of,
    sight_of,
)
from edgevision.outputs.sdl import pygame
from edgevision.outputs.window import Window
from edgevision.pixels.rate import Rate
from edgevision.values.command import Command

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from typing_extensions import Self

    from edgevision.outputs.displays import Where
    from edgevision.outputs.scene import Sight
    from edgevision.values.command import Action
    from edgevision.values.frame import Frame
    from edgevision.values.report import Report

    Newest = Callable[[Frame | None, float], Frame | None]

_FRAME_SECONDS: Final = 1 / 30
# A picture may come so much before it is due: a camera's are not quite even.
_EARLY_SECONDS: Final = _FRAME_SECONDS / 4
# A picture that stands still is painted again so often, for the banner and the figures.
_STILL_SECONDS: Final = 0.5
_NUMBERS_SECONDS: Final = 1.0
_KEPT: Final = 4
_KEYS: dict[int, Action] = {
    pygame.K_t: "task",
    pygame.K_f: "freeze",
    pygame.K_SPACE: "snapshot",
    pygame.K_q: "stop",
    pygame.K_ESCAPE: "stop",
}
"""Keys without a value: the next task, freeze or go on, a picture, the end."""


class Screen:
    """Shows the newest picture with the newest answer; keys are commands, Tab the next source.

    A live source's pictures are taken beside the loop, at the camera's rate (at most 30 a second),
    whatever the network's. SDL wants a window to be opened, drawn and closed in one thread: the one
    that uses this output. A screen that is lost is opened again when it is back.

    Args:
        where: "hdmi" is a screen without a desktop, else a window; "window"; "auto" is a window
            first where there is a desktop.
        fullscreen: of a window: cover the screen, no frame.
        width, height: of the window in pixels; None takes the first picture's, at most the
            screen's.
        title: of the window.
        post: where commands go; None: q and Esc set `closed`, and other keys do nothing.

    Attributes:
        closed: set when the person is done looking; whoever runs us ends then.
    """

    name = "screen"
    lossless: ClassVar[bool] = False
    wants_pixels: ClassVar[bool] = True
    tend_seconds: ClassVar[float] = _FRAME_SECONDS / 3

    def __init__(
        self,
        *,
        where: Where = "auto",
        fullscreen: bool = False,
        width: int | None = None,
        height: int | None = None,
        title: str = "edgevision",
        post: Callable[[Command], None] | None = None,
    ) -> None:
        self.closed = threading.Event()
        self._window = Window(where, fullscreen=fullscreen, width=width, height=height, title=title)
        self._post = post
        self._open = False
        self._live: Mapping[str, Newest] = {}
        self._ask: Callable[[], Mapping[str, Any]] = dict
        self._numbers: Mapping[str, Any] = {}
        self._numbers_at = self._painted_at = float("-inf")
        self._rate = Rate()
        self._fps: float | None = None
        self._source: str | None = None
        self._reports: dict[str, Report] = {}
        self._frame: Frame | None = None
        self._painted: Frame | None = None
        self._shown = 0
        self._changed = True
        self._seen: deque[Sight] = deque(maxlen=_KEPT)

    def attach(
        self,
        *,
        live: Mapping[str, Newest],
        numbers: Callable[[], Mapping[str, Any]],
        **_: Any,
    ) -> None:
        """Take what a run has to show; before it is opened.

        Args:
            live: by source, what waits for a frame that is another than the one given, at most so
                many seconds, and gives it or None.
            numbers: gives the run's health.
            _: what other outputs are handed.
        """
        self._live, self._ask = live, numbers
        self._source = next(iter(live), None)

    @property
    def state(self) -> dict[str, Any]:
        """Pictures of the sources that were shown; a repainted one counts once."""
        return {"shown": self._shown}

    def __enter__(self) -> Self:
        self._window.open()
        self._open = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open = False
        self._window.close()

    def write(self, report: Report) -> None:
        """Show `report`, at once or with the next picture.

        Raises:
            OutputError: if there is no screen now.
        """
        if not self._open:
            raise OutputError("screen: the window is not open")
        source = report.frame.source
        self._reports[source] = report
        self._source = self._source or source
        for event in report.events:
            if event.phase == "seen":
                self._seen.appendleft(sight_of(event, report.frame))
        if source == self._source and source not in self._live:
            self._take(report.frame)
        self._changed = True
        self.tend()
        if self._window.surface is None:
            raise OutputError("screen: there is none now")

    def tend(self) -> None:
        """Show a newer picture if there is one, and answer the keyboard and the window manager."""
        if not self._open or not self._window.open_again():
            return
        try:
            self._heed()
            self._show()
        except pygame.error as error:
            self._window.lose(str(error))

    def _heed(self) -> None:
        for event in pygame.event.get():
            if event.type == pygame.QUIT:
                self.closed.set()
            elif event.type == pygame.KEYDOWN and event.key == pygame.K_TAB:
                self._next_source()
            elif event.type == pygame.KEYDOWN and event.key in _KEYS:
                self._press(_KEYS[event.key])

    def _press(self, action: Action) -> None:
        if self._post is not None:
            self._post(Command(action, "keys"))
        elif action == "stop":
            self.closed.set()

    def _next_source(self) -> None:
        names = list(dict.fromkeys((*self._live, *self._reports)))
        if self._source in names:
            self._source = names[(names.index(self._source) + 1) % len(names)]
            self._frame, self._changed = None, True

    def _show(self) -> None:
        now = monotonic()
        since = now - self._painted_at
        if since < _FRAME_SECONDS - _EARLY_SECONDS:
            return
        newest = self._live.get(self._source or "")
        if newest is not None:
            frame = newest(self._frame, 0.0)
            if frame is not None:
                self._take(frame)
        if not self._changed and since < _STILL_SECONDS:
            return
        self._painted_at, self._changed = now, False
        if now - self._numbers_at >= _NUMBERS_SECONDS:
            self._numbers, self._numbers_at = self._ask(), now
        if self._frame is not None:
            self._window.fit(self._frame.width, self._frame.height)
        Painter(pygame.display.get_surface()).paint(self._scene())
        pygame.display.flip()
        if self._frame is not None and self._frame is not self._painted:
            self._painted = self._frame
            self._shown += 1

    def _take(self, frame: Frame) -> None:
        if frame is not self._frame:
            self._frame, self._changed = frame, True
            self._fps = self._rate.tick(perf_counter())

    def _scene(self) -> Scene:
        report = self._reports.get(self._source or "")
        live = self._source in self._live
        return Scene(
            frame=self._frame,
            answers=answers_of(report),
            seen=tuple(self._seen),
            facts=facts_of(report, self._numbers, self._fps),
            banner=banner_of(self._frame, live=live, now=perf_counter()),
            notice=notice_of(self._numbers),
        )
