from __future__ import annotations

import numpy as np
import pytest

from edgevision.errors import ModelError, WrittenError
from edgevision.geo.cells import partition
from edgevision.geo.distance import great_circle_km
from edgevision.geo.folds import cross_validated
from edgevision.geo.planet import Training, load_planet, save_planet, train_planet
from edgevision.geo.spread import Spread

BACKBONE = "ab" * 32
TOWNS = np.array([[48.9, 2.3], [40.7, -74.0], [-33.9, 151.2], [-18.1, 178.4]])


@pytest.fixture
def photos(random):
    """(vectors, lat, lon): forty photos a town, each town with a look of its own."""
    looks = random.random((4, 48))
    kinds = np.arange(160) % 4
    vectors = looks[kinds] + 0.1 * random.random((160, 48))
    lat, lon = (TOWNS[kinds] + 0.1 * random.standard_normal((160, 2))).T
    return vectors.astype(np.float32), lat, lon


@pytest.fixture
def head(photos):
    vectors, lat, lon = photos
    return train_planet(vectors, lat, lon, partition(lat, lon, 50, 5), backbone_sha256=BACKBONE)


def test_the_distribution_lies_where_such_photos_were_taken(head, photos):
    vectors, lat, lon = photos
    for row in range(8):
        spread = head.spread(vectors[row])
        assert great_circle_km(lat[row], lon[row], *spread.peak(500)) < 50
        place = spread.place(500, 0.5)
        assert place.radius_km < 100
        assert spread.radius_km(place.lat, place.lon, 0.9) < 1000
        assert spread.weights.sum() == pytest.approx(1)


def test_what_looks_like_two_towns_may_be_either(head, photos):
    vectors, _, _ = photos
    spread = head.spread((vectors[0] + vectors[1]) / 2)
    near = [great_circle_km(*town, spread.lat, spread.lon) < 100 for town in TOWNS]
    shares = [spread.weights[one].sum() for one in near]
    assert shares[0] > 0.2
    assert shares[1] > 0.2
    assert shares[2] + shares[3] < 0.2


def test_the_same_seed_gives_the_same_head(photos):
    vectors, lat, lon = photos
    cells = partition(lat, lon, 50, 5)
    small = Training(batch=32, steps=50, seed=3)
    one, other, third = (
        train_planet(vectors, lat, lon, cells, backbone_sha256="", training=how)
        for how in (small, small, Training(batch=32, steps=50, seed=4))
    )
    assert (one.weights == other.weights).all()
    assert (one.weights != third.weights).any()
    # Parts of the photos at a time lead to the same answers.
    assert great_circle_km(*TOWNS[2], *one.spread(vectors[2]).peak(500)) < 50


def test_far_photos_teach_their_nearest_cell(photos):
    vectors, lat, lon = photos
    cells = partition(lat, lon, 50, 5)
    # Farther than exp() reaches with this softness: still a target of its own.
    head = train_planet(
        vectors, lat, lon, cells, backbone_sha256="", training=Training(softness_km=1.0)
    )
    assert np.isfinite(head.weights).all()


def test_a_file_brings_it_back(head, photos, tmp_path):
    save_planet(head, tmp_path / "head.npz")
    again = load_planet(tmp_path / "head.npz", BACKBONE)
    one, other = head.spread(photos[0][0]), again.spread(photos[0][0])
    assert other.weights == pytest.approx(one.weights, abs=1e-2)
    assert (again.ids == head.ids).all()
    assert again.photos == 160


def test_another_backbone_is_refused(head, tmp_path):
    save_planet(head, tmp_path / "head.npz")
    with pytest.raises(ModelError, match="made for the backbone"):
        load_planet(tmp_path / "head.npz", "cd" * 32)


def test_damage_is_one_line(head, tmp_path):
    file = tmp_path / "head.npz"
    save_planet(head, file)
    file.write_bytes(file.read_bytes()[:500])
    with pytest.raises(ModelError, match=r"head\.npz: holds no planet"):
        load_planet(file, BACKBONE)


def test_photos_outside_all_cells_teach_nothing(photos):
    vectors, lat, lon = photos
    cells = partition(np.zeros(9), np.zeros(9) + 60, 9, 5)  # a face of Africa and its seas
    with pytest.raises(WrittenError, match="no photo lies in any"):
        train_planet(vectors, lat, lon, cells, backbone_sha256="")


def test_cross_validation_answers_every_photo_without_having_seen_it(photos, random):
    vectors, lat, lon = photos
    quick = Training(steps=60)
    answers = cross_validated(vectors, lat, lon, folds=4, training=quick)
    assert all(isinstance(one, Spread) for one in answers)
    km = [
        great_circle_km(a, o, *one.peak(500)) for a, o, one in zip(lat, lon, answers, strict=True)
    ]
    assert np.median(km) < 50
    # Where looks say nothing of the place, a head that had seen the photos would still know.
    noise = random.random((160, 400)).astype(np.float32)
    blind = cross_validated(noise, lat, lon, folds=4, training=quick)
    km = [great_circle_km(a, o, *one.peak(500)) for a, o, one in zip(lat, lon, blind, strict=True)]
    assert np.mean(np.array(km) < 50) < 0.45


def test_too_few_photos_for_the_folds():
    with pytest.raises(WrittenError, match="too few"):
        cross_validated(np.ones((3, 4), np.float32), np.zeros(3), np.zeros(3))
