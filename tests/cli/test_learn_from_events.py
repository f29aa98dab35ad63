"""Sightings of real photos are stored, corrected and learnt; the new task knows others of them."""

from __future__ import annotations

import csv
import json
import shutil
from collections import defaultdict

import cv2
import numpy as np
import pytest

from edgevision.store import marks
from edgevision.store.events import EventStore
from edgevision.store.files import Ledger, StoredFile, digest_of

SETTINGS = """
task: classify
source: {{uri: "images:{folder}", name: {name}}}
region: full
decide: {{mode: frames, threshold: 0.0, presence: 0.0}}
outputs: {{console: false, snapshots: {{folder: pictures, what: crop, quality: 95}}}}
"""


@pytest.fixture
def photos(shared):
    """Photos of landmarks by label and part of the material."""

    def photos(part, most):
        found = defaultdict(list)
        folder = shared / "photos" / "landmarks" / part
        with (folder / "labels.csv").open(encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                found[row["label"]].append(folder / row["path"])
        return {label: paths[:most] for label, paths in sorted(found.items())}

    return photos


@pytest.fixture
def see(edgevision, tmp_path):
    """Runs over photos, and corrects each sighting to a label: `see(paths, "tower")`."""

    def see(paths, label):
        folder = tmp_path / label
        folder.mkdir()
        for path in paths:
            shutil.copy(path, folder)
        (tmp_path / "edgevision.yaml").write_text(SETTINGS.format(folder=folder, name=label))
        assert edgevision("run").code == 0
        seen = edgevision("events", "list", "--source", label, "--phase", "seen", "--json").events
        assert len(seen) == len(paths)
        return [event["id"] for event in seen]

    return see


def test_what_was_corrected_is_learnt(edgevision, photos, see, tmp_path):
    train = list(photos("train", 6).items())[:2]
    for number, (_, paths) in enumerate(train):
        for identity in see(paths, f"place{number}"):
            assert edgevision("events", "relabel", identity, f"Place {number}").code == 0
    done = edgevision("learn", "places", "--from-events", "--json")
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert told["from_events"] == 12
    assert {label: one["photos"] for label, one in told["classes"].items()} == {
        "Place 0": 6,
        "Place 1": 6,
    }
    right = asked = 0
    unseen = photos("test", 6)
    for number, (label, _) in enumerate(train):
        for path in unseen[label]:
            done = edgevision("classify", "--task", "places", path, "--json")
            (answer,) = json.loads(done.out)
            asked += 1
            right += answer["results"][0]["guesses"][0]["label"] == f"Place {number}"
    assert asked >= 4
    assert right >= asked - 1


@pytest.fixture
def database(tmp_path, environment):
    return tmp_path / "home" / "state" / "edgevision" / "events.sqlite"


@pytest.fixture
def keep(database, make_event, tmp_path, random):
    """Keeps a sighting with its box as a picture, and corrects it: `keep(1, "cat")`."""

    def keep(number, label, *, kind="crop", task="dogs"):
        event = make_event(number, task=task)
        with EventStore(database) as store:
            store.add([event])
        path = tmp_path / f"{number}.jpg"
        cv2.imwrite(str(path), random.integers(0, 256, (90, 90, 3), dtype=np.uint8))
        data = path.read_bytes()
        file = StoredFile(path, event.id, kind, event.time, len(data), digest_of(data))
        Ledger(database).enter([file])
        if label:
            marks.relabel(database, event.id, label)
        return path

    return keep


def test_without_corrections_it_says_how_to_make_some(edgevision, database, keep, tmp_path):
    assert str(database) in edgevision("learn", "pets", "--from-events").refused(3)
    keep(1, None)
    said = edgevision("learn", "pets", "--from-events").refused(2)
    assert "no sighting was corrected" in said
    assert "edgevision events relabel ID LABEL" in said
    keep(2, "cat", kind="full")
    said = edgevision("learn", "pets", "--from-events").refused(2)
    assert "1 sightings were corrected, but no box of them is stored" in said
    assert "outputs.snapshots.what" in said


def test_one_class_is_too_few_and_none_tells_it_from_nothing(edgevision, keep):
    for number in range(3):
        keep(number, "cat")
    assert "shows only cat" in edgevision("learn", "pets", "--from-events").refused(2)
    keep(4, "None")
    told = json.loads(edgevision("learn", "pets", "--from-events", "--json").out)
    assert {label: one["photos"] for label, one in told["classes"].items()} == {"cat": 3, "none": 1}


def test_corrections_join_the_photos_of_a_folder_under_its_names(edgevision, keep, tmp_path):
    keep(1, "red squirrel")
    keep(2, "RED_SQUIRREL")
    keep(3, "red squirrel").unlink()
    folder = tmp_path / "album" / "Red-Squirrel"
    folder.mkdir(parents=True)
    shutil.copy(keep(4, "jay", task="classify"), folder / "a.jpg")
    done = edgevision("learn", "garden", "album", "--from-events", "--json")
    told = json.loads(done.out)
    assert {label: one["photos"] for label, one in told["classes"].items()} == {
        "Red-Squirrel": 3,
        "jay": 1,
    }
    assert "3.jpg: is gone" in done.err
    only = edgevision("learn", "garden", "--from-events", "--of-task", "classify").refused(2)
    assert "shows only jay" in only


def test_the_folder_or_the_events_have_to_be_named(edgevision):
    assert "DIR is missing" in edgevision("learn", "pets").refused(2)
    assert "--from-events" in edgevision("learn", "pets", "x", "--of-task", "dogs").refused(2)
