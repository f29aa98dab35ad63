"""SDL as pygame gives it: no advertisement on the standard output, and Ctrl-C stays ours."""

from __future__ import annotations

import os

# Read while pygame is imported, which nobody else does.
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("SDL_NO_SIGNAL_HANDLERS", "1")

import pygame

__all__ = ["pygame"]
