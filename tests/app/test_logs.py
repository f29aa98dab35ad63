from __future__ import annotations

import json
import logging
import os
import subprocess
import sys

import pytest

from edgevision.app.logs import Bounded, Journal, JsonLines, is_journal


def record(message="no frame for %d s", *args, level=logging.WARNING, line=1):
    return logging.LogRecord("edgevision.x", level, "x.py", line, message, args, None)


@pytest.mark.parametrize(
    ("level", "number"), [("CRITICAL", 3), ("ERROR", 3), ("WARNING", 4), ("INFO", 6), ("DEBUG", 7)]
)
def test_the_journal_gets_each_line_with_its_level(level, number):
    told = Journal(logging.Formatter()).format(record("one\ntwo", level=getattr(logging, level)))
    assert told == f"<{number}>one\n<{number}>two"


def test_a_line_of_json_stays_one_with_its_level_in_front():
    told = Journal(JsonLines()).format(record("no frame for %d s", 5))
    assert told.startswith("<4>{")
    assert json.loads(told[3:])["message"] == "no frame for 5 s"


def test_messages_of_one_kind_are_bounded_and_counted():
    now = [0.0]
    bounded = Bounded(lambda: now[0])
    passed = []
    for second in range(200):
        now[0] = float(second)
        one = record("no frame for %d s", second)
        if bounded.filter(one):
            passed.append((second, one.getMessage()))
    assert [second for second, _ in passed] == [
        *range(10),
        *range(60, 70),
        *range(120, 130),
        *range(180, 190),
    ]
    assert passed[10] == (60, "no frame for 60 s (and 50 like it before)")
    assert passed[11] == (61, "no frame for 61 s")
    assert bounded.filter(record("another kind", line=2))


def test_the_journal_is_known_by_the_stream_itself(tmp_path):
    with (tmp_path / "log").open("w") as stream:
        facts = os.fstat(stream.fileno())
        assert is_journal({"JOURNAL_STREAM": f"{facts.st_dev}:{facts.st_ino}"}, stream)
        assert not is_journal({"JOURNAL_STREAM": "1:2"}, stream)
        assert not is_journal({}, stream)


def test_a_service_writes_levels_and_a_person_reads_none(tmp_path, environment):
    script = (
        "import logging\nfrom edgevision.app.logs import start_log\n"
        "start_log('info', 'text')\nlogging.getLogger('x').warning('hot')\n"
    )
    log = tmp_path / "log"

    def written(**more):
        with log.open("w") as stream:
            facts = os.fstat(stream.fileno())
            told = {key: value.format(facts) for key, value in more.items()}
            subprocess.run(
                [sys.executable, "-c", script],
                env={**environment, **told},
                stderr=stream,
                check=True,
            )
        return log.read_text()

    assert written() == "edgevision: WARNING: hot\n"
    stream = "{0.st_dev}:{0.st_ino}"
    assert written(JOURNAL_STREAM=stream) == "<4>edgevision: WARNING: hot\n"
