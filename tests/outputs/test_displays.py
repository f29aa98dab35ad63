from __future__ import annotations

import logging
import os
import re

import pytest

from edgevision.outputs import displays

pytest.importorskip("pygame", reason="the extra display is not installed")

from edgevision.errors import OutputError
from edgevision.outputs.window import Window

DESKTOP = {"DISPLAY": ":0"}


@pytest.mark.parametrize(
    ("where", "environ", "order"),
    [
        ("hdmi", {}, ("kmsdrm", "wayland", "x11")),
        ("hdmi", DESKTOP, ("kmsdrm", "wayland", "x11")),
        ("window", {}, ("wayland", "x11")),
        ("auto", {}, ("kmsdrm", "wayland", "x11")),
        ("auto", DESKTOP, ("wayland", "x11", "kmsdrm")),
        ("auto", {"WAYLAND_DISPLAY": "wayland-0"}, ("wayland", "x11", "kmsdrm")),
        ("hdmi", {"SDL_VIDEODRIVER": "offscreen"}, ("offscreen",)),
        ("window", {"SDL_VIDEODRIVER": "a, b"}, ("a", "b")),
    ],
)
def test_the_order(where, environ, order):
    assert displays.in_order(where, environ) == order


@pytest.mark.parametrize(
    ("driver", "environ", "words"),
    [
        ("x11", {}, "x11: DISPLAY is not set"),
        ("wayland", {}, "wayland: WAYLAND_DISPLAY is not set"),
        ("x11", DESKTOP, "x11: no answer"),
        ("kmsdrm", DESKTOP, "hdmi: a desktop (DISPLAY=:0) holds the screen"),
        ("kmsdrm", {"SSH_CONNECTION": "1"}, "hdmi: no answer; over ssh the screen belongs"),
        ("kmsdrm", {}, "hdmi: no answer"),
    ],
)
def test_the_reason(driver, environ, words, tmp_path):
    (tmp_path / "card0").touch()
    assert displays.why_not(driver, "no answer", environ, tmp_path).startswith(words)


def test_a_board_without_a_graphics_card_is_told(tmp_path):
    assert "there is no" in displays.why_not("kmsdrm", "no answer", {}, tmp_path)


def test_a_card_that_may_not_be_opened_is_told(tmp_path):
    (tmp_path / "card0").symlink_to(tmp_path / "nowhere")
    assert "groups video and render" in displays.why_not("kmsdrm", "no answer", {}, tmp_path)


def plug(folder, state):
    for connector in ("card1-HDMI-A-1", "card1-HDMI-A-2"):
        (folder / connector).mkdir(exist_ok=True)
        (folder / connector / "status").write_text("disconnected\n")
    (folder / "card1-HDMI-A-1" / "status").write_text(f"{state}\n")


def test_what_is_plugged_in(tmp_path):
    assert displays.connected(tmp_path) is None
    plug(tmp_path, "disconnected")
    assert displays.connected(tmp_path) is False
    plug(tmp_path, "connected")
    assert displays.connected(tmp_path) is True


def test_drivers_that_do_not_exist_are_passed_over_and_told(monkeypatch, caplog):
    monkeypatch.setenv("SDL_VIDEODRIVER", "no-such-driver,dummy")
    caplog.set_level(logging.INFO)
    window = Window("hdmi", width=320, height=240)
    window.open()
    assert window.driver == "dummy"
    assert window.surface.get_size() == (320, 240)
    window.close()
    assert re.search(r"on dummy; not on no-such-driver: \S+", caplog.text)
    assert os.environ["SDL_VIDEODRIVER"] == "no-such-driver,dummy"


def test_without_any_it_tells_all_reasons_in_one_line(monkeypatch, tmp_path):
    monkeypatch.setenv("SDL_VIDEODRIVER", "first,second")
    with pytest.raises(OutputError) as raised:
        Window("hdmi", connectors=tmp_path).open()
    (said,) = str(raised.value).splitlines()
    assert "first: " in said
    assert "second: " in said


def test_a_screen_that_is_unplugged_comes_back(monkeypatch, tmp_path):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    plug(tmp_path, "connected")
    window = Window("hdmi", bare="dummy", connectors=tmp_path, again_seconds=0.0)
    window.open()
    assert window.open_again()
    # The old driver stays away for as long as nothing is plugged in.
    monkeypatch.setenv("SDL_VIDEODRIVER", "no-such-driver")
    plug(tmp_path, "disconnected")
    assert not window.open_again()
    assert window.surface is None
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    plug(tmp_path, "connected")
    assert window.open_again()
    assert window.surface is not None
    window.close()


def test_a_screen_that_is_off_at_first_is_waited_for(monkeypatch, tmp_path):
    plug(tmp_path, "disconnected")
    monkeypatch.setenv("SDL_VIDEODRIVER", "no-such-driver")
    window = Window("hdmi", bare="no-such-driver", connectors=tmp_path, again_seconds=0.0)
    window.open()
    assert not window.open_again()
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    assert window.open_again()
    window.close()
