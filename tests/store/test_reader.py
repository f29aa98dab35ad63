from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgevision.errors import StoreError
from edgevision.store.events import EventStore
from edgevision.store.filters import Filter
from edgevision.store.reader import EventReader
from edgevision.values.label import canonical

LABELS = ("golden_retriever", "Golden Retriever", "pug", "basset-hound", "ẞ")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.sqlite"


@pytest.fixture
def keep(path):
    """Puts events into the store."""

    def keep(*events):
        with EventStore(path) as store:
            store.add(events)
        return path

    return keep


def numbers(found):
    return [int(one.event["id"][10:]) for one in found]


def test_the_newest_come_first_and_no_more_than_asked_for(keep, make_event):
    keep(*(make_event(number) for number in (3, 1, 2)))
    with EventReader(keep()) as reader:
        assert numbers(reader.newest(Filter(), 2)) == [3, 2]
        assert numbers(reader.every(Filter())) == [1, 2, 3]
        assert reader.newest(Filter(), 1)[0].line == make_event(3).to_json()


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_every_filter_finds_what_looking_at_each_event_finds(make_event, tmp_path_factory, data):
    draw = data.draw
    one = st.tuples(
        st.sampled_from(LABELS),
        st.sampled_from(("dogs", "classify")),
        st.sampled_from(("door", "garden")),
        st.sampled_from((0.2, 0.7, 0.9)),
        st.sampled_from(("seen", "ended")),
    )
    events = [
        make_event(number, label=label, task=task, source=source, score=score, phase=phase)
        for number, (label, task, source, score, phase) in enumerate(draw(st.lists(one)))
    ]
    first = make_event(0).time
    moments = st.none() | st.sampled_from([first + timedelta(seconds=n) for n in range(10)])
    wanted = Filter(
        since=draw(moments),
        until=draw(moments),
        task=draw(st.none() | st.sampled_from(("dogs", "classify", "birds"))),
        label=draw(st.none() | st.sampled_from((*LABELS, "GOLDENRETRIEVER", "cat"))),
        source=draw(st.none() | st.sampled_from(("door", "x"))),
        min_score=draw(st.none() | st.sampled_from((0.0, 0.7, 0.91))),
        phase=draw(st.none() | st.sampled_from(("seen", "ended"))),
    )
    expected = [
        event
        for event in events
        if (wanted.since is None or event.time >= wanted.since)
        and (wanted.until is None or event.time < wanted.until)
        and wanted.task in {None, event.task}
        and (wanted.label is None or canonical(wanted.label) == canonical(event.label))
        and wanted.source in {None, event.source}
        and (wanted.min_score is None or event.score >= wanted.min_score)
        and wanted.phase in {None, event.phase}
    ]
    path = tmp_path_factory.mktemp("any") / "events.sqlite"
    limit = draw(st.integers(1, 5))
    with EventStore(path) as store, EventReader(path) as reader:
        assert reader.follow(0, wanted) == ([], 0)
        store.add(events)
        assert [one.line for one in reader.every(wanted)] == [one.to_json() for one in expected]
        newest = [one.to_json() for one in reversed(expected)][:limit]
        assert [one.line for one in reader.newest(wanted, limit)] == newest
        followed, last = reader.follow(0, wanted)
        assert [one.line for one in followed] == [one.to_json() for one in expected]
        assert last == len(events)


def test_it_reads_while_another_writes_and_never_writes_itself(path, make_event):
    with EventStore(path) as store:
        store.add([make_event(1)])
        with EventReader(path) as reader:
            store.add([make_event(2)])
            assert numbers(reader.newest(Filter())) == [2, 1]
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                reader._connection.execute("DELETE FROM events")
            store.add([make_event(3)])
            assert reader.follow(2, Filter())[0][0].event == json.loads(make_event(3).to_json())


def test_a_file_that_was_begun_anew_is_followed_from_its_beginning(keep, path, make_event):
    keep(*(make_event(number) for number in range(5)))
    path.unlink()
    keep(make_event(9))
    with EventReader(path) as reader:
        found, last = reader.follow(5, Filter())
    assert (numbers(found), last) == ([9], 1)


def test_it_reads_a_file_on_a_disk_that_is_read_only(keep, path, make_event, small_disk):
    keep(make_event(1))
    shutil.copy(path, small_disk / "events.sqlite")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with EventReader(small_disk / "events.sqlite") as reader:
        assert numbers(reader.newest(Filter())) == [1]


def test_where_none_is_kept_it_says_where_it_would_be(path):
    with pytest.raises(StoreError, match=r"events\.sqlite: is not there: no events"):
        EventReader(path).__enter__()
    path.mkdir()
    with pytest.raises(StoreError, match="is no file"):
        EventReader(path).__enter__()
    path.rmdir()
    path.touch()
    with pytest.raises(StoreError, match="no events yet"):
        EventReader(path).__enter__()


def test_another_programs_database_is_refused(path):
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program's"):
        EventReader(path).__enter__()
    assert path.read_bytes() == before


def test_a_newer_file_is_refused(keep, make_event):
    path = keep(make_event(1))
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match="newer edgevision"):
        EventReader(path).__enter__()


def test_a_damaged_file_is_refused_with_the_way_to_mend_it(path):
    path.write_bytes(b"these are notes, and no database\n" * 300)
    with pytest.raises(StoreError, match=r"not a database; to mend it: sqlite3 FILE"):
        EventReader(path).__enter__()
    assert path.read_bytes().startswith(b"these are notes")


def test_a_file_that_is_damaged_in_the_middle_is_told_and_left_alone(keep, path, make_event):
    keep(*(make_event(number) for number in range(600)))
    whole = bytearray(path.read_bytes())
    for start in range(4096, len(whole), 4096):
        whole[start : start + 64] = b"\xff" * 64
    path.write_bytes(whole)
    with pytest.raises(StoreError, match="mend it"), EventReader(path) as reader:
        list(reader.every(Filter()))
    assert path.read_bytes() == whole


def test_a_row_whose_event_is_no_json_is_told(keep, path, make_event):
    keep(make_event(1))
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE events SET json = '[1]'")
    connection.close()
    with EventReader(path) as reader, pytest.raises(StoreError, match=r"row 1 .* damaged"):
        _ = reader.newest(Filter())[0].event
