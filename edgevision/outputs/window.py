"""SDL's window, or its screen: opened by whichever driver there is, lost, and opened again."""

from __future__ import annotations

import contextlib
import logging
import os
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from edgevision.errors import OutputError
from edgevision.outputs import displays, fonts
from edgevision.outputs.sdl import pygame

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edgevision.outputs.displays import Where

log = logging.getLogger(__name__)

_WIDTH, _HEIGHT = 1280, 720
# More is not seen from across a room, and a small board would be slow at it.
_MOST_ROWS: Final = 1080
# An X server takes a picture from memory that both share. By OpenGL, which SDL would choose, it is
# copied twice, and without a graphics card that took 3.6 ms of processor at 1280x720, not 0.1.
# The other drivers know no such memory.
_BY_MEMORY: Final = ("x11", "offscreen")
_BY_GRAPHICS: Final = "SDL_FRAMEBUFFER_ACCELERATION"
_ADVICE: Final = (
    "run it on the board's own console, in the groups video and render, or in a desktop session "
    "(DISPLAY or WAYLAND_DISPLAY)"
)


class Window:
    """What is painted on; all calls in one thread.

    Args:
        where: which screen; see `displays.in_order`.
        fullscreen: of a window: cover the screen.
        width, height: of a window in pixels; None takes the first picture's, at most the screen's.
        title: of a window.
        bare: the driver of a screen without a desktop.
        connectors: the folder where the kernel tells what is plugged in.
        again_seconds: between two looks for a screen that is lost.

    Attributes:
        surface: to paint on; None while there is no screen.
        driver: SDL's, that shows it.
    """

    def __init__(
        self,
        where: Where = "auto",
        *,
        fullscreen: bool = False,
        width: int | None = None,
        height: int | None = None,
        title: str = "edgevision",
        bare: str = displays.BARE,
        connectors: Path = displays.CONNECTORS,
        again_seconds: float = 2.0,
    ) -> None:
        self.surface: Any = None
        self.driver = ""
        self._where: Where = where
        self._fullscreen = fullscreen
        self._width, self._height = width, height
        self._title = title
        self._bare = bare
        self._connectors = connectors
        self._again_seconds = again_seconds
        self._sized = bool(width and height)
        self._tried_at = float("-inf")
        self._looked_at = float("-inf")
        self._said: str | None = None

    def open(self) -> None:
        """Open the first that can be; a bare screen that is unplugged now is waited for.

        Raises:
            OutputError: if there is none.
        """
        self._tried_at = monotonic()
        try:
            self._open()
        except OutputError as error:
            bare = self._bare in displays.in_order(self._where, os.environ)
            if not bare or displays.connected(self._connectors) is not False:
                raise
            self._say(f"no screen is plugged in, waiting for one ({error})")

    def open_again(self) -> bool:
        """Whether there is a screen; a lost one is looked for every two seconds."""
        if self.surface is not None:
            self._unplugged()
        if self.surface is None and monotonic() - self._tried_at >= self._again_seconds:
            self._tried_at = monotonic()
            try:
                self._open()
            except OutputError as error:
                self._say(str(error))
        return self.surface is not None

    def lose(self, why: str) -> None:
        """The screen has gone; it is let go, so that it can be opened again."""
        self.close()
        self._tried_at = monotonic()
        self._say(f"the screen is lost ({why}), looking for it again")

    def close(self) -> None:
        """Give the screen back; a second call does nothing."""
        self.surface = None
        fonts.forget()
        with contextlib.suppress(pygame.error):
            pygame.display.quit()

    def fit(self, width: int, height: int) -> None:
        """Take the form of the first picture, if nothing else was asked for."""
        if not self._sized and self.surface is not None:
            self._sized = True
            if not self._covers:
                self.surface = pygame.display.set_mode(self._size(width, height), pygame.RESIZABLE)

    def _open(self) -> None:
        refused: list[str] = []
        for driver in displays.in_order(self._where, os.environ):
            why = self._try(driver)
            if why is None:
                self._say(f"on {driver}" + (f"; not on {'; '.join(refused)}" if refused else ""))
                return
            refused.append(why)
        raise OutputError(f"no display for the window ({'; '.join(refused)}): {_ADVICE}")

    def _try(self, driver: str) -> str | None:
        """Open the screen by `driver`; why that cannot be, or None."""
        try:
            with _only(driver):
                pygame.display.init()
                self.driver = driver
                self.surface = self._made()
        except pygame.error as error:
            self.close()
            return displays.why_not(driver, str(error), os.environ)
        return None

    def _made(self) -> Any:
        pygame.display.set_caption(self._title)
        if not self._covers:
            return pygame.display.set_mode(self._size(_WIDTH, _HEIGHT), pygame.RESIZABLE)
        width, height = pygame.display.get_desktop_sizes()[0]
        flags = pygame.FULLSCREEN
        if height > _MOST_ROWS:
            width, height = round(width * _MOST_ROWS / height), _MOST_ROWS
            flags |= pygame.SCALED
        surface = pygame.display.set_mode((width, height), flags)
        pygame.mouse.set_visible(False)
        return surface

    @property
    def _covers(self) -> bool:
        return self._fullscreen or self.driver == self._bare

    def _size(self, width: int, height: int) -> tuple[int, int]:
        """For pictures of this size: as asked for, else no larger than the screen."""
        screen_width, screen_height = pygame.display.get_desktop_sizes()[0]
        if self._width and self._height:
            return self._width, self._height
        if self._width:
            return self._width, max(round(self._width * height / width), 1)
        if self._height:
            return max(round(self._height * width / height), 1), self._height
        scale = min(1.0, 0.9 * screen_width / width, 0.9 * screen_height / height)
        return max(round(width * scale), 1), max(round(height * scale), 1)

    def _unplugged(self) -> None:
        """SDL's bare screen does not notice that its cable was pulled."""
        if self.driver != self._bare or monotonic() - self._looked_at < self._again_seconds:
            return
        self._looked_at = monotonic()
        if displays.connected(self._connectors) is False:
            self.lose("unplugged")

    def _say(self, words: str) -> None:
        if words != self._said:
            self._said = words
            log.info("screen: %s", words)


@contextlib.contextmanager
def _only(driver: str) -> Iterator[None]:
    """SDL tries this driver and no other, and takes the shortest way to it that there is."""
    wanted = {"SDL_VIDEODRIVER": driver}
    if driver in _BY_MEMORY and _BY_GRAPHICS not in os.environ:
        wanted[_BY_GRAPHICS] = "0"
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
