"""The bare screen or a window: in which order they are tried, and why one is not to be had."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Where = Literal["auto", "hdmi", "window"]

BARE: Final = "kmsdrm"
"""SDL's driver for a screen without a desktop."""
_WINDOWS: Final = ("wayland", "x11")
_CARDS: Final = Path("/dev/dri")
CONNECTORS: Final = Path("/sys/class/drm")
"""Where the kernel tells what is plugged in."""


def in_order(where: Where, environ: Mapping[str, str]) -> tuple[str, ...]:
    """SDL's drivers as they are to be tried; SDL_VIDEODRIVER, if it is set, has the only word.

    hdmi: the bare screen, then a window. window: a window. auto: as hdmi, but a window first under
    a desktop, which holds the screen.
    """
    given = [name.strip() for name in environ.get("SDL_VIDEODRIVER", "").split(",") if name.strip()]
    if given:
        return tuple(given)
    if where == "window":
        return _WINDOWS
    if where == "auto" and desktop(environ):
        return (*_WINDOWS, BARE)
    return (BARE, *_WINDOWS)


def desktop(environ: Mapping[str, str]) -> str | None:
    """The variable that tells of a desktop, as it is set; None if there is none."""
    for name in ("WAYLAND_DISPLAY", "DISPLAY"):
        if environ.get(name):
            return f"{name}={environ[name]}"
    return None


def why_not(driver: str, said: str, environ: Mapping[str, str], cards: Path = _CARDS) -> str:
    """Why `driver` is not to be had, in some words; SDL's own, `said`, tell little.

    Args:
        driver: of SDL.
        said: by SDL.
        environ: of the process.
        cards: the folder of the graphics cards' devices.
    """
    if driver != BARE:
        variable = {"x11": "DISPLAY", "wayland": "WAYLAND_DISPLAY"}.get(driver)
        missing = variable is not None and not environ.get(variable)
        return f"{driver}: {variable} is not set" if missing else f"{driver}: {said}"
    found = sorted(cards.glob("card*"))
    if not found:
        return f"hdmi: there is no {cards}/card*"
    if not any(_opens(card) for card in found):
        return f"hdmi: {found[0]} may not be opened, be in the groups video and render"
    holder = desktop(environ)
    if holder:
        return f"hdmi: a desktop ({holder}) holds the screen"
    if environ.get("SSH_CONNECTION"):
        return f"hdmi: {said}; over ssh the screen belongs to whoever is at the console"
    return f"hdmi: {said}"


def connected(connectors: Path = CONNECTORS) -> bool | None:
    """Whether a screen is plugged in; None if the kernel does not tell."""
    states = [_first_line(path) for path in connectors.glob("card*-*/status")]
    if not any(states):
        return None
    return "connected" in states


def _first_line(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _opens(card: Path) -> bool:
    try:
        card.open("rb").close()
    except OSError:
        return False
    return True
