"""What the live screen costs: milliseconds for each picture, painted and shown.

    python benchmarks/screen.py [--pictures 200]

SDL's driver `offscreen` is used where SDL_VIDEODRIVER does not name another one.
"""

from __future__ import annotations

import argparse
import os
from statistics import median, quantiles
from time import perf_counter

import numpy as np

from edgevision.outputs.paint import Painter
from edgevision.outputs.scene import Answer, Scene, Sight
from edgevision.outputs.sdl import pygame
from edgevision.values.box import Box
from edgevision.values.frame import Frame
from edgevision.values.place import Place

CAMERA = (1280, 720)
SCREENS = ((1280, 720), (1920, 1080))


def scene(frame: Frame, picture: Sight) -> Scene:
    """With everything that there can be."""
    box, place = Box(0.3, 0.2, 0.3, 0.5), Place(48.858, 2.294, 1.0, "Eiffel Tower, Paris")
    answer = Answer("landmarks", "seen", "Eiffel Tower", 0.87, "", box, place)
    facts = ("30 fps", "10 answers/s", "23 ms", "51 °C")
    return Scene(frame, (answer,), (picture,) * 4, facts, None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pictures", type=int, default=200)
    pictures = parser.parse_args().pictures
    os.environ.setdefault("SDL_VIDEODRIVER", "offscreen")
    pygame.display.init()
    random = np.random.default_rng(1)
    frames = [
        Frame(random.integers(0, 256, (*CAMERA[::-1], 3), np.uint8), number, 0.0, "camera")
        for number in range(4)
    ]
    sight = Sight(random.integers(0, 256, (240, 240, 3), np.uint8), "Golden retriever", 0.8)
    for size in SCREENS:
        surface = pygame.display.set_mode(size)
        millis = []
        for number in range(pictures):
            begun = perf_counter()
            Painter(surface).paint(scene(frames[number % len(frames)], sight))
            pygame.display.flip()
            millis.append((perf_counter() - begun) * 1000)
        high = quantiles(millis, n=20)[-1]
        print(f"{size[0]}x{size[1]}: {median(millis):.1f} ms a picture (95 %: {high:.1f} ms)")
    pygame.display.quit()


if __name__ == "__main__":
    main()
