"""What waits to be sent: kept with the event, in order, bounded, and gone only when told so."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from edgevision.errors import OutputError
from edgevision.store.events import EventStore
from edgevision.store.outbox import Outbox


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.sqlite"


def ids(outbox, most=1000):
    return [(one.id, one.phase) for one in outbox.first(most)]


def test_an_event_waits_for_each_sink_until_it_has_arrived(path, make_event):
    events = [make_event(number) for number in range(5)]
    with EventStore(path, ["mqtt", "webhook"]) as store:
        store.add(events)
        mqtt, webhook = Outbox(path, "mqtt"), Outbox(path, "webhook")
        waiting = mqtt.first(3)
        assert [one.json for one in waiting] == [event.to_json() for event in events[:3]]
        assert [one.json for one in mqtt.first(9, waiting[-1].number)] == [
            event.to_json() for event in events[3:]
        ]
        mqtt.forget([one.number for one in waiting])
        assert (mqtt.depth(), webhook.depth()) == (2, 5)
        mqtt.close()
        webhook.close()


def test_it_waits_over_the_end_of_a_run(path, make_event):
    with EventStore(path, ["mqtt"]) as store:
        store.add([make_event(1)])
    with EventStore(path) as store:
        store.add([make_event(2)])
    outbox = Outbox(path, "mqtt")
    assert [one.json for one in outbox.first(9)] == [make_event(1).to_json()]
    outbox.close()


def test_an_event_that_is_kept_twice_is_sent_once(path, make_event):
    with EventStore(path, ["mqtt"]) as store:
        assert store.add([make_event(1)]) == 1
        outbox = Outbox(path, "mqtt")
        outbox.forget([one.number for one in outbox.first(9)])
        assert store.add([make_event(1), make_event(2)]) == 1
        assert [one.json for one in outbox.first(9)] == [make_event(2).to_json()]
        outbox.close()


def test_what_is_too_much_or_too_old_is_given_up_and_counted(path, make_event):
    with EventStore(path, ["mqtt", "webhook"]) as store:
        store.add([make_event(number) for number in range(10)])
    outbox = Outbox(path, "mqtt", most=4, max_age_days=1)
    assert outbox.trim() == 6
    assert [one.json for one in outbox.first(9)] == [make_event(n).to_json() for n in range(6, 10)]
    assert outbox.trim() == 0
    later = datetime.now(timezone.utc) + timedelta(days=2)
    assert outbox.trim(later) == 4
    assert (outbox.depth(), outbox.lost()) == (0, 10)
    assert Outbox(path, "mqtt").lost() == 10
    assert Outbox(path, "webhook").depth() == 10
    outbox.close()


def test_it_follows_a_file_that_was_moved_aside(path, make_event):
    outbox = Outbox(path, "mqtt")
    with EventStore(path, ["mqtt"]) as store:
        store.add([make_event(1)])
        assert outbox.depth() == 1
    path.rename(path.with_name("aside"))
    with EventStore(path, ["mqtt"]) as store:
        store.add([make_event(2)])
        assert [one.json for one in outbox.first(9)] == [make_event(2).to_json()]
    outbox.close()


def test_a_database_that_cannot_be_read_is_named_in_one_line(path):
    path.write_bytes(b"no database" * 100)
    outbox = Outbox(path, "mqtt")
    with pytest.raises(OutputError, match=r"events\.sqlite: what waits for mqtt: .*not a database"):
        outbox.first(1)
    other = Outbox(path / "below", "mqtt")
    with pytest.raises(OutputError, match="cannot be opened"):
        other.depth()


def test_nothing_is_kept_of_an_event_whose_outbox_fails(path, make_event):
    with EventStore(path, ["mqtt"]) as store:
        store.add([make_event(1)])
        with closing(sqlite3.connect(path)) as other:
            other.execute("DROP TABLE outbox")
        with pytest.raises(OutputError, match="no such table"):
            store.add([make_event(2)])
        assert store.count() == 1


class Sending(RuleBasedStateMachine):
    """A store, its outbox and a list that says what should be there."""

    @initialize()
    def begin(self):
        self.store = EventStore(self.path, ["mqtt"])
        self.store.open()
        self.outbox = Outbox(self.path, "mqtt", most=8)
        self.waiting, self.made, self.lost = [], 0, 0

    @rule(count=st.integers(1, 4))
    def keep(self, count):
        events = [self.make_event(self.made + number) for number in range(count)]
        self.made += count
        self.store.add(events)
        self.waiting += [(event.id, event.phase) for event in events]

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def arrive(self, data):
        found = self.outbox.first(5)
        chosen = data.draw(st.lists(st.sampled_from(found), unique_by=lambda one: one.number))
        self.outbox.forget([one.number for one in chosen])
        for one in chosen:
            self.waiting.remove((one.id, one.phase))

    @rule()
    def trim(self):
        gone = self.outbox.trim()
        assert gone == max(len(self.waiting) - 8, 0)
        self.waiting = self.waiting[gone:]
        self.lost += gone

    @rule()
    def begin_again(self):
        self.store.close()
        self.outbox.close()
        self.store.open()

    @invariant()
    def it_is_what_it_should_be(self):
        assert ids(self.outbox) == self.waiting
        assert self.outbox.lost() == self.lost

    def teardown(self):
        self.store.close()
        self.outbox.close()
        for file in self.path.parent.iterdir():
            file.unlink()


def test_whatever_happens_it_holds_what_has_not_arrived(path, make_event):
    Sending.path, Sending.make_event = path, staticmethod(make_event)
    case = Sending.TestCase
    case.settings = settings(max_examples=25, stateful_step_count=20)
    case().runTest()
