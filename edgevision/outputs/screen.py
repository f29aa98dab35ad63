"""A window with the overlay, or the whole screen of a board without a desktop."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING, Any, ClassVar

# Before pygame is imported: no advertisement on standard output, and Ctrl-C stays ours.
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("SDL_NO_SIGNAL_HANDLERS", "1")

import pygame

from edgevision.errors import OutputError
from edgevision.pixels.draw import draw
from edgevision.pixels.fit import letterboxed
from edgevision.pixels.rate import Rate
from edgevision.values.command import Command

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    import numpy as np
    import numpy.typing as npt
    from typing_extensions import Self

    from edgevision.values.command import Action
    from edgevision.values.report import Report

_WIDTH, _HEIGHT = 1280, 720
# What SDL falls back to without a display; right only for who asks for it.
_UNSEEN = frozenset({"dummy", "offscreen"})
_ADVICE = (
    "run it in a desktop session, set DISPLAY or WAYLAND_DISPLAY, or on a bare console set "
    "SDL_VIDEODRIVER=kmsdrm and be in the groups video and render"
)
_KEYS: dict[int, Action] = {
    pygame.K_t: "task",
    pygame.K_f: "freeze",
    pygame.K_SPACE: "snapshot",
    pygame.K_q: "stop",
    pygame.K_ESCAPE: "stop",
}
"""Keys without a value: the next task, freeze or go on, a picture, the end."""


class Screen:
    """Shows the newest report and sends commands by key; the window's cross sets `closed`.

    SDL wants a window to be opened, drawn and closed in one thread: the one that uses this output.
    Any SDL 2 video driver will do (x11, wayland, kmsdrm).

    Args:
        fullscreen: cover the screen, no frame.
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

    def __init__(
        self,
        *,
        fullscreen: bool = False,
        width: int | None = None,
        height: int | None = None,
        title: str = "edgevision",
        post: Callable[[Command], None] | None = None,
    ) -> None:
        self.closed = threading.Event()
        self._fullscreen = fullscreen
        self._width, self._height = width, height
        self._title = title
        self._post = post
        self._window: Any = None
        self._sized = fullscreen or bool(width and height)
        self._rate = Rate()
        self._canvas: npt.NDArray[np.uint8] | None = None

    def __enter__(self) -> Self:
        try:
            _find_display()
            pygame.display.set_caption(self._title)
            if self._fullscreen:
                self._window = pygame.display.set_mode((0, 0), pygame.FULLSCREEN)
                pygame.mouse.set_visible(False)
            else:
                self._resize(_WIDTH, _HEIGHT)
        except pygame.error as error:
            pygame.display.quit()
            raise OutputError(f"no display for the window ({error}): {_ADVICE}") from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._window = None
        with contextlib.suppress(pygame.error):
            pygame.display.quit()

    def write(self, report: Report) -> None:
        """Show the overlay of `report`.

        Raises:
            OutputError: if the display went away.
        """
        if self._window is None:
            raise OutputError("screen: the window is not open")
        picture = draw(report, fps=self._rate.tick(report.frame.ready_at), out=self._canvas)
        self._canvas = picture
        try:
            if not self._sized:
                self._resize(report.frame.width, report.frame.height)
                self._sized = True
            width, height = self._window.get_size()
            fitted = letterboxed(picture, width, height)
            surface = pygame.image.frombuffer(fitted.data, (width, height), "RGB")
            self._window.blit(surface, (0, 0))
            pygame.display.flip()
            self.tend()
        except pygame.error as error:
            raise OutputError(f"screen: {error}: {_ADVICE}") from error

    def tend(self) -> None:
        """Answer the keyboard and the window manager, also while no picture comes."""
        if self._window is None:
            return
        for event in pygame.event.get():
            if event.type == pygame.QUIT:
                self.closed.set()
            elif event.type == pygame.KEYDOWN and event.key in _KEYS:
                self._press(_KEYS[event.key])

    def _press(self, action: Action) -> None:
        if self._post is not None:
            self._post(Command(action, "keys"))
        elif action == "stop":
            self.closed.set()

    def _resize(self, width: int, height: int) -> None:
        """A window for pictures of this size: as asked for, else no larger than the screen."""
        screen_width, screen_height = pygame.display.get_desktop_sizes()[0]
        if self._width and self._height:
            size = (self._width, self._height)
        elif self._width:
            size = (self._width, max(round(self._width * height / width), 1))
        elif self._height:
            size = (max(round(self._height * width / height), 1), self._height)
        else:
            scale = min(1.0, 0.9 * screen_width / width, 0.9 * screen_height / height)
            size = (max(round(width * scale), 1), max(round(height * scale), 1))
        self._window = pygame.display.set_mode(size, pygame.RESIZABLE)


def _find_display() -> None:
    pygame.display.init()
    if pygame.display.get_driver() in _UNSEEN - {os.environ.get("SDL_VIDEODRIVER")}:
        raise pygame.error("SDL found none that can be seen")
