from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading

import numpy as np
import pytest

pygame = pytest.importorskip("pygame", reason="the extra display is not installed")

from edgevision.errors import OutputError  # noqa: E402 - pygame first, see above
from edgevision.inbox import Inbox  # noqa: E402
from edgevision.outputs.screen import Screen  # noqa: E402
from edgevision.pipeline.outlet import Outlet  # noqa: E402
from edgevision.values.command import Command  # noqa: E402


@pytest.fixture(autouse=True)
def no_display(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")


def shown():
    return pygame.surfarray.array3d(pygame.display.get_surface()).swapaxes(0, 1)


def test_the_picture_is_shown_with_its_overlay(make_report):
    grey = np.full((240, 320, 3), (200, 120, 40), np.uint8)
    with Screen(width=320, height=240) as output:
        output.write(make_report(0, pixels=grey, stage_millis={"total": 5.0}))
        picture = shown()
    assert picture.shape == (240, 320, 3)
    assert tuple(picture[120, 160]) == (200, 120, 40)
    assert picture.min() < 40, "no panel"


def test_the_aspect_is_kept(make_report):
    with Screen(width=400, height=100) as output:
        output.write(make_report(0, pixels=np.full((100, 100, 3), 200, np.uint8)))
        picture = shown()
    assert picture[50, 200].min() == 200
    assert picture[50, 100].max() == picture[50, 300].max() == 0


@pytest.mark.parametrize(
    ("options", "size"),
    [({}, (320, 240)), ({"width": 160}, (160, 120)), ({"height": 480}, (640, 480))],
)
def test_the_window_takes_the_pictures_form(make_report, options, size):
    with Screen(**options) as output:
        output.write(make_report(0, width=320, height=240))
        assert pygame.display.get_surface().get_size() == size


def test_a_picture_larger_than_the_screen_is_made_smaller(make_report):
    with Screen() as output:
        screen = pygame.display.get_desktop_sizes()[0]
        output.write(make_report(0, width=4000, height=3000))
        window = pygame.display.get_surface().get_size()
    assert window[0] <= screen[0]
    assert window[1] <= screen[1]
    assert window[0] / window[1] == pytest.approx(4 / 3, abs=0.01)


@pytest.mark.parametrize("key", ["K_q", "K_ESCAPE"])
def test_a_key_closes_it_even_while_no_picture_comes(key):
    with Screen() as output:
        output.tend()
        assert not output.closed.is_set()
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_a))
        output.tend()
        assert not output.closed.is_set()
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=getattr(pygame, key)))
        output.tend()
        assert output.closed.is_set()


def test_the_windows_cross_closes_it(make_report):
    with Screen() as output:
        pygame.event.post(pygame.event.Event(pygame.QUIT))
        output.write(make_report(0))
        assert output.closed.is_set()


def test_full_screen_fills_the_screen(make_report):
    with Screen(fullscreen=True) as output:
        output.write(make_report(0))
        size = pygame.display.get_surface().get_size()
        assert size == tuple(pygame.display.get_desktop_sizes()[0])


def test_it_can_be_opened_again(make_report):
    for number in range(2):
        with Screen() as output:
            output.write(make_report(number))
    with pytest.raises(OutputError, match="not open"):
        output.write(make_report(3))


def test_without_a_display_it_says_what_to_do():
    program = (
        "from edgevision.outputs.screen import Screen\n"
        "from edgevision.errors import OutputError\n"
        "try:\n"
        "    Screen().__enter__()\n"
        "except OutputError as error:\n"
        "    print(error)\n"
    )
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
    }
    kept["SDL_VIDEODRIVER"] = "x11"
    done = subprocess.run(
        [sys.executable, "-c", program], env=kept, capture_output=True, text=True, check=True
    )
    (said,) = done.stdout.splitlines()
    assert "no display" in said
    assert "DISPLAY" in said


REAL = """
import numpy as np, pygame
from edgevision.outputs.screen import Screen
from edgevision.pipeline.outlet import Outlet
from edgevision.values.frame import Frame
from edgevision.values.report import Report
screen = Screen(width=320, height=240)
with Outlet(screen, wait=True) as outlet:
    for number in range(10):
        outlet.write(Report(Frame(np.full((240, 320, 3), 99, np.uint8), number, 0.0, "camera")))
    driver = pygame.display.get_driver()
print(driver, outlet.written, outlet.failures.count)
"""


def test_it_works_in_a_real_x_server():
    if shutil.which("xvfb-run") is None:
        pytest.skip("needs xvfb-run, an X server without a screen")
    kept = {name: value for name, value in os.environ.items() if name != "SDL_VIDEODRIVER"}
    done = subprocess.run(
        ["xvfb-run", "-a", sys.executable, "-c", REAL],
        env=kept,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["x11", "10", "0"]


KEYS = {"K_t": "task", "K_f": "freeze", "K_SPACE": "snapshot", "K_q": "stop", "K_ESCAPE": "stop"}


@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_a_command(key):
    posted = []
    with Screen(post=posted.append) as output:
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=getattr(pygame, key)))
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_x))
        output.tend()
        assert not output.closed.is_set()
    assert posted == [Command(KEYS[key], "keys")]


def test_keys_go_through_the_inbox_to_a_loop(make_report):
    """Real key events, read in the outlet's own thread, while no picture comes."""
    inbox, woken = Inbox(), threading.Semaphore(0)
    inbox.when_posted(woken.release)
    with Outlet(Screen(post=inbox.post)) as outlet:
        outlet.write(make_report(0))
        for key in KEYS:
            pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=getattr(pygame, key)))
        assert all(woken.acquire(timeout=20) for _ in KEYS)
    taken = [inbox.take().command.action for _ in KEYS]
    assert taken == list(KEYS.values())


RUN = (sys.executable, "-m", "edgevision", "run", "--source")
PRESSED = """
import sys, threading
from edgevision.outputs.screen import Screen
from edgevision.outputs.sdl import pygame
from edgevision.pipeline.outlet import Outlet
done = threading.Event()
def post(command):
    print(command.action, flush=True)
    if command.action == "stop":
        done.set()
with Outlet(Screen(where="hdmi", width=320, height=240, title="edgevision-keys", post=post)):
    while not pygame.key.get_focused() and not done.wait(0.05):
        pass
    print("open", flush=True)
    sys.exit(not done.wait(60))
"""


BUTTON = re.compile(r"^dtoverlay=gpio-key,gpio=\d+,keycode=(\d+)\s+# (\w+)", re.MULTILINE)


def buttons_of_the_docs(project):
    """By the command, the kernel's code of its key, as docs/display.md has it for buttons."""
    lines = BUTTON.findall((project / "docs" / "display.md").read_text(encoding="utf-8"))
    return {action: int(code) for code, action in lines}


def test_keys_and_buttons_arrive_by_a_real_x_server(tmp_path, project):
    """From another program's key presses, through the X server and SDL, to commands.

    A button on a pin is a key to the kernel, by whose codes the keys are pressed here.
    """
    buttons = buttons_of_the_docs(project)
    # X counts the kernel's codes from eight.
    codes = [buttons[action] + 8 for action in ("task", "freeze", "snapshot", "stop")]
    for needed in ("xvfb-run", "xdotool"):
        if shutil.which(needed) is None:
            pytest.skip(f"needs {needed}")
    program = tmp_path / "keys.py"
    program.write_text(PRESSED)
    script = tmp_path / "keys.sh"
    script.write_text(
        f"exec 3< <({sys.executable} {program})\n"
        "open=$!; read -t 30 -r word <&3; echo $word\n"
        f"for key in {' '.join(map(str, codes))}; do xdotool key $key; "
        "read -t 30 -r word <&3; echo $word; done\n"
        "wait $open\n"
    )
    unwanted = ("SDL_VIDEODRIVER", "WAYLAND_DISPLAY")
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    done = subprocess.run(
        ["xvfb-run", "-a", "bash", script],
        env=kept,
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    assert done.stdout.split() == ["open", "task", "freeze", "snapshot", "stop"]


@pytest.mark.parametrize("where", ["auto", "hdmi", "window"])
def test_a_run_shows_it_and_says_on_what(where, environment):
    done = subprocess.run(
        [*RUN, "synthetic:?frames=5", "--display", where],
        env={**environment, "SDL_VIDEODRIVER": "no-such-driver,offscreen"},
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    assert done.stdout == "", "more than events"
    assert "screen: on offscreen; not on no-such-driver: " in done.stderr
    assert "5 frames" in done.stderr


def test_display_none_overrules_the_settings(environment, tmp_path):
    (tmp_path / "edgevision.yaml").write_text("version: 1\noutputs:\n  screen: true\n")
    done = subprocess.run(
        [*RUN, "synthetic:?frames=2", "--display", "none"],
        cwd=tmp_path,
        env={**environment, "SDL_VIDEODRIVER": "no-such-driver"},
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    assert "screen" not in done.stderr
