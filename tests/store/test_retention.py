from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edgevision.errors import OutputError
from edgevision.store import marks
from edgevision.store.events import EventStore
from edgevision.store.files import Ledger, StoredFile, digest_of
from edgevision.store.filters import Filter
from edgevision.store.plan import Doomed, Limits
from edgevision.store.reader import EventReader
from edgevision.store.retention import planned, prune, remove_if_ours
from edgevision.values.box import FULL
from edgevision.values.event import Event

NOW = datetime(2026, 6, 1, tzinfo=timezone.utc)
WEEK = Limits(max_age_days=7)
PLAIN = Event(
    *("", "seen", NOW, "camera", "dogs", "pug", "pug", 0.5, ()),
    FULL,
    *("model", "0" * 64, {}, NOW, NOW, 1),
)


class Place:
    """A database and a folder of pictures, as a run leaves them."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.database = self.root / "events.sqlite"
        self.folder = self.root / "pictures"
        self.folder.mkdir()

    def see(self, number: int, days: float, size: int = 100) -> Path:
        """A sighting `days` ago, with a picture."""
        moment = NOW - timedelta(days=days)
        event = replace(PLAIN, id=f"E{number}", time=moment)
        path = self.folder / f"{number}.jpg"
        data = os.urandom(size)
        with EventStore(self.database) as store:
            store.add([event, replace(event, phase="ended")])
        file = StoredFile(path, event.id, "full", moment, len(data), digest_of(data))
        Ledger(self.database).enter([file])
        path.write_bytes(data)
        return path

    def prune(self, limits: Limits = WEEK):
        return prune(self.database, {self.folder}, limits, NOW)

    def events(self) -> set[str]:
        with EventReader(self.database) as reader:
            return {one.event["id"] for one in reader.every(Filter())}

    def known(self) -> set[str]:
        with closing(sqlite3.connect(self.database)) as connection:
            return {row[0] for row in connection.execute("SELECT path FROM files")}


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def test_what_is_too_old_goes_with_its_pictures(place):
    old, new = place.see(1, days=8), place.see(2, days=6)
    done = place.prune()
    assert (done.events, done.files, done.bytes) == (1, 1, 100)
    assert place.events() == {"E2"}
    assert place.known() == {str(new)}
    assert not old.exists()
    assert new.exists()


def test_pictures_may_go_before_their_events(place):
    old, new = place.see(1, days=3), place.see(2, days=1)
    place.prune(Limits(max_age_days=7, pictures_max_age_days=2))
    assert (old.exists(), new.exists()) == (False, True)
    assert place.events() == {"E1", "E2"}


def test_what_is_pinned_or_corrected_stays(place):
    pinned, corrected = place.see(1, days=100), place.see(2, days=100)
    marks.pin(place.database, "E1")
    marks.relabel(place.database, "E2", "cat")
    assert place.prune(Limits(1, 1, 0, 10**7)).files == 0
    assert place.events() == {"E1", "E2"}
    assert pinned.exists()
    assert corrected.exists()
    marks.unpin(place.database, "E1")
    marks.uncorrect(place.database, "E2")
    assert place.prune().files == 2
    assert place.events() == set()


def test_a_sighting_that_still_went_on_stays_whole(place):
    start = replace(PLAIN, id="E1", time=NOW - timedelta(days=8))
    with EventStore(place.database) as store:
        store.add([start, replace(start, phase="ended", time=NOW - timedelta(days=6))])
    place.prune()
    with EventReader(place.database) as reader:
        assert len(reader.sighting("E1")) == 2


def test_by_size_the_oldest_pictures_go_first_and_events_only_then(place):
    paths = [place.see(number, days=10 - number, size=400_000) for number in range(5)]
    size = place.database.stat().st_size / 1e6
    place.prune(Limits(max_mb=size + 1.0))
    assert [path.exists() for path in paths] == [False, False, False, True, True]
    assert len(place.events()) == 5
    place.prune(Limits(max_mb=0.001))
    assert not any(path.exists() for path in paths)
    assert place.events() == set()


def test_of_the_events_the_oldest_go_when_the_database_is_too_large(place):
    with EventStore(place.database) as store:
        for number in range(3000):
            moment = NOW - timedelta(minutes=number)
            store.add([replace(PLAIN, id=f"E{number}", time=moment)])
    size = place.database.stat().st_size / 1e6
    place.prune(Limits(max_mb=size * 0.6))
    with EventReader(place.database) as reader:
        left = [one.event["id"] for one in reader.newest(Filter(), 5000)]
    assert 1000 < len(left) < 2900
    assert left == [f"E{number}" for number in range(len(left))]


def test_by_free_space_pictures_go_until_there_is_enough(small_disk, tmp_path):
    place = Place(tmp_path)
    place.folder = small_disk / "pictures"
    place.folder.mkdir()
    for number in range(4):
        place.see(number, days=4 - number, size=100_000)
    free = shutil.disk_usage(place.folder).free
    done = place.prune(Limits(min_free_mb=(free + 150_000) / 1e6))
    assert done.files == 2
    assert sorted(path.name for path in place.folder.iterdir()) == ["2.jpg", "3.jpg"]
    assert len(place.events()) == 4


def test_a_picture_of_two_sightings_stays_as_long_as_one_is_pinned(place):
    path = place.see(1, days=9)
    data = path.read_bytes()
    other = StoredFile(path, "E2", "full", NOW, len(data), digest_of(data))
    Ledger(place.database).enter([replace(other, time=NOW - timedelta(days=9))])
    marks.pin(place.database, "E1")
    place.prune()
    assert path.exists()


def test_without_a_database_or_with_an_empty_one_nothing_is_deleted(place):
    path = place.see(1, days=100)
    place.database.unlink()
    assert place.prune().files == 0
    assert not place.database.exists()
    with EventStore(place.database):
        pass
    assert place.prune().files == 0
    assert path.exists()


def test_with_a_damaged_database_nothing_is_deleted(place):
    path = place.see(1, days=100)
    whole = bytearray(place.database.read_bytes())
    for start in range(4096, len(whole), 8192):
        whole[start : start + 100] = os.urandom(100)
    place.database.write_bytes(whole)
    with pytest.raises(OutputError, match="malformed"):
        place.prune()
    place.database.write_bytes(b"no database" * 50)
    with pytest.raises(OutputError, match="not a database"):
        place.prune()
    assert path.exists()


def test_a_dry_run_changes_nothing(place):
    path = place.see(1, days=100)
    plan, sightings = planned(place.database, {place.folder}, WEEK, NOW)
    assert ([one.path for one in plan.files], sightings) == ([path], 1)
    assert path.exists()
    assert place.events() == {"E1"}


def test_a_file_in_another_folder_is_left_alone(place, tmp_path):
    path = place.see(1, days=100)
    assert prune(place.database, {tmp_path}, WEEK, NOW).files == 0
    assert prune(place.database, set(), WEEK, NOW).files == 0
    assert path.exists()


def test_a_row_that_points_out_of_the_folder_is_left_alone(place, tmp_path):
    victim = tmp_path / "victim.jpg"
    victim.write_bytes(b"x" * 10)
    digest = digest_of(b"x" * 10)
    for name in ("../victim.jpg", "./../victim.jpg"):
        file = Doomed(place.folder / name, 10, digest)
        assert remove_if_ours(file, {place.folder}) is None
    assert victim.exists()


def test_a_folder_that_became_a_link_is_left_alone(place, tmp_path):
    path = place.see(1, days=100)
    elsewhere = tmp_path / "elsewhere"
    place.folder.rename(elsewhere)
    place.folder.symlink_to(elsewhere)
    place.prune()
    assert (elsewhere / path.name).exists()


def test_others_write_between_the_batches(place, monkeypatch):
    for number in range(30):
        place.see(number, days=100)
    with EventStore(place.database) as store:
        added = []

        def add() -> bool:
            added.append(store.add([replace(PLAIN, id=f"N{len(added)}")]))
            return False

        prune(place.database, {place.folder}, WEEK, NOW, add)
    assert added
    assert all(added)
    assert {f"N{number}" for number in range(len(added))} == place.events()


def test_a_file_that_somebody_changed_is_told_and_left_alone(place):
    for number in range(3):
        place.see(number, days=100)
    edited, longer, link = sorted(place.folder.iterdir())
    edited.write_bytes(edited.read_bytes()[::-1])
    longer.write_bytes(longer.read_bytes() + b"more")
    target = place.root / "target.jpg"
    link.rename(target)
    link.symlink_to(target)
    done = place.prune()
    assert (done.files, set(done.changed)) == (0, {edited, longer, link})
    assert len(list(place.folder.iterdir())) == 3
    assert target.exists()
    assert place.known() == set()
    assert place.prune().changed == ()


class Keeping(RuleBasedStateMachine):
    """Sightings come, people meddle with the files, and what is old is let go, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Place(Path(mkdtemp()))
        self.ours: dict[Path, tuple[int, float, bytes]] = {}
        self.precious: dict[Path, bytes] = {}
        self.marked: set[int] = set()
        self.number = 0

    def teardown(self) -> None:
        shutil.rmtree(self.place.root)

    @rule(days=st.sampled_from((1.0, 6.0, 8.0, 100.0)))
    def see(self, days: float) -> None:
        self.number += 1
        path = self.place.see(self.number, days)
        self.ours[path] = (self.number, days, path.read_bytes())

    @rule(data=st.data())
    @precondition(lambda self: self.ours)
    def mark(self, data: st.DataObject) -> None:
        number, *_ = self.ours[data.draw(st.sampled_from(sorted(self.ours)))]
        if data.draw(st.booleans()):
            marks.pin(self.place.database, f"E{number}")
        else:
            marks.relabel(self.place.database, f"E{number}", "cat")
        self.marked.add(number)

    @rule(data=st.data())
    @precondition(lambda self: self.marked)
    def unmark(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.marked)))
        marks.unpin(self.place.database, f"E{number}")
        marks.uncorrect(self.place.database, f"E{number}")
        self.marked.remove(number)

    @rule(data=st.data(), how=st.sampled_from(("edit", "longer", "link", "folder", "delete")))
    @precondition(lambda self: self.ours)
    def meddle(self, data: st.DataObject, how: str) -> None:
        path = data.draw(st.sampled_from(sorted(self.ours)))
        _, _, content = self.ours.pop(path)
        path.unlink()
        if how == "delete":
            return
        mine = content[::-1] + (b"more" if how == "longer" else b"")
        if how == "link":
            target = self.place.root / f"photo-{path.name}"
            target.write_bytes(content)
            path.symlink_to(target)
            mine = content
            self.precious[target] = content
        elif how == "folder":
            path.mkdir()
            path /= "inside"
            path.write_bytes(mine)
        else:
            path.write_bytes(mine)
        self.precious[path] = mine

    @rule(name=st.sampled_from(("holiday.jpg", "0.jpg", ".hidden", "x.mp4")))
    def put_something_else(self, name: str) -> None:
        path = self.place.folder / name
        path.write_bytes(b"somebody's")
        self.precious[path] = b"somebody's"

    @rule()
    def begin_the_database_anew(self) -> None:
        for path in self.place.root.glob("events.sqlite*"):
            path.unlink()
        # Nothing of what was there is known any more, so it is nobody's to delete.
        self.precious |= {path: content for path, (_, _, content) in self.ours.items()}
        self.ours.clear()
        self.marked.clear()

    @rule()
    def let_go(self) -> None:
        if self.place.database.exists():
            self.place.prune()
        for path, (number, days, _) in list(self.ours.items()):
            stays = days < 7 or number in self.marked
            assert path.exists() == stays, (path, days, number in self.marked)
            if not stays:
                del self.ours[path]

    @invariant()
    def nothing_of_anybody_else_is_gone(self) -> None:
        for path, content in self.precious.items():
            assert path.read_bytes() == content


TestKeeping = Keeping.TestCase
TestKeeping.settings = settings(max_examples=40, stateful_step_count=25)
