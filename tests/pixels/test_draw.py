from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.pixels.draw import draw
from edgevision.pixels.layout import ACCENT, Sizes, cards, corner, outlines
from edgevision.pixels.lettering import lettering
from edgevision.values.box import FULL, Box
from edgevision.values.frame import Frame
from edgevision.values.report import Report
from edgevision.values.result import Decision, Guess, Result

BOX = Box(0.5, 0.4, 0.3, 0.5)
GUESSES = (
    Guess("golden_retriever", "golden retriever", 0.87),
    Guess("lowchen", "Löwchen", 0.06),
    Guess("german_short_haired_pointer", "German short-haired pointer", 0.03),
)


def report(
    width=1280, height=720, *, verdict="seen", tasks=("dogs", "classify"), ground=128, box=BOX
):
    pixels = np.full((height, width, 3), ground, np.uint8)
    decisions = tuple(
        Decision(task, "camera", verdict, "golden_retriever", 0.87, "0.87 against 0.35, 5 hits")
        for task in tasks
    )
    results = tuple(Result(task, box, GUESSES) for task in tasks)
    frame = Frame(pixels, 0, 0.0, "camera")
    return Report(frame, (FULL, box), results, decisions, (), {"total": 12.3})


def areas(shown, fps):
    """Where the overlay may paint: cards, corner, and the outlines' lines."""
    sizes = Sizes.of(shown.frame.width, shown.frame.height)
    allowed = np.zeros(shown.frame.pixels.shape[:2], bool)
    for card in (*cards(shown, sizes), corner(shown, sizes, fps)):
        if card is not None:
            left, top, right, bottom = card.area
            assert 0 <= left < right <= shown.frame.width
            assert 0 <= top < bottom <= shown.frame.height
            allowed[top:bottom, left:right] = True
    for outline in outlines(shown, sizes):
        left, top, right, bottom = outline.area
        ring = np.zeros_like(allowed)
        ring[top:bottom, left:right] = True
        inset = 2 * outline.line
        ring[top + inset : bottom - inset, left + inset : right - inset] = False
        allowed |= ring
    return allowed


shapes = st.tuples(st.integers(1, 2000), st.integers(1, 1200))


@settings(max_examples=80)
@given(
    shape=shapes,
    verdict=st.sampled_from(["seen", "unsure", "nothing"]),
    tasks=st.lists(st.sampled_from(["dogs", "classify", "places"]), max_size=3, unique=True),
    fps=st.none() | st.floats(0, 1000),
    box=st.sampled_from([BOX, FULL, Box(0, 0, 0.01, 0.01), Box(0.9, 0.9, 0.1, 0.1)]),
)
def test_at_every_size_only_the_overlays_places_are_painted(shape, verdict, tasks, fps, box):
    shown = report(*shape, verdict=verdict, tasks=tuple(tasks), box=box)
    canvas = draw(shown, fps=fps)
    assert canvas.shape == shown.frame.pixels.shape
    assert canvas.dtype == np.uint8
    assert (shown.frame.pixels == 128).all()
    painted = (canvas != 128).any(axis=2)
    assert not (painted & ~areas(shown, fps)).any()


@settings(max_examples=60)
@given(shape=st.tuples(st.integers(60, 2000), st.integers(60, 1200)))
def test_words_lie_inside_their_card_and_do_not_overlap(shape):
    shown = report(*shape)
    sizes = Sizes.of(*shape)
    for card in cards(shown, sizes):
        left, top, right, bottom = card.area
        taken = np.zeros((shape[1], shape[0]), bool)
        for text in card.texts:
            assert text.words.isascii()
            assert left <= text.left
            assert top <= text.top
            assert text.top + text.capital <= bottom
            if not text.words:
                continue
            across = slice(text.left, text.left + text_width(text))
            assert across.stop <= right
            place = taken[text.top : text.top + text.capital, across]
            assert not place.any()
            place[...] = True


def text_width(text):
    return lettering(text.words, text.capital, text.colour).shape[1]


@pytest.mark.parametrize(("width", "height"), [(320, 240), (640, 480), (1280, 720), (1920, 1080)])
def test_two_tasks_are_told_at_every_common_size(width, height):
    shown = report(width, height)
    laid = cards(shown, Sizes.of(width, height))
    assert len(laid) == 2
    for card in laid:
        words = [text.words for text in card.texts]
        assert "Golden retriever" in words
        assert "87%" in words
        assert len(card.bars) >= 2
    assert corner(shown, Sizes.of(width, height), 25.0).texts[0].words == "25 fps   12 ms"


@pytest.mark.parametrize(
    ("verdict", "task", "said"),
    [
        ("seen", "dogs", "Golden retriever"),
        ("unsure", "dogs", "unsure"),
        ("nothing", "dogs", "no dog"),
        ("nothing", "classify", "nothing"),
    ],
)
def test_what_was_decided_is_said_plainly(verdict, task, said):
    shown = report(verdict=verdict, tasks=(task,))
    (card,) = cards(shown, Sizes.of(1280, 720))
    words = [text.words for text in card.texts]
    assert said in words
    assert "0.87 against 0.35, 5 hits" in words
    assert ("Golden retriever" in words) == (verdict == "seen")


@pytest.mark.parametrize("ground", [0, 128, 255])
def test_words_can_be_read_on_any_ground(ground):
    canvas = draw(report(ground=ground), fps=25.0)
    (card, _) = cards(report(), Sizes.of(1280, 720))
    left, top, right, bottom = card.area
    panel = canvas[top:bottom, left + 10 : right].max(axis=2).astype(float)
    assert panel[:3].max() < 90, "the edge above the words is dark"
    assert panel[:, -3:].max() < 90
    assert panel.max() > 230


def test_a_longer_bar_for_a_better_guess():
    shown = report()
    canvas = draw(shown, fps=None)
    (card, _) = cards(shown, Sizes.of(1280, 720))
    lengths = []
    for bar in card.bars:
        left, top, right, _ = bar.track
        green = canvas[top, left:right, 1].astype(int) - canvas[top, left:right, 0]
        lengths.append(int((green > 20).sum()) / (right - left))
    assert lengths == pytest.approx([0.87, 0.06, 0.03], abs=0.01)


def test_a_box_is_outlined_in_the_colour_of_what_was_decided():
    colours = set()
    for verdict in ("seen", "unsure", "nothing"):
        canvas = draw(report(verdict=verdict), fps=None)
        left, top, _, bottom = BOX.to_pixels(1280, 720)
        colours.add(tuple(int(value) for value in canvas[(top + bottom) // 2, left]))
        assert (canvas[(top + bottom) // 2, left + 40] == 128).all()
    assert len(colours) == 3


def test_the_whole_frame_as_a_box_has_no_outline():
    assert not list(outlines(report(box=FULL), Sizes.of(1280, 720)))


def test_a_report_without_anything_is_the_frame():
    frame = Frame(np.full((72, 128, 3), 7, np.uint8), 0, 0.0, "camera")
    canvas = draw(Report(frame), fps=None)
    assert (canvas == 7).all()
    assert canvas.flags.writeable


def test_a_canvas_of_the_same_shape_is_used_again():
    first = draw(report(ground=50), fps=25.0)
    again = draw(report(ground=50), fps=25.0, out=first)
    assert again is first
    assert (again == draw(report(ground=50), fps=25.0)).all()
    assert draw(report(640, 480), out=first).shape == (480, 640, 3)


def test_one_copy_of_the_frame_is_made():
    shown = report()
    draw(shown, fps=25.0)
    tracemalloc.start()
    try:
        canvas = draw(shown, fps=25.0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert canvas.nbytes <= peak < canvas.nbytes * 1.2


def test_no_long_bar_stands_under_no_dog():
    shown = report(verdict="nothing", tasks=("dogs",))
    shown = replace(shown, results=(Result("dogs", BOX, GUESSES, presence=0.05),))
    (card,) = cards(shown, Sizes.of(1280, 720))
    assert card.bars[0].share == pytest.approx(0.87 * 0.05)


def test_of_several_readings_the_surest_is_shown():
    shown = report(tasks=("dogs",))
    other = Result("dogs", Box(0, 0, 0.2, 0.2), (Guess("pug", "pug", 0.99),), presence=0.1)
    shown = replace(shown, results=(other, *shown.results))
    (card,) = cards(shown, Sizes.of(1280, 720))
    assert card.bars[0].share == pytest.approx(0.87)
    colours = {outline.area: outline.colour for outline in outlines(shown, Sizes.of(1280, 720))}
    assert colours[BOX.to_pixels(1280, 720)] == ACCENT["seen"]
    assert colours[other.box.to_pixels(1280, 720)] == ACCENT["nothing"]


def test_switched_off_nothing_is_said_to_be_absent():
    decision = Decision("dogs", "camera", "unsure", None, 0.0, "switched off", cause="off")
    shown = replace(report(), results=(), decisions=(decision,))
    (card,) = cards(shown, Sizes.of(1280, 720))
    assert [text.words for text in card.texts] == ["dogs", "off", "switched off"]
