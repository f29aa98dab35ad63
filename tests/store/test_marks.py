from __future__ import annotations

import pytest

from edgevision.errors import ConfigError, StoreError
from edgevision.store import marks
from edgevision.store.events import EventStore
from edgevision.store.filters import Filter
from edgevision.store.reader import EventReader


@pytest.fixture
def path(tmp_path, make_event):
    place = tmp_path / "events.sqlite"
    with EventStore(place) as store:
        store.add([make_event(1), make_event(1, phase="ended"), make_event(2, label="pug")])
    return place


def kept(path, **wanted):
    with EventReader(path) as reader:
        found = list(reader.every(Filter(**wanted)))
    return [(int(one.event["id"][10:]), one.corrected, one.pinned) for one in found]


def test_a_pinned_sighting_is_shown_so_until_it_is_unpinned(path, make_event):
    marks.pin(path, make_event(1).id)
    marks.pin(path, make_event(1).id)
    assert kept(path) == [(1, None, True), (1, None, True), (2, None, False)]
    marks.unpin(path, make_event(1).id)
    marks.unpin(path, make_event(1).id)
    assert not any(pinned for *_, pinned in kept(path))


def test_a_correction_is_kept_beside_the_event_and_found_by_its_label(path, make_event):
    assert marks.relabel(path, make_event(2).id, "  French Bulldog ") == "French Bulldog"
    assert kept(path, label="french_bulldog") == [(2, "French Bulldog", False)]
    assert kept(path, label="pug") == []
    assert kept(path, label="french_bulldog", min_score=0.8) == [(2, "French Bulldog", False)]
    assert kept(path, label="pug", min_score=0.8) == []
    assert kept(path, label="french_bulldog", task="classify") == []
    with EventReader(path) as reader:
        assert reader.newest(Filter(), 1)[0].line == make_event(2, label="pug").to_json()
        assert reader.follow(2, Filter(label="frenchbulldog"))[0][0].corrected == "French Bulldog"


def test_the_last_correction_counts(path, make_event):
    marks.relabel(path, make_event(2).id, "cat")
    marks.relabel(path, make_event(2).id, "none")
    assert kept(path, label="none") == [(2, "none", False)]


def test_it_works_beside_a_writer(path, make_event):
    with EventStore(path) as store:
        marks.pin(path, make_event(1).id)
        assert store.add([make_event(3)]) == 1
    assert (1, None, True) in kept(path)


@pytest.mark.parametrize("label", ["", "  ", "a" * 65, "a\nb", "../x", "a\x1b[2J", "a\\b"])
def test_what_is_no_label_is_refused(path, make_event, label):
    with pytest.raises(ConfigError, match="is no label"):
        marks.relabel(path, make_event(1).id, label)
    assert all(corrected is None for _, corrected, _ in kept(path))


def test_a_sighting_that_there_is_not_is_refused(path):
    for mark in (marks.pin, marks.unpin, lambda *each: marks.relabel(*each, "cat")):
        with pytest.raises(ConfigError, match="no event 'X'"):
            mark(path, "X")


def test_where_there_is_no_database_none_is_made(tmp_path):
    with pytest.raises(StoreError, match="is not there"):
        marks.pin(tmp_path / "events.sqlite", "X")
    assert list(tmp_path.iterdir()) == []
