"""Figures of photos that heads were made of come from heads that did not see them."""

from __future__ import annotations

import importlib
import json
import zipfile

import numpy as np
import pytest

from edgevision.zoo.labels import DATA
from edgevision.zoo.registry import embedded

LEFT_OUT = {"photo_0002.jpg", "photo_0008.jpg", "photo_0017.jpg", "street_0105.jpg"}


@pytest.fixture
def held_out(project, monkeypatch):
    monkeypatch.syspath_prepend(str(project / "scripts"))
    return importlib.import_module("held_out")


def test_streets_of_one_place_are_in_one_fold(held_out):
    random = np.random.default_rng(3)
    # A road with a photo every 30 km: its ends are far apart, and yet no fold may cut it.
    lat = np.concatenate([np.arange(20) * 0.27, random.uniform(-60, 60, 180)])
    lon = np.concatenate([np.zeros(20), random.uniform(20, 180, 180)])
    folds = held_out.by_place(lat, lon)
    assert len(set(folds[:20])) == 1
    assert np.bincount(folds, minlength=held_out.FOLDS).tolist() == [20] * held_out.FOLDS


@pytest.fixture
def trial(held_out):
    """Photos of three landmarks and of streets in eight features, with what was said of them."""
    discriminants = importlib.import_module("discriminants")
    random, views = np.random.default_rng(5), ("square 224", "mirror 224", "crop 0")
    classes = np.repeat(np.arange(3), 20)
    middles = random.normal(0, 3, (3, 8))
    landmarks = {view: middles[classes] + random.normal(0, 1, (60, 8)) for view in views}
    streets = {view: random.normal(0, 2, (40, 8)) for view in views}
    kinds = {"geotagged": held_out.Others(streets, np.arange(40) % held_out.FOLDS)}
    drawn = random.normal(0, 2, (15, 8))
    material = discriminants.Material(
        landmarks=landmarks,
        classes=classes,
        corners={"corner 0": random.normal(0, 2, (60, 8))},
        others=np.concatenate([*streets.values(), drawn]),
    )
    folds = held_out.by_class(classes)
    return material, kinds, folds, held_out.tried(material, kinds, folds, 3, [224])


def test_what_is_said_of_a_photo_is_said_by_a_head_that_did_not_see_it(held_out, trial):
    material, kinds, folds, found = trial
    scale, said = found.scales["square 224"], found.said["geotagged"]
    for fold in range(held_out.FOLDS):
        mine = kinds["geotagged"].folds == fold
        seen_not = np.concatenate([np.tile(mine, 3), np.zeros(15, bool)])
        rows, row = held_out.fitted(material.without(folds == fold, seen_not), 3, scale)
        vectors = kinds["geotagged"].views["mirror 224"][mine]
        np.testing.assert_allclose(said.rows["mirror 224"][mine], rows(vectors))
        np.testing.assert_allclose(said.floors["mirror 224"][mine], row(vectors)[:, 0])


def test_no_more_is_lost_than_may_be_and_the_bar_counts_for_others_too(trial):
    *_, found = trial
    lift = found.lift("both 224", 0.05)
    lax, bar, strict = (found.lifted(lift + by).figures("both 224") for by in (-10, 0, 10))
    assert lax["lost"] == 0
    assert bar["lost"] == pytest.approx(0.05)
    assert strict["lost"] > 0.05
    counts = [one["geotagged"] for one in (lax, bar, strict)]
    assert [one["n"] for one in counts] == [40, 40, 40]
    assert counts[0]["passes"] > counts[1]["passes"] >= counts[2]["passes"]
    assert all(one["told"] <= one["passes"] for one in counts)


def test_two_networks_are_one_head_that_means_theirs(trial):
    *_, found = trial
    alone = found.figures("both 224")
    assert found.beside(found, 224, "pair 224").figures("pair 224") == alone


@pytest.mark.parametrize("name", sorted(embedded()))
def test_the_package_s_heads_say_which_streets_they_saw_and_what_was_said_unseen(name):
    with zipfile.ZipFile(DATA / "heads" / f"{name}.landmarks.npz") as archive:
        about = json.loads(np.load(archive.open("about.npy")).tobytes())
    (streets,) = (one for one in about["provenance"]["photos"] if one["folder"] == "geotagged")
    assert set(streets["left_out"]) == LEFT_OUT
    looks = about["provenance"]["cross_validation"]["looks"]
    for look in looks.values():
        assert look["geotagged"]["n"] == streets["photos"] == 516
        assert look["lost"] < 0.05 + 0.01
        assert look["geotagged"]["told"] / 516 <= 0.03
