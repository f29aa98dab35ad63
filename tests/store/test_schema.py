from __future__ import annotations

import sqlite3

import pytest

from edgevision.errors import OutputError
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


def test_an_older_file_goes_through_every_step_and_keeps_its_rows(connection):
    prepare(connection)
    connection.execute(
        "INSERT INTO events VALUES ('a', 'seen', 't', 'camera', 'dogs', 'pug', 0.5, '{}')"
    )
    steps = {
        **STEPS,
        1: "ALTER TABLE events ADD COLUMN place TEXT",
        2: "UPDATE events SET place = 'x'",
    }
    prepare(connection, steps=steps, version=3)
    assert version(connection) == 3
    assert connection.execute("SELECT id, place FROM events").fetchall() == [("a", "x")]


def test_a_step_that_fails_leaves_the_file_as_it_was(connection):
    prepare(connection)
    steps = {**STEPS, 1: "ALTER TABLE events ADD COLUMN place TEXT; INSERT INTO nowhere VALUES (1)"}
    with pytest.raises(sqlite3.Error):
        prepare(connection, steps=steps, version=2)
    assert version(connection) == 1
    columns = [row[1] for row in connection.execute("PRAGMA table_info(events)")]
    assert "place" not in columns
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
