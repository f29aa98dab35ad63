"""What stands on the screen, by the pixels that SDL was given."""

from __future__ import annotations

import time

import numpy as np
import pytest

pygame = pytest.importorskip("pygame", reason="the extra display is not installed")

from edgevision.outputs.paint import ACCENT, Painter  # noqa: E402 - pygame first, see above
from edgevision.outputs.scene import (  # noqa: E402
    Scene,
    answers_of,
    banner_of,
    facts_of,
    notice_of,
    sight_of,
)
from edgevision.outputs.screen import Screen  # noqa: E402
from edgevision.values.box import FULL, Box  # noqa: E402
from edgevision.values.frame import Frame  # noqa: E402
from edgevision.values.place import Place  # noqa: E402
from edgevision.values.result import Decision, Guess, Result  # noqa: E402

SIZE = (1280, 720)
LABEL = (slice(520, 640), slice(44, 700))
BAR = (slice(610, 690), slice(44, 664))
THUMBNAILS = (slice(520, 690), slice(740, 1240))
MAP = (slice(84, 250), slice(896, 1236))
FACTS = (slice(20, 60), slice(800, 1240))
STATUS = (slice(20, 60), slice(44, 500))
BANNER = (slice(325, 395), slice(400, 880))
BOX = Box(0.25, 0.2, 0.3, 0.3)


@pytest.fixture(params=["dummy", "offscreen"])
def surface(request, monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", request.param)
    pygame.display.init()
    yield pygame.display.set_mode(SIZE)
    pygame.display.quit()


def grey(number=0, value=120):
    return Frame(np.full((720, 1280, 3), value, np.uint8), number, number / 30, "camera")


def report(make_report, verdict="seen", place=None, reason="", score=0.8, **changed):
    label = None if verdict == "nothing" else "beagle"
    decision = Decision("dogs", "camera", verdict, label, score, reason)
    guess = Guess("beagle", "Beagle", score)
    result = Result("dogs", changed.pop("box", BOX), (guess,), place=place)
    return make_report(0, results=(result,), decisions=(decision,), **changed)


def painted(surface, **parts):
    empty = {"frame": grey(), "answers": (), "seen": (), "facts": (), "banner": None}
    Painter(surface).paint(Scene(**{**empty, **parts}))
    return pygame.surfarray.array3d(surface).swapaxes(0, 1).copy()


def changed(before, after, area):
    """Share of the area's pixels that are another colour."""
    return (before[area] != after[area]).any(axis=-1).mean()


def near(picture, colour):
    return (np.abs(picture.astype(int) - colour).max(axis=-1) < 8).sum()


def test_the_label_stands_where_it_should_and_nothing_elsewhere(surface, make_report):
    before = painted(surface)
    after = painted(surface, answers=answers_of(report(make_report, box=FULL)))
    assert changed(before, after, LABEL) > 0.1
    assert changed(before, after, THUMBNAILS) == changed(before, after, MAP) == 0


@pytest.mark.parametrize("verdict", ["seen", "unsure"])
def test_the_bar_is_as_long_as_the_score(surface, make_report, verdict):
    lengths = []
    for score in (0.3, 0.6):
        answers = answers_of(report(make_report, verdict, score=score, box=FULL))
        row = painted(surface, answers=answers)[BAR]
        lengths.append(max(near(line, ACCENT[verdict]) for line in row))
    assert lengths[1] == pytest.approx(2 * lengths[0], rel=0.05)


def test_the_reason_is_told_while_nothing_is_reported(make_report):
    (answer,) = answers_of(report(make_report, "unsure", reason="beagle 0.41 against 0.60"))
    assert answer.reason == "beagle 0.41 against 0.60"
    (answer,) = answers_of(report(make_report, "seen", reason="beagle 0.81"))
    assert (answer.headline, answer.reason) == ("Beagle", "")


def test_corners_stand_around_the_box(surface, make_report):
    picture = painted(surface, answers=answers_of(report(make_report)))
    left, top, right, bottom = BOX.to_pixels(*SIZE)
    assert near(picture[top - 6 : bottom + 6, left - 6 : right + 6], ACCENT["seen"]) > 500
    assert near(picture[top + 20 : bottom - 20, left + 20 : right - 20], ACCENT["seen"]) == 0


def test_places_are_on_the_map(surface, make_report):
    before = painted(surface)
    dots = []
    for lon in (-100.0, 100.0):
        place = Place(0.0, lon, 1.0, "somewhere")
        picture = painted(surface, answers=answers_of(report(make_report, place=place, box=FULL)))
        assert changed(before, picture, MAP) > 0.9
        dots.append(np.argwhere(np.abs(picture[MAP].astype(int) - (230, 159, 0)).max(axis=-1) < 8))
    assert dots[0][:, 1].mean() < 170 < dots[1][:, 1].mean()


def test_what_was_seen_last_is_shown(surface, make_event):
    red = Frame(np.full((720, 1280, 3), (200, 10, 10), np.uint8), 0, 0.0, "camera")
    sight = sight_of(make_event(1), red)
    assert sight.name == "Golden retriever"
    picture = painted(surface, seen=(sight,))
    assert near(picture[THUMBNAILS], (200, 10, 10)) > 8000


def test_an_old_picture_of_a_live_source_has_a_banner(surface):
    frame = grey()
    now = frame.ready_at
    assert banner_of(frame, live=True, now=now + 1) is None
    assert banner_of(frame, live=False, now=now + 100) is None
    assert banner_of(frame, live=True, now=now + 5) == "No picture from camera for 5 s"
    assert banner_of(frame, live=True, now=now + 300) == "No picture from camera for 5 min"
    assert "first" in (banner_of(None, live=True, now=now) or "")
    before = painted(surface)
    after = painted(surface, banner="No picture from camera for 5 s")
    assert changed(before, after, BANNER) > 0.9


def test_the_small_line(surface, make_report):
    numbers = {"fps_now": 9.8, "board": {"temperature_c": 51.2}}
    facts = facts_of(make_report(0, stage_millis={"total": 23.4}), numbers, 29.7)
    assert facts == ("30 fps", "10 answers/s", "23 ms", "51 °C")
    assert facts_of(None, {}, None) == ()
    before = painted(surface)
    assert changed(before, painted(surface, facts=facts), FACTS) > 0.05


def engine(on, **states):
    parts = {name: {"state": state, "last_error": None} for name, state in states.items()}
    return {"engine": {"on": on, "accelerators": parts}}


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ({}, None),
        ({"engine": {"on": ["cpu"]}}, None),
        (engine(["edgetpu"], edgetpu="serving"), None),
        (engine(["cpu"], edgetpu="away"), "On the CPU: Edge TPU away"),
        (engine(["cpu"], edgetpu="resting"), "On the CPU: Edge TPU resting"),
        (engine(["usb:0"], **{"usb:0": "serving", "usb:1": "away"}), "Edge TPU usb:1 away"),
    ],
)
def test_an_edge_tpu_that_does_not_serve_is_told(numbers, told):
    assert notice_of(numbers) == told


def test_the_notice_stands_beside_the_task(surface, make_report):
    answers = answers_of(report(make_report, box=FULL))
    before = painted(surface, answers=answers, facts=("30 fps", "51 °C"))
    words = "On the CPU: Edge TPU away"
    after = painted(surface, answers=answers, facts=("30 fps", "51 °C"), notice=words)
    assert near(after[STATUS], ACCENT["unsure"]) > 200
    assert near(before[STATUS], ACCENT["unsure"]) == 0
    assert changed(before, after, FACTS) == changed(before, after, LABEL) == 0


def test_a_screen_tells_what_the_runs_health_says(monkeypatch, make_report):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    pictures = []
    for state in ("serving", "away"):
        numbers = engine(["edgetpu"] if state == "serving" else ["cpu"], edgetpu=state)
        with Screen(width=1280, height=720) as screen:
            screen.attach(live={}, numbers=lambda numbers=numbers: numbers)
            screen.write(make_report(0, pixels=grey().pixels))
            shown = pygame.surfarray.array3d(pygame.display.get_surface()).swapaxes(0, 1)
            assert screen.state == {"shown": 1}
        pictures.append(near(shown[STATUS], ACCENT["unsure"]))
    assert pictures[0] == 0
    assert pictures[1] > 200


@pytest.mark.parametrize("size", [(160, 120), (480, 800), (1920, 1080)])
def test_every_size_can_be_painted(monkeypatch, make_report, make_event, size):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    pygame.display.init()
    name = "a very long name of something that was seen somewhere"
    event = make_event(1, name=name)
    picture = painted(
        pygame.display.set_mode(size),
        answers=answers_of(report(make_report, place=Place(10.0, 20.0, 5.0, name))),
        seen=(sight_of(event, grey()),) * 6,
        facts=("30 fps", "10 answers/s"),
        banner=name,
        notice=name,
    )
    assert picture.shape == (size[1], size[0], 3)
    pygame.display.quit()


def test_the_picture_moves_while_the_network_thinks(monkeypatch, make_report):
    """New pictures of a live source are shown without a new report."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    newest = [grey(0, value=50)]

    def wait_for_other(seen, seconds):
        return None if seen is newest[0] else newest[0]

    with Screen(width=320, height=240) as screen:
        screen.attach(live={"camera": wait_for_other}, numbers=dict)
        shown = []
        for value in (50, 180):
            newest[0] = grey(1, value=value)
            until = time.monotonic() + 20
            while not shown or shown[-1] != value:
                screen.tend()
                shown.append(int(pygame.display.get_surface().get_at((160, 100))[0]))
                assert time.monotonic() < until
        screen.write(make_report(0))
    assert shown[-1] == 180


def test_tab_goes_to_the_next_source(monkeypatch, make_report):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    left, right = (grey(0, value=value) for value in (50, 180))

    def standing(frame):
        return lambda seen, _seconds: None if seen is frame else frame

    live = {"left": standing(left), "right": standing(right)}
    posted = []
    with Screen(width=320, height=240, post=posted.append) as screen:
        screen.attach(live=live, numbers=dict)
        seen = []
        until = time.monotonic() + 20
        pressed = False
        while 180 not in seen:
            screen.tend()
            seen.append(int(pygame.display.get_surface().get_at((160, 100))[0]))
            if 50 in seen and not pressed:
                pressed = True
                pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_TAB))
            assert time.monotonic() < until
    assert pressed
    assert posted == []
