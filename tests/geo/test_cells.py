from __future__ import annotations

import numpy as np
import pytest
import s2cell
from hypothesis import given
from hypothesis import strategies as st

from edgevision.errors import ModelError, OutputError, WrittenError
from edgevision.geo.cells import Cells, leaf_ids, load_cells, partition, save_cells
from edgevision.geo.distance import great_circle_km

POINTS = st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), min_size=1, max_size=60)


def lats_lons(points):
    return np.array(points, float).reshape(-1, 2).T


def test_known_ids():
    # Tokens of S2's own documentation of cell hierarchies: face 0 is "1", 0 N 0 E its middle.
    assert (
        s2cell.cell_id_to_token(s2cell.cell_id_to_parent_cell_id(int(leaf_ids(0, 0)[0]), 0)) == "1"
    )
    assert len(np.unique(leaf_ids([90, 90, 90], [0, 90, -120]))) == 1  # the pole is one point
    assert leaf_ids(10, 180) == leaf_ids(10, -180)


@given(POINTS, st.integers(1, 8), st.data())
def test_a_partition_keeps_its_word(points, t1, data):
    t2 = data.draw(st.integers(1, t1))
    lat, lon = lats_lons(points)
    cells = partition(lat, lon, t1, t2)
    own = cells.of(lat, lon)
    counts = np.bincount(own[own >= 0], minlength=len(cells))
    assert (counts == cells.counts).all()
    assert (counts >= t2).all()
    levels = np.array([s2cell.cell_id_to_level(int(one)) for one in cells.ids])
    assert (counts[levels < 30] <= t1).all()
    if t2 == 1:
        assert (own >= 0).all()  # nothing is dropped


@given(POINTS)
def test_a_point_is_in_the_cell_that_the_library_says(points):
    lat, lon = lats_lons(points)
    lon = np.where(np.abs(lat) == 90, 0, lon)  # the library tells names of a pole apart
    lon[lon == 180] = -180
    cells = partition(lat, lon, 3, 1)
    for one, other, index in zip(lat, lon, cells.of(lat, lon), strict=True):
        cell = int(cells.ids[index])
        level = s2cell.cell_id_to_level(cell)
        assert s2cell.lat_lon_to_cell_id(float(one), float(other), level) == cell


def test_it_is_fine_where_photos_are_and_coarse_where_not(random):
    town = random.normal((48.85, 2.35), 0.05, (200, 2))
    rest = random.uniform((-60, -180), (70, 180), (200, 2))
    lat, lon = np.concatenate([town, rest]).T
    cells = partition(lat, lon, 20, 1)
    levels = [s2cell.cell_id_to_level(int(one)) for one in cells.ids]
    inside = cells.of([48.85], [2.35])[0]
    assert levels[inside] >= 9
    assert min(levels) <= 2


def test_cells_with_few_photos_are_dropped_and_points_there_have_none():
    cells = partition([10.0] * 9 + [-40.0], [20.0] * 9 + [100.0], 9, 2)
    assert len(cells) == 1
    assert cells.counts.tolist() == [9]
    assert cells.photos == 10
    assert cells.of([10.0, -40.0], [20.0, 100.0]).tolist() == [0, -1]


def test_photos_at_one_point_stay_together():
    cells = partition([1.0] * 50, [2.0] * 50, 10, 1)
    assert len(cells) == 1
    assert s2cell.cell_id_to_level(int(cells.ids[0])) == 30


def test_corners_lie_around_the_centre():
    cells = partition([10.0] * 3, [20.0] * 3, 5, 1)  # one face of the cube
    corners = cells.corners(0)
    lat, lon = cells.centres()
    # S2's face 0 reaches from 45 W to 45 E; its corners lie at atan(1 / sqrt 2).
    assert (lat[0], lon[0]) == pytest.approx((0, 0), abs=1e-6)
    assert np.abs(corners[:, 0]) == pytest.approx([35.264] * 4, abs=1e-3)
    assert np.abs(corners[:, 1]) == pytest.approx([45] * 4, abs=1e-3)
    km = great_circle_km(
        corners[:, 0], corners[:, 1], np.roll(corners[:, 0], -1), np.roll(corners[:, 1], -1)
    )
    assert km == pytest.approx([km[0]] * 4)  # round it, never across


@pytest.mark.parametrize(("t1", "t2"), [(0, 0), (5, 0), (5, 6)])
def test_thresholds_that_make_no_sense(t1, t2):
    with pytest.raises(WrittenError, match="t2"):
        partition([1.0], [2.0], t1, t2)


def test_no_photos_make_no_cells():
    cells = partition([], [], 5, 1)
    assert len(cells) == 0
    assert cells.of([1.0], [2.0]).tolist() == [-1]


def test_a_file_brings_them_back(tmp_path, random):
    lat, lon = random.uniform((-90, -180), (90, 180), (300, 2)).T
    cells = partition(lat, lon, 20, 2)
    save_cells(cells, tmp_path / "cells.npz")
    again = load_cells(tmp_path / "cells.npz")
    assert (again.ids == cells.ids).all()
    assert (again.t1, again.t2, again.photos) == (20, 2, 300)
    assert [path.name for path in tmp_path.iterdir()] == ["cells.npz"]
    first = (tmp_path / "cells.npz").read_bytes()
    save_cells(cells, tmp_path / "cells.npz")
    assert (tmp_path / "cells.npz").read_bytes() == first


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "noise"])
def test_a_damaged_file_is_one_line(tmp_path, damage):
    file = tmp_path / "cells.npz"
    save_cells(partition([1.0, 2.0], [3.0, 4.0], 1, 1), file)
    content = file.read_bytes()
    broken = {"empty": b"", "cut": content[:-60], "noise": bytes(100)}
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(broken[damage])
    with pytest.raises(ModelError, match=r"cells\.npz: "):
        load_cells(file)


def test_overlapping_cells_are_refused():
    face = np.uint64(1 << 60)
    with pytest.raises(ModelError):
        Cells(np.array([face, face]), np.array([1, 1]), 5, 1, 2)


def test_a_folder_that_is_not_there_leaves_nothing_behind(tmp_path):
    with pytest.raises(OutputError):
        save_cells(partition([1.0], [2.0], 1, 1), tmp_path / "none" / "cells.npz")
    assert list(tmp_path.iterdir()) == []
