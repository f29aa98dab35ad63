from __future__ import annotations

import pytest

from edgevision.zoo.families import FAMILIES
from edgevision.zoo.others import OTHERS
from edgevision.zoo.paper import PLANET_CELLS, cells, compare, planet_notes
from edgevision.zoo.published import CELLS, PAPER, top1


@pytest.mark.parametrize(
    ("family", "alpha", "resolution", "percent"),
    [
        ("mobilenet_v1", 1.0, 224, 70.9),
        ("mobilenet_v1", 0.5, 160, 59.1),
        ("mobilenet_v1", 0.25, 128, 41.5),
        ("mobilenet_v2", 1.0, 224, 71.8),
        ("mobilenet_v2", 0.35, 96, 45.5),
    ],
)
def test_published_accuracies_have_their_source(family, alpha, resolution, percent):
    found = top1(family, alpha, resolution)

    assert found is not None
    assert found.percent == percent
    assert "tensorflow/models" in found.source


def test_what_nobody_published_is_none():
    assert top1("mobilenet_v2", 0.25, 224) is None
    assert top1("mobilenet_v1", 1.0, 256) is None
    assert top1("efficientnet_lite0", 1.0, 224) is None


@pytest.mark.parametrize("family", ["mobilenet_v1", "mobilenet_v2"])
def test_more_pixels_and_more_channels_are_more_accurate(family):
    for alpha in (0.5, 0.75, 1.0):
        grid = [top1(family, alpha, side) for side in (128, 160, 192, 224)]
        percents = [found.percent for found in grid if found is not None]
        assert len(percents) == 4
        assert percents == sorted(percents)
    widths = [top1(family, alpha, 224) for alpha in (0.5, 0.75, 1.0)]
    assert [w.percent for w in widths if w] == sorted(w.percent for w in widths if w)


def test_every_mobilenet_row_of_the_paper_is_what_we_count():
    rows = compare()

    assert len(rows) == len(PAPER)
    ours = [compared for compared in rows if compared.row.network not in OTHERS]
    assert len(ours) == 19
    for compared in ours:
        assert compared.agrees, compared
        assert abs(compared.mult_adds_off) < 1


def test_a_row_that_differs_says_why():
    for compared in compare():
        if not compared.agrees:
            assert compared.row.network in OTHERS
            assert compared.note, compared


def test_a_wrong_figure_does_not_agree():
    first = compare()[0]
    assert first.agrees
    assert not type(first)(first.row, first.mult_adds * 2, first.parameters).agrees
    assert not type(first)(first.row, first.mult_adds, first.parameters + 400_000).agrees


def test_networks_of_the_rows_are_known():
    known = {*FAMILIES, *OTHERS, "full convolutions", "shallow"}
    assert {row.network for row in PAPER} <= known


def test_cells_follow_from_parameters():
    assert cells(13e6, 3_196_032, 1025) == 9565
    assert round(10e6 / 1025) == CELLS
    text = " ".join(planet_notes())
    for number in (CELLS, 9565, 14_754, 9821, PLANET_CELLS):
        assert f"{number:,}" in text
    planet, mobile = compare()[-2:]
    assert round(planet.parameters / 1e6) == 52
    assert round(mobile.parameters / 1e6) == 13
    assert abs(mobile.mult_adds_off) < 1
    assert abs(planet.mult_adds_off) < 1
