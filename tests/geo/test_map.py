from __future__ import annotations

import re
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from edgevision.geo.cells import partition
from edgevision.geo.png import to_png
from edgevision.geo.scene import GUESS, NORTH, SOUTH, TRUTH, Shape, on_map, pairs_scene, scene_of
from edgevision.geo.spread import Spread
from edgevision.geo.svg import to_html

SPREAD = Spread([48.9, -17.0], [2.3, 179.9], [0.7, 0.3])


@pytest.fixture
def scene(random):
    lat, lon = random.uniform((-80, -180), (80, 180), (300, 2)).T
    cells = partition(lat, lon, 30, 1)
    corners = [cells.corners(number) for number in range(len(cells))]
    return scene_of(
        "Is it <Fiji>?",
        corners=corners,
        shares=(cells.counts / cells.counts.sum()).tolist(),
        spread=SPREAD,
        truths=np.array([[-18.1, 178.4]]),
        guess=(-17.0, 179.9),
        radius_km=2000,
    )


def pixels(scene):
    image = cv2.imdecode(np.frombuffer(to_png(scene), np.uint8), cv2.IMREAD_COLOR)
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def colour(text):
    return [int(text[place : place + 2], 16) for place in (1, 3, 5)]


def at(image, lat, lon):
    x, y = on_map(np.array([[lon, lat]]), image.shape[1])[0]
    return image[image.shape[0] - round(image.shape[1] * (NORTH - SOUTH) / 360) + int(y), int(x)]


def test_the_map_has_land_and_sea_where_they_are():
    image = pixels(scene_of("empty"))
    sea = at(image, 40, -40).astype(int)
    for lat, lon in [(47, 2), (62, 100), (68, 179), (66.5, -175), (-25, 135), (0, 25)]:
        assert np.abs(at(image, lat, lon).astype(int) - sea).max() > 15, (lat, lon)
    for lat, lon in [(-35, -145), (-40, 80), (35, 165), (75, 5), (72, -179.5)]:
        assert np.abs(at(image, lat, lon).astype(int) - sea).max() <= 15, (lat, lon)


def test_marks_lie_at_their_places():
    image = pixels(scene_of("one", truths=np.array([[10.0, -60.0]]), guess=(50.0, 100.0)))
    assert np.abs(at(image, 50, 100) - np.array(colour(GUESS))).max() < 40
    x, _ = on_map(np.array([[-60.0, 10.0]]), image.shape[1])[0]
    ring = image[:, int(x) - 12 : int(x) + 12].reshape(-1, 3).astype(int)
    assert (np.abs(ring - colour(TRUTH)).max(axis=1) < 40).sum() > 20


def test_lines_and_areas_do_not_run_across_the_whole_map(scene):
    for shape in scene.shapes:
        if shape.kind in {"line", "area"} and len(shape.points) > 2 and shape.colour == GUESS:
            assert np.abs(np.diff(shape.points[:, 0])).max() <= 180


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_asks_nobody_for_anything(scene):
    html = to_html(scene)
    page = Page()
    page.feed(html)
    assert page.open == []
    assert not re.search(r"(?i)https?:|src=|href=|url\(|@import|<script", html)
    assert "Is it &lt;Fiji&gt;?" in html
    kinds = {tag for tag, _ in page.seen}
    assert {"svg", "path", "circle", "text"} <= kinds


def test_the_same_scene_gives_the_same_files(scene):
    assert to_png(scene) == to_png(scene)
    assert len(to_html(scene)) < 1_000_000


def test_pairs_are_drawn_over_the_date_line_and_the_pole():
    truths = np.array([[-18.0, 178.0], [80.0, 0.0], [0.0, 0.0]])
    guesses = np.array([[-18.0, -178.0], [80.0, 180.0], [0.0, 180.0]])
    scene = pairs_scene("pairs", truths, guesses)
    lines = [one for one in scene.shapes if one.kind == "line" and one.colour == GUESS]
    assert all(np.abs(np.diff(one.points[:, 0])).max() <= 180 for one in lines)
    assert all(np.isfinite(one.points).all() for one in scene.shapes)
    assert pixels(scene).shape[1] == 1440


def test_a_mark_off_the_map_does_no_harm():
    off = Shape("dot", np.array([[0.0, -89.0]]), GUESS, opacity=0.5)
    scene = scene_of("off")
    assert to_png(type(scene)(scene.title, (*scene.shapes, off), ())) == to_png(scene)
