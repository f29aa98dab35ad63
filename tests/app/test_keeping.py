from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from time import monotonic

from edgevision.app.keeping import Keeper, folders_of
from edgevision.config.schema import Settings
from edgevision.store.events import EventStore
from edgevision.store.files import Ledger, StoredFile, digest_of


def settings_with(folder, **retention):
    return Settings.model_validate(
        {
            "outputs": {"snapshots": {"folder": str(folder)}},
            "store": {"retention": retention},
        }
    )


def test_only_folders_of_the_settings_are_looked_into(tmp_path):
    assert folders_of(Settings()) == frozenset()
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert folders_of(settings_with(tmp_path / "link")) == {(tmp_path / "real").resolve()}


def test_what_is_old_goes_while_the_store_is_written_to(tmp_path, make_event):
    folder, database = tmp_path / "pictures", tmp_path / "events.sqlite"
    folder.mkdir()
    old = datetime.now(timezone.utc) - timedelta(days=3)
    (folder / "a.jpg").write_bytes(b"old")
    Ledger(database).enter([StoredFile(folder / "a.jpg", "E1", "full", old, 3, digest_of(b"old"))])
    settings = settings_with(folder, max_age_days=1.0)
    keeper = Keeper(lambda: settings, database, first_seconds=0, every_seconds=0.01)
    with keeper, EventStore(database) as store:
        store.add([replace(make_event(1), id="E1", time=old)])
        number = 10
        while store.count() > number - 10 or (folder / "a.jpg").exists():
            store.add([make_event(number, time=datetime.now(timezone.utc))])
            number += 1
            assert number < 50_000, "it never went"
    assert not (folder / "a.jpg").exists()
    assert keeper.to_dict() == {"events": 1, "files": 1, "mb": 0.0, "last_error": None}


def test_a_database_that_is_damaged_is_told_and_deletes_nothing(tmp_path, caplog):
    (tmp_path / "events.sqlite").write_bytes(b"no database" * 50)
    keeper = Keeper(Settings, tmp_path / "events.sqlite", first_seconds=0, every_seconds=0.001)
    with keeper:
        deadline = monotonic() + 20
        while keeper.last_error is None and monotonic() < deadline:
            pass
    assert "not a database" in keeper.last_error
    assert caplog.text.count("nothing old is let go") == 1
