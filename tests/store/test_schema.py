from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import pytest

from edgevision.errors import OutputError
from edgevision.store.events import EventStore
from edgevision.store.filters import Filter
from edgevision.store.reader import EventReader
from edgevision.store.schema import APPLICATION, STEPS, VERSION, prepare


@pytest.fixture
def connection(tmp_path):
    opened = sqlite3.connect(tmp_path / "events.sqlite", isolation_level=None)
    yield opened
    opened.close()


def version(connection):
    return connection.execute("PRAGMA user_version").fetchone()[0]


def test_an_empty_file_gets_the_tables_and_the_version(connection):
    prepare(connection)
    assert version(connection) == VERSION
    assert connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION
    assert connection.execute("SELECT count(*) FROM events").fetchone() == (0,)


def test_preparing_twice_changes_nothing(connection):
    prepare(connection)
    before = connection.execute("SELECT sql FROM sqlite_master").fetchall()
    prepare(connection)
    assert connection.execute("SELECT sql FROM sqlite_master").fetchall() == before


NEXT = {
    VERSION: "ALTER TABLE events ADD COLUMN place TEXT",
    VERSION + 1: "UPDATE events SET place = 'x;y'; CREATE INDEX events_by_place ON events (place);",
}
FAILING = {**NEXT, VERSION + 1: "UPDATE events SET place = 'x'; INSERT INTO nowhere VALUES (1)"}


def test_an_older_file_goes_through_every_step_and_keeps_its_rows(connection):
    prepare(connection)
    connection.execute(
        "INSERT INTO events VALUES ('a', 'seen', 't', 'camera', 'dogs', 'pug', 0.5, '{}')"
    )
    prepare(connection, steps={**STEPS, **NEXT}, version=VERSION + 2)
    assert version(connection) == VERSION + 2
    assert connection.execute("SELECT id, place FROM events").fetchall() == [("a", "x;y")]


def test_a_step_that_fails_leaves_the_file_as_it_was_before_the_first(connection):
    prepare(connection)
    before = list(connection.iterdump())
    with pytest.raises(sqlite3.Error):
        prepare(connection, steps={**STEPS, **FAILING}, version=VERSION + 2)
    assert version(connection) == VERSION
    assert list(connection.iterdump()) == before
    prepare(connection)


def test_a_newer_file_is_refused(connection):
    prepare(connection)
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(OutputError, match="newer edgevision"):
        prepare(connection)


def test_another_programs_database_is_refused(connection):
    connection.execute("CREATE TABLE theirs (x)")
    with pytest.raises(OutputError, match="another program's"):
        prepare(connection)
    assert version(connection) == 0


OLDER = sorted((Path(__file__).parent / "data").glob("v*.sql"))


@pytest.fixture(params=OLDER, ids=lambda path: path.stem)
def older(request, tmp_path):
    """A file as an older edgevision left it, and its text."""
    path = tmp_path / "state" / "events.sqlite"
    path.parent.mkdir()
    text = request.param.read_text("utf-8")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(text)
        connection.execute("PRAGMA journal_mode = WAL")
    return path


def dumped(path):
    with closing(sqlite3.connect(path)) as connection:
        return [*connection.iterdump(), version(connection)]


def events_of(path):
    with EventReader(path) as reader:
        return [one.line for one in reader.every(Filter())]


def test_there_is_a_file_of_every_older_version():
    assert [path.stem for path in OLDER] == [f"v{number}" for number in range(1, VERSION)]


def test_an_older_file_can_be_read_without_being_changed(older):
    before = dumped(older)
    with EventReader(older) as reader:
        assert len(reader.newest(Filter(label="PUG", min_score=0.1))) == 2
        assert reader.newest(Filter(), 1)[0].corrected is None
    assert dumped(older) == before


def test_an_older_file_is_brought_up_to_date_with_a_copy_beside_it(older, make_event):
    before, lines = dumped(older), events_of(older)
    with EventStore(older) as store:
        store.add([make_event(1)])
    assert dumped(older)[-1] == VERSION
    assert sorted(events_of(older)) == sorted([*lines, make_event(1).to_json()])
    (copy,) = older.parent.glob("*.bak")
    assert copy.name == f"events.sqlite.v{before[-1]}.bak"
    assert dumped(copy) == before
    with closing(sqlite3.connect(older)) as migrated, closing(sqlite3.connect(":memory:")) as new:
        new.isolation_level = None
        prepare(new)
        assert forms(migrated) == forms(new)


def forms(connection):
    return sorted(connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall())


def test_what_the_log_of_an_older_file_holds_is_in_the_copy_too(older, tmp_path):
    writer = sqlite3.connect(older, isolation_level=None)
    writer.execute("UPDATE events SET score = 0.25")
    # Taken while the writer still has it open, the log is not yet in the file.
    taken = tmp_path / "taken"
    shutil.copytree(older.parent, taken)
    writer.close()
    assert (taken / "events.sqlite-wal").stat().st_size > 0
    with EventStore(taken / "events.sqlite"):
        pass
    (copy,) = taken.glob("*.bak")
    assert "0.25" in "".join(map(str, dumped(copy)))


def test_an_earlier_copy_is_not_written_over(older):
    named = older.with_name(f"{older.name}.v{dumped(older)[-1]}.bak")
    named.write_text("an earlier one")
    with EventStore(older):
        pass
    assert named.read_text() == "an earlier one"
    assert len(list(older.parent.glob("*.bak"))) == 2


def test_without_room_for_the_copy_the_older_file_stays_and_can_be_read(older, small_disk):
    place = small_disk / "events.sqlite"
    shutil.copy(older, place)
    (small_disk / "ballast").write_bytes(bytes(1 << 19))
    with suppress(OSError), (small_disk / "more").open("wb", buffering=0) as more:
        while more.write(bytes(4096)):
            pass
    before = place.read_bytes()
    with pytest.raises(OutputError, match="cannot keep events"):
        EventStore(place).open()
    assert place.read_bytes() == before
    assert not [path for path in small_disk.iterdir() if "bak" in path.name]
    (small_disk / "more").unlink()
    with EventStore(place):
        assert dumped(place)[-1] == VERSION


def test_a_program_that_is_killed_while_it_changes_the_form_leaves_the_older_one(older):
    before = dumped(older)
    code = """
import os, sqlite3, sys
from edgevision.store.schema import STEPS, prepare
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.create_function("die", 0, lambda: os.kill(os.getpid(), 9))
last = max(STEPS)
prepare(connection, steps={**STEPS, last: STEPS[last] + "; SELECT die()"})
"""
    killed = subprocess.run([sys.executable, "-c", code, str(older)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert dumped(older) == before
    with EventStore(older):
        assert dumped(older)[-1] == VERSION


def test_two_that_begin_at_once_change_it_once(older):
    code = (
        "import sys; from edgevision.store.events import EventStore; EventStore(sys.argv[1]).open()"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, str(older)]) for _ in range(3)]
    assert [one.wait(60) for one in both] == [0, 0, 0]
    assert dumped(older)[-1] == VERSION
