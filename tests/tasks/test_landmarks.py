from __future__ import annotations

import csv

import numpy as np
import pytest

from edgevision.engines.litert import LiteRt
from edgevision.errors import ModelError
from edgevision.geo.distance import great_circle_km
from edgevision.geo.spread import Spread
from edgevision.pixels.photo import read_photo
from edgevision.pixels.prepare import Preparer
from edgevision.tasks.landmarks import Landmarks
from edgevision.values.box import FULL, centred_square
from edgevision.values.tensor import Features, Tensor, TensorSpec
from edgevision.zoo.landmarks import landmarks
from edgevision.zoo.registry import find

NETWORKS = ["efficientnet_lite0", "mobilenet_v2"]


def opened(name, **options):
    model = find(name)
    engine = LiteRt(model.path, model.name, model.sha256)
    return engine, Landmarks(model, engine.spec, {}, **options)


def look(engine, path):
    pixels = read_photo(path)
    prepare, box = Preparer(engine.spec.input), centred_square(pixels.shape[1], pixels.shape[0])
    return engine.infer(lambda tensor: prepare(pixels, box, tensor))


@pytest.mark.parametrize("name", NETWORKS)
def test_each_landmark_is_named_with_its_place_and_other_things_are_not(shared, name):
    engine, task = opened(name)
    folder = shared / "photos/landmarks/train"
    with (folder / "labels.csv").open(encoding="utf-8") as lines:
        first = {row["label"]: row for row in reversed(list(csv.DictReader(lines)))}
    assert set(first) == set(landmarks())
    right = 0
    for label, row in first.items():
        result = task.read(look(engine, folder / row["path"]), FULL)
        assert result.presence > 0.5
        if result.guesses[0].label == label:
            right += 1
            where = great_circle_km(
                result.place.lat, result.place.lon, float(row["lat"]), float(row["lon"])
            )
            assert where < result.place.radius_km
    assert right >= 46
    for other in ("n01440764", "n02123045", "n03063599"):
        path = shared / "photos/imagenet/samples" / f"{other}.jpg"
        if path.exists():
            assert task.read(look(engine, path), FULL).presence < 0.5


def of(vector):
    vector = np.asarray(vector, np.float32)
    return Features(vector=Tensor(vector, TensorSpec(vector.shape, "float32")))


def towards(task, label):
    """Features that say nothing else but `label`."""
    head = task._scores.head
    row = head.labels.index(label)
    return of((head.weights[row] - head.weights.mean(axis=0)) * 50)


@pytest.mark.parametrize(
    ("finest_km", "lat", "lon", "radius_km"), [(25, 48.9, 2.3, 25), (1, 48.86, 2.29, 3)]
)
def test_no_place_is_told_finer_than_wanted_nor_than_known(finest_km, lat, lon, radius_km):
    _, task = opened("efficientnet_lite0", finest_km=finest_km)
    result = task.read(towards(task, "eiffel_tower"), FULL)
    assert result.guesses[0].name == "Eiffel Tower"
    place = result.place
    assert (place.lat, place.lon, place.radius_km) == (lat, lon, radius_km)
    assert str(place) == f"near Paris, France ±{radius_km} km"


def test_a_wide_landmark_is_as_wide_as_it_is():
    _, task = opened("efficientnet_lite0", finest_km=0.1)
    place = task.read(towards(task, "great_wall_of_china"), FULL).place
    assert (place.lat, place.lon, place.radius_km) == (40.0, 117.0, 150.0)


def lisbon(_):
    return Spread(np.array([38.7, 40.4]), np.array([-9.1, -3.7]), np.array([3.0, 1.0]))


def test_what_is_no_landmark_may_be_found_by_photos_of_known_places():
    _, task = opened("efficientnet_lite0", locate=lisbon)
    background = task.read(towards(task, "background"), FULL)
    assert [(one.label, round(one.score, 2)) for one in background.guesses] == [
        ("Portugal", 0.75),
        ("Spain", 0.25),
    ]
    assert "Portugal" in background.place.name
    known = task.read(towards(task, "petra"), FULL)
    assert known.guesses[0].label == "petra"


def test_without_the_head_photos_of_known_places_alone_answer():
    _, task = opened("efficientnet_lite0", locate=lisbon, head=False)
    result = task.read(of(np.ones(1280)), FULL)
    assert result.guesses[0].label == "Portugal"
    assert task.expected("petra") == "Jordan"
    assert task.activation(of(np.ones(1280))) is None


def test_labels_of_photos():
    _, task = opened("mobilenet_v2")
    assert task.expected("Eiffel Tower") == task.expected("eiffel_tower") == "eiffel_tower"
    assert task.expected("none") is None
    assert task.expected("tench") is None
    assert task.expected("463") is None
    with pytest.raises(ModelError, match=r"'eifel_tower' is no landmark.*eiffel_tower"):
        task.expected("eifel_tower")


def test_landmarks_stand_where_others_know_them_to_stand():
    known = landmarks()
    assert len(known) == 48
    # From the Wikipedia articles.
    for label, lat, lon in (
        ("stonehenge", 51.1789, -1.8262),
        ("machu_picchu", -13.1631, -72.5450),
        ("statue_of_liberty", 40.6892, -74.0445),
        ("christ_the_redeemer", -22.9519, -43.2106),
    ):
        assert great_circle_km(known[label].lat, known[label].lon, lat, lon) < 1
