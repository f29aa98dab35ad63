"""What holds for every kind of output."""

from __future__ import annotations

import inspect
import io
import re

import pytest

from edgevision.errors import EdgevisionError, OutputError
from edgevision.kinds import load
from edgevision.outputs import KINDS
from edgevision.pipeline.outlet import Outlet


@pytest.fixture(autouse=True)
def no_display(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")


@pytest.fixture(params=sorted(KINDS))
def kind(request):
    return request.param


@pytest.fixture
def make(kind):
    try:
        return load(KINDS, kind, "output")
    except EdgevisionError as error:
        pytest.skip(str(error))


def addresses(folder):
    path = folder / "apprise.conf"
    path.write_text("json://127.0.0.1:1/\n")
    return path


def possible(kind, folder):
    return {
        "console": {"stream": io.StringIO()},
        "jsonl": {"path": str(folder / "events.jsonl")},
        "screen": {},
        "video": {"path": str(folder / "out.mp4")},
        "snapshots": {"folder": str(folder / "pictures")},
        "clips": {"folder": str(folder / "clips")},
        # Nobody listens there: that is no reason not to open.
        "mqtt": {"host": "127.0.0.1", "port": 1},
        "webhook": {"url": "http://127.0.0.1:1/"},
        "notify": {"urls_file": addresses(folder)},
    }[kind]


def impossible(kind, folder, monkeypatch):
    """Options, or surroundings, in which nothing can be written."""
    (folder / "file").write_text("x")
    closed = io.StringIO()
    closed.close()
    if kind == "screen":
        monkeypatch.setenv("SDL_VIDEODRIVER", "no-such-driver")
    return {
        "console": {"stream": closed},
        "jsonl": {"path": str(folder)},
        "screen": {},
        "video": {"path": str(folder / "file" / "out.mp4")},
        "snapshots": {"folder": str(folder / "file")},
        "clips": {"folder": str(folder / "file")},
        "mqtt": {"host": "127.0.0.1", "username": "a", "password_file": folder / "nowhere"},
        "webhook": {"url": "http://127.0.0.1:1/", "secret_file": folder / "nowhere"},
        "notify": {"urls_file": folder / "nowhere"},
    }[kind]


def test_it_opens_takes_reports_with_and_without_events_and_closes(
    kind, make, tmp_path, make_report
):
    with make(**possible(kind, tmp_path)) as output:
        output.write(make_report(0))
        output.write(make_report(1, events=2))
        output.write(make_report(2))


def test_it_is_named_as_its_kind_and_says_what_it_takes(kind, make, tmp_path):
    output = make(**possible(kind, tmp_path))
    assert output.name == kind
    assert isinstance(output.lossless, bool)
    assert isinstance(output.wants_pixels, bool)


def test_closing_twice_does_no_harm(kind, make, tmp_path, make_report):
    output = make(**possible(kind, tmp_path))
    with output:
        output.write(make_report(0, events=1))
    output.__exit__(None, None, None)


def test_the_frame_is_left_as_it_was(kind, make, tmp_path, make_report):
    report = make_report(9, events=1)
    before = report.frame.pixels.copy()
    with make(**possible(kind, tmp_path)) as output:
        output.write(report)
    assert (report.frame.pixels == before).all()


def test_an_impossible_place_is_refused_in_one_line(kind, make, tmp_path, monkeypatch):
    options = impossible(kind, tmp_path, monkeypatch)
    with pytest.raises(OutputError) as raised, make(**options):
        pass
    said = str(raised.value)
    assert len(said) > 10
    assert len(said.splitlines()) == 1


def test_it_works_in_a_thread_of_its_own(kind, make, tmp_path, make_report):
    with Outlet(make(**possible(kind, tmp_path)), wait=True) as outlet:
        for number in range(10):
            outlet.write(make_report(number, events=1))
    assert (outlet.written, outlet.failures.count, outlet.lost_events) == (10, 0, 0)


def test_its_options_are_documented(kind, make, project):
    page = (project / "docs" / "outputs.md").read_text("utf-8")
    sections = dict(re.findall(r"^## `(\w+)`\n(.*?)(?=^## |\Z)", page, re.DOTALL | re.MULTILINE))
    assert kind in sections
    told = set(re.findall(r"^\| `(\w+)` \|", sections[kind], re.MULTILINE))
    taken = set(inspect.signature(make).parameters)
    # The others come from elsewhere: privacy, the store, the environment.
    assert told == taken - {
        "stream",
        "blur",
        "ledger",
        "post",
        "outbox",
        "password",
        "secret",
        "picture_of",
    }
