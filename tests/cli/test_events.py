from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from datetime import datetime, timedelta, timezone

import pytest

from edgevision.store.events import EventStore


@pytest.fixture
def database(tmp_path):
    """The path that a new user's settings have."""
    return tmp_path / "home" / "state" / "edgevision" / "events.sqlite"


@pytest.fixture
def keep(database, environment):
    def keep(*events):
        with EventStore(database) as store:
            store.add(events)

    return keep


def test_the_newest_are_listed_with_the_newest_last(edgevision, keep, make_event):
    keep(*(make_event(number, label=f"l{number}", name=f"n {number}") for number in range(60)))
    done = edgevision("events", "list")
    assert done.code == 0
    lines = done.out.splitlines()
    assert len(lines) == 50
    assert "n 10" in lines[0]
    assert "n 59" in lines[-1]
    assert "87%" in lines[-1]
    (line,) = edgevision("events", "list", "--limit", "1", "--json").events
    assert line == {**make_event(59, label="l59", name="n 59").to_dict(), **_untouched()}


def _untouched():
    return {"kept": {"corrected": None, "pinned": False}}


def test_filters_choose_and_labels_compare_as_labels_do(edgevision, keep, make_event):
    now = datetime.now(timezone.utc)
    keep(
        make_event(1, time=now - timedelta(hours=3)),
        make_event(2, time=now - timedelta(hours=1), score=0.6),
        make_event(3, time=now - timedelta(minutes=5), label="pug"),
        make_event(4, time=now, task="classify"),
    )

    def ids(*flags):
        return [
            int(event["id"][10:]) for event in edgevision("events", "list", "--json", *flags).events
        ]

    assert ids("--since", "2h") == [2, 3, 4]
    assert ids("--since", "2h", "--until", "30m") == [2]
    assert ids("--label", "Golden Retriever", "--task", "dogs") == [1, 2]
    assert ids("--label", "golden-retriever", "--min-score", "0.7") == [1, 4]
    assert ids("--source", "nowhere") == []
    assert "no event is of that kind" in edgevision("events", "list", "--source", "x").err


def test_one_sighting_is_shown_whole(edgevision, keep, make_event):
    event = make_event(1)
    keep(event, make_event(1, phase="ended", hits=24))
    done = edgevision("events", "show", event.id.lower())
    assert "24 hits" in done.out
    assert "kuvasz" in done.out
    found = json.loads(edgevision("events", "show", event.id, "--json").out)
    assert [one["phase"] for one in found] == ["seen", "ended"]
    assert "no event 'X'" in edgevision("events", "show", "X").refused(2)


def test_an_export_is_whole_or_not_there(edgevision, keep, make_event, tmp_path):
    keep(*(make_event(number, label='a "b", c') for number in range(3)))
    done = edgevision("events", "export", "all.csv")
    assert "3 events" in done.out
    rows = list(csv.DictReader((tmp_path / "all.csv").read_text("utf-8").splitlines()))
    assert [row["label"] for row in rows] == ['a "b", c'] * 3
    assert rows[0]["pinned"] == "false"
    edgevision("events", "export", "all.jsonl", "--limit", "2")
    lines = (tmp_path / "all.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [make_event(n).id for n in (0, 1)]
    assert len(edgevision("events", "export", "-").events) == 3
    assert "cannot be written" in edgevision("events", "export", "no/such/folder").refused(3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.csv", "all.jsonl", "home"]


def test_a_sighting_is_pinned_and_corrected(edgevision, keep, make_event):
    keep(make_event(1))
    identity = make_event(1).id
    assert "pinned" in edgevision("events", "pin", identity.lower()).out
    assert edgevision("events", "relabel", identity, "Yellow Labrador").code == 0
    (line,) = edgevision("events", "list", "--label", "yellow-labrador").out.splitlines()
    assert line.endswith("corrected: Yellow Labrador  pinned")
    (found,) = json.loads(edgevision("events", "show", identity, "--json").out)
    assert found["kept"] == {"corrected": "Yellow Labrador", "pinned": True, "files": []}
    assert edgevision("events", "unpin", identity).code == 0
    assert edgevision("events", "relabel", identity, "--undo").code == 0
    assert "corrected" not in edgevision("events", "list").out
    assert "LABEL, or --undo" in edgevision("events", "relabel", identity).refused(2)
    assert "pinned" not in edgevision("events", "list").out
    assert "no event 'X'" in edgevision("events", "pin", "x").refused(2)
    assert "is no label" in edgevision("events", "relabel", identity, "a/b").refused(2)


def test_old_events_are_let_go_after_a_look_at_what_would(edgevision, keep, make_event, tmp_path):
    now = datetime.now(timezone.utc)
    keep(make_event(1, time=now - timedelta(days=9)), make_event(2, time=now))
    (tmp_path / "edgevision.yaml").write_text("store: {retention: {max_age_days: 7}}\n")
    assert "would go: 1 events, 0 files" in edgevision("events", "prune", "--dry-run").out
    assert len(edgevision("events", "list").out.splitlines()) == 2
    assert "gone: 1 events" in edgevision("events", "prune").out
    assert len(edgevision("events", "list").out.splitlines()) == 1
    assert "gone: 0 events" in edgevision("events", "prune", "--database", "none.sqlite").out


def test_new_events_are_followed(keep, make_event, environment, tmp_path):
    keep(make_event(1))
    words = [sys.executable, "-m", "edgevision", "events", "tail", "--json", "--label", "pug"]
    # What a shell starts in the background is born deaf to Ctrl-C, and so are its children.
    kept = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        follower = subprocess.Popen(
            words, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
        )
    finally:
        signal.signal(signal.SIGINT, kept)
    try:
        os.set_blocking(follower.stdout.fileno(), True)
        keep(make_event(2, label="pug"))
        assert json.loads(follower.stdout.readline())["id"] == make_event(2).id
        keep(make_event(3), make_event(4, label="Pug"))
        assert json.loads(follower.stdout.readline())["id"] == make_event(4).id
    finally:
        follower.send_signal(signal.SIGINT)
        follower.communicate(timeout=30)
    assert follower.returncode == 130


@pytest.mark.parametrize("command", [["list"], ["tail"], ["show", "X"], ["export", "x.csv"]])
def test_without_a_database_it_says_where_it_would_be(edgevision, command, database, tmp_path):
    said = edgevision("events", *command).refused(3)
    assert str(database) in said
    assert "`edgevision run`" in said
    assert not (tmp_path / "x.csv").exists()
    assert "elsewhere" in edgevision("events", *command, "--database", "elsewhere").refused(3)


def test_a_time_that_is_none_is_refused(edgevision):
    said = edgevision("events", "list", "--since", "yesterday").refused(2)
    assert "'yesterday' is no time; expected 2h" in said


def test_a_damaged_database_is_told_and_left_alone(edgevision, database, environment):
    database.parent.mkdir(parents=True)
    database.write_bytes(b"no database at all" * 100)
    assert "not a database" in edgevision("events", "list").refused(3)
    assert database.read_bytes() == b"no database at all" * 100
