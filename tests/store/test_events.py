from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys

import pytest

from edgevision.errors import OutputError
from edgevision.store.events import EventStore


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "events.sqlite"


def test_what_was_added_is_there_after_opening_again(path, make_event):
    events = [make_event(1), make_event(2), make_event(1, phase="ended")]
    with EventStore(path) as store:
        assert store.add(events) == 3
    with EventStore(path) as store:
        assert store.count() == 3
        assert store.latest(1) == [events[1].to_json()]
        assert len(store.latest(10)) == 3


def test_a_phase_is_kept_once(path, make_event):
    with EventStore(path) as store:
        store.add([make_event(1)])
        assert store.add([make_event(1, score=0.1), make_event(1, phase="ended")]) == 1
        assert store.count() == 2
        kept = [json.loads(line) for line in store.latest(2)]
        assert next(event for event in kept if event["phase"] == "seen")["score"] == 0.87


def test_nothing_to_add_is_nothing_added(path):
    with EventStore(path) as store:
        assert store.add([]) == 0


def test_columns_say_what_the_json_says(path, make_event):
    event = make_event(5, label="pug", source="door")
    with EventStore(path) as store:
        store.add([event])
    with sqlite3.connect(path) as connection:
        row = connection.execute("SELECT id, phase, time, source, task, label, json FROM events")
        *columns, line = row.fetchone()
    connection.close()
    described = json.loads(line)
    assert columns == [
        described[name] for name in ("id", "phase", "time", "source", "task", "label")
    ]
    assert line == event.to_json()


def test_it_is_as_safe_as_the_documentation_says(path):
    with EventStore(path) as store:
        asked = [store._read(f"PRAGMA {name}")[0][0] for name in ("journal_mode", "synchronous")]
    assert asked == ["wal", 1]


def test_the_log_of_a_damaged_file_is_kept_beside_it(path):
    path.parent.mkdir()
    path.write_bytes(b"this is no database at all\n" * 100)
    path.with_name("events.sqlite-wal").write_bytes(b"its log")
    with EventStore(path) as store:
        assert store.count() == 0
    (log,) = path.parent.glob("events.sqlite.damaged-*-wal")
    assert log.read_bytes() == b"its log"


def test_a_reader_may_look_while_it_writes(path, make_event):
    with EventStore(path) as store, EventStore(path) as reader:
        store.add([make_event(1)])
        assert reader.count() == 1
        store.add([make_event(2)])
        assert reader.count() == 2


def test_text_that_is_no_utf8_is_kept_as_near_as_can_be(path, make_event):
    with EventStore(path) as store:
        assert store.add([make_event(1, label="a\ud800b")]) == 1


@pytest.mark.parametrize("content", [b"this is no database, but someone's notes\n" * 40, b"SQLite"])
def test_what_is_no_database_is_moved_aside_and_kept(path, make_event, caplog, content):
    path.parent.mkdir()
    path.write_bytes(content)
    with EventStore(path) as store:
        store.add([make_event(1)])
        assert store.count() == 1
    (aside,) = path.parent.glob("events.sqlite.damaged-*")
    assert aside.read_bytes() == content
    assert "is damaged" in caplog.text


def test_a_file_damaged_in_the_middle_is_moved_aside_whole(path, make_event, caplog):
    with EventStore(path) as store:
        store.add([make_event(number) for number in range(400)])
    content = bytearray(path.read_bytes())
    for page in range(2, len(content) // 4096, 2):
        content[page * 4096 : page * 4096 + 200] = os.urandom(200)
    path.write_bytes(content)
    with EventStore(path) as store:
        assert store.count() == 0
    (aside,) = path.parent.glob("events.sqlite.damaged-*")
    assert aside.read_bytes() == bytes(content)
    assert "is damaged" in caplog.text
    assert "\n" not in caplog.messages[0]


def test_damage_while_it_is_open_loses_no_new_event(path, make_event):
    with EventStore(path) as store:
        store.add([make_event(number) for number in range(400)])
        store.close()
        store.open()
        store._connection.execute("PRAGMA shrink_memory")
        with path.open("r+b") as file:
            for page in range(1, path.stat().st_size // 4096):
                file.seek(page * 4096)
                file.write(os.urandom(300))
        assert store.add([make_event(1000)]) == 1
        assert store.latest(1) == [make_event(1000).to_json()]
    assert list(path.parent.glob("events.sqlite.damaged-*"))


def test_a_file_that_was_taken_away_is_begun_anew(path, make_event):
    with EventStore(path) as store:
        store.add([make_event(1)])
        shutil.rmtree(path.parent)
        assert store.add([make_event(2)]) == 1
    with EventStore(path) as store:
        assert store.count() == 1


def test_a_newer_file_is_refused_and_left_alone(path):
    with EventStore(path):
        pass
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(OutputError, match=r"events\.sqlite: the database has form 99"):
        EventStore(path).open()
    assert path.read_bytes() == before


def test_another_programs_database_is_refused_and_left_alone(path):
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(OutputError, match="another program's"):
        EventStore(path).open()
    assert not list(path.parent.glob("*.damaged-*"))


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(OutputError, match="cannot keep events"):
        EventStore(tmp_path).open()


def test_a_path_under_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="cannot keep events"):
        EventStore(tmp_path / "file" / "events.sqlite").open()


def test_a_store_that_is_closed_says_so(path, make_event):
    store = EventStore(path)
    with store:
        store.close()
    store.close()
    with pytest.raises(OutputError, match="not open"):
        store.add([make_event(1)])


def test_while_another_writes_it_is_refused_and_works_afterwards(path, make_event):
    with EventStore(path) as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OutputError, match="locked"):
            store.add([make_event(1)])
        other.execute("ROLLBACK")
        other.close()
        assert store.add([make_event(1)]) == 1


def test_a_full_disk_is_refused_and_loses_nothing_that_was_committed(small_disk, make_event):
    path = small_disk / "events.sqlite"
    with EventStore(path) as store:
        kept = 0
        refused = ""
        while not refused:
            try:
                kept += store.add([make_event(kept)])
            except OutputError as error:  # noqa: PERF203 - until it is full
                refused = str(error)
        assert re.search(r"cannot keep events: .*(full|I/O)", refused)
        assert kept > 10
        assert store.count() == kept
        (small_disk / "ballast").unlink()
        assert store.add([make_event(200_000)]) == 1
        assert store.count() == kept + 1


WRITER = """
import sys
from dataclasses import replace
from datetime import datetime, timezone
from edgevision.store.events import EventStore
from edgevision.values.box import FULL
from edgevision.values.event import Event
now = datetime.now(timezone.utc)
event = Event("x", "seen", now, "camera", "dogs", "pug", "pug", 0.5, (), FULL, "model", "0" * 64,
              {}, now, now, 1)
with EventStore(sys.argv[1]) as store:
    for number in range(10**9):
        name = f"{sys.argv[2]}-{number}"
        store.add([replace(event, id=name), replace(event, id=name, phase="ended")])
        print(name, flush=True)
"""


def test_a_killed_writer_loses_nothing_that_it_said_was_committed(path):
    told = []
    for round_ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(round_)],
            stdout=subprocess.PIPE,
            text=True,
        )
        told += [writer.stdout.readline().strip() for _ in range(150 + 37 * round_)]
        writer.send_signal(signal.SIGKILL)
        told += writer.stdout.read().split("\n")[:-1]
        writer.wait()
        writer.stdout.close()
    with EventStore(path) as store:
        kept = store.latest(10**6)
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    kept = {row[0] for row in connection.execute("SELECT id FROM events WHERE phase = 'seen'")}
    connection.close()
    assert len(told) >= 500
    assert set(told) <= kept
    assert len(kept) <= len(told) + 3


def test_the_log_stays_small_also_where_a_reader_stayed_for_long(path, make_event):
    log = path.with_name("events.sqlite-wal")
    with EventStore(path) as store:
        store.add([make_event(0)])
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM events").fetchone()
        for start in range(1, 6000, 500):
            store.add([make_event(number) for number in range(start, start + 500)])
        assert log.stat().st_size > 6 * 2**20
        reader.execute("COMMIT")
        reader.close()
        for number in range(7000, 7003):
            store.add([make_event(number)])
        assert log.stat().st_size <= 4 * 2**20
