"""What the live screen costs: of the processor for each picture, and a run's speed with it.

    python benchmarks/screen.py [--pictures 200] [--rounds 3] [--seconds 8]

SDL's driver `offscreen` is used where SDL_VIDEODRIVER does not name another one. Under
`xvfb-run -a`, SDL_VIDEODRIVER=x11 measures a window. Phases with and without the screen take turns.
"""

from __future__ import annotations

import argparse
import os
from statistics import median, quantiles
from time import perf_counter, process_time, sleep

import numpy as np
from measuring import machine
from web import numbers, running

from edgevision.outputs.paint import Painter
from edgevision.outputs.scene import Answer, Scene, Sight
from edgevision.outputs.sdl import pygame
from edgevision.outputs.window import Window
from edgevision.values.box import Box
from edgevision.values.frame import Frame
from edgevision.values.place import Place

CAMERA = (1280, 720)
SCREENS = ((1280, 720), (1920, 1080))
_SETTLING_SECONDS = 2.0


def scene(frame: Frame, picture: Sight) -> Scene:
    """With everything that there can be."""
    box, place = Box(0.3, 0.2, 0.3, 0.5), Place(48.858, 2.294, 1.0, "Eiffel Tower, Paris")
    answer = Answer("landmarks", "seen", "Eiffel Tower", 0.87, "", box, place)
    facts = ("30 fps", "10 answers/s", "23 ms", "51 °C")
    return Scene(frame, (answer,), (picture,) * 4, facts, None)


def paint(pictures: int) -> None:
    """Milliseconds a picture: by the clock, and of the processor by all threads."""
    pygame.display.init()
    random = np.random.default_rng(1)
    frames = [
        Frame(random.integers(0, 256, (*CAMERA[::-1], 3), np.uint8), number, 0.0, "camera")
        for number in range(4)
    ]
    sight = Sight(random.integers(0, 256, (240, 240, 3), np.uint8), "Golden retriever", 0.8)
    for size in SCREENS:
        window = Window(width=size[0], height=size[1])
        window.open()
        millis, begun_cpu = [], process_time()
        for number in range(pictures):
            begun = perf_counter()
            Painter(window.surface).paint(scene(frames[number % len(frames)], sight))
            pygame.display.flip()
            millis.append((perf_counter() - begun) * 1000)
        cpu = (process_time() - begun_cpu) * 1000 / pictures
        high = quantiles(millis, n=20)[-1]
        print(
            f"{size[0]}x{size[1]} on {window.driver}: {cpu:.1f} ms of processor a picture,"
            f" {median(millis):.1f} ms by the clock (95 %: {high:.1f} ms)"
        )
        window.close()


def rates(display: str, seconds: float) -> tuple[float, float]:
    """Inferences and shown pictures a second of a run over a camera of 30 a second."""
    camera = f"synthetic:?live=1&fps=30&width={CAMERA[0]}&height={CAMERA[1]}"
    with running(camera, seconds + 60, "--display", display) as address:
        while not numbers(address)["inferences"]:
            sleep(0.2)
        sleep(_SETTLING_SECONDS)
        before, begun = numbers(address), perf_counter()
        sleep(seconds)
        after, took = numbers(address), perf_counter() - begun
    shown = [found["outputs"].get("screen", {}).get("shown", 0) for found in (before, after)]
    return (after["inferences"] - before["inferences"]) / took, (shown[1] - shown[0]) / took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8, help="of each phase")
    given = parser.parse_args()
    os.environ.setdefault("SDL_VIDEODRIVER", "offscreen")
    print(f"{machine()}, load {os.getloadavg()[0]:.1f}")
    paint(given.pictures)
    ratios = []
    for _ in range(given.rounds):
        alone, _none = rates("none", given.seconds)
        beside, shown = rates("window", given.seconds)
        ratios.append(beside / alone)
        print(
            f"{alone:.1f} inferences/s without the screen, {beside:.1f} with it,"
            f" {shown:.1f} pictures/s shown"
        )
    if ratios:
        print(
            f"ratio {median(ratios):.3f} (median of {len(ratios)}), load {os.getloadavg()[0]:.1f}"
        )


if __name__ == "__main__":
    main()
