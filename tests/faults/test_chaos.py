"""The faults that `selftest --chaos` tries, and that it tells when something does not hold."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from edgevision.app.chaos import CHAOS, QUICK, attempt
from edgevision.app.kept import LINES, STORE, BrokenError, stored, told
from edgevision.store.events import EventStore


def selftest(environment, *words):
    return subprocess.run(
        [sys.executable, "-m", "edgevision", "selftest", *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.mark.parametrize("name", [*QUICK, *CHAOS])
def test_it_holds_here(name, tmp_path):
    outcome = attempt(name, {**QUICK, **CHAOS}[name], tmp_path, 8.0)
    assert outcome.held, outcome.found


def test_the_command_tells_each_trial(environment):
    done = selftest(environment, "--json")
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)
    assert (row["name"], row["held"]) == ("runs", True)
    assert "30 frames" in row["found"]
    said = selftest(environment)
    assert said.stdout.startswith("holds  runs")


def line(event):
    return event.to_json() + "\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (lambda one: line(one) + line(one)[:40], "the last line is torn"),
        (lambda one: line(one)[:40] + "\n" + line(one), "line 1 of events.jsonl is torn"),
        (lambda one: line(one) * 2, "an event was told twice"),
    ],
)
def test_torn_and_double_lines_are_found(tmp_path, make_event, text, says):
    (tmp_path / LINES).write_text(text(make_event(1)))
    with pytest.raises(BrokenError, match=says):
        told(tmp_path)


def test_a_damaged_database_is_found(tmp_path, make_event):
    path = tmp_path / STORE
    with EventStore(path) as store:
        store.add([make_event(number) for number in range(200)])
    content = bytearray(path.read_bytes())
    content[4096:12288] = b"\xff" * 8192
    path.write_bytes(content)
    outcome = attempt("look", lambda _, __: str(stored(tmp_path)), tmp_path, 1.0)
    assert not outcome.held
    assert "damaged" in outcome.found


def test_what_does_not_hold_is_said(tmp_path):
    def breaks(place, seconds):
        raise BrokenError("the sky fell")

    outcome = attempt("sky", breaks, tmp_path, 1.0)
    assert (outcome.held, outcome.found) == (False, "the sky fell")
