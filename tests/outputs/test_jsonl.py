from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from edgevision.errors import OutputError
from edgevision.outputs.jsonl import JsonLines


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.jsonl"


def ids(path):
    """The ids in the file; fails if a line is not whole."""
    content = path.read_bytes()
    assert content == b"" or content.endswith(b"\n")
    return [json.loads(text)["id"] for text in content.splitlines()]


def test_each_event_is_its_json_in_one_line(path, make_report):
    report = make_report(1, events=2)
    with JsonLines(str(path)) as output:
        output.write(report)
        output.write(make_report(2))
    assert path.read_text("utf-8") == "".join(f"{event.to_json()}\n" for event in report.events)


def test_lines_are_there_before_it_is_closed(path, make_report):
    with JsonLines(path) as output:
        output.write(make_report(1, events=1))
        assert len(ids(path)) == 1


def test_what_is_in_the_file_stays(path, make_report):
    path.write_text('{"id":"old"}\n')
    with JsonLines(path) as output:
        output.write(make_report(1, events=1))
    assert ids(path)[0] == "old"
    assert len(ids(path)) == 2


def test_after_half_a_line_it_begins_a_new_one(path, make_report):
    path.write_text('{"id":"ol')
    with JsonLines(path) as output:
        output.write(make_report(1, events=2))
    first, *others = path.read_text().splitlines()
    assert first == '{"id":"ol'
    assert [json.loads(text)["phase"] for text in others] == ["seen", "seen"]


def test_a_file_that_was_moved_away_is_made_anew(path, make_report):
    with JsonLines(path) as output:
        output.write(make_report(1, events=1))
        path.rename(path.with_suffix(".1"))
        output.write(make_report(2, events=1))
        output.write(make_report(3, events=1))
    assert len(ids(path.with_suffix(".1"))) == 1
    assert len(ids(path)) == 2


def test_two_writers_do_not_tear_each_others_lines(path, make_report):
    with JsonLines(path) as one, JsonLines(path) as other:
        for number in range(200):
            (one if number % 2 else other).write(make_report(number, events=2))
    assert len(set(ids(path))) == 400


def test_a_dash_is_standard_output(make_report):
    program = (
        "from edgevision.outputs.jsonl import JsonLines\n"
        "with JsonLines('-') as output:\n"
        "    print('before')\n"
        "    output.write(__import__('pickle').loads(__import__('sys').stdin.buffer.read()))\n"
    )
    import_pickle = __import__("pickle")
    report = make_report(1, events=1)
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=import_pickle.dumps(report),
        capture_output=True,
        check=True,
    )
    assert report.events[0].to_json().encode() in done.stdout.splitlines()
    assert not Path("-").exists()


def test_a_standard_output_without_a_descriptor_will_do(make_report, capsys):
    report = make_report(1, events=1)
    with JsonLines("-") as output:
        output.write(report)
    assert capsys.readouterr().out == report.events[0].to_json() + "\n"


@pytest.mark.parametrize("place", [".", "missing/events.jsonl"])
def test_an_impossible_path_is_an_error_of_one_line(tmp_path, place):
    with (
        pytest.raises(OutputError, match="cannot write events") as raised,
        JsonLines(tmp_path / place),
    ):
        pass
    assert len(str(raised.value).splitlines()) == 1


def test_a_pipe_that_nobody_reads_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OutputError), JsonLines(tmp_path / "pipe"):
        pass


def test_a_full_device_is_an_error_each_time(make_report):
    with JsonLines("/dev/full") as output:
        for _ in range(2):
            with pytest.raises(OutputError, match="No space left"):
                output.write(make_report(1, events=1))


def test_a_full_disk_leaves_whole_lines_and_goes_on_when_there_is_room(small_disk, make_report):
    path = small_disk / "events.jsonl"
    reports = [make_report(number, events=3) for number in range(2000)]
    failures = 0
    with JsonLines(path) as output:
        for report in reports:
            try:
                output.write(report)
            except OutputError as error:
                assert "No space left" in str(error)  # noqa: PT017 - it fails many times
                failures += 1
                assert len(ids(path)) > 100
                if failures == 5:
                    (small_disk / "ballast").unlink()
                output.write(report) if failures == 5 else None
            if failures == 5:
                break
        kept = ids(path)
    assert failures == 5
    assert len(kept) == len(set(kept))
    assert kept[-3:] == [event.id for event in report.events]


def test_a_report_that_is_tried_again_is_not_told_twice(path, make_report):
    """The second of three events does not fit under the limit on this process's files."""
    report = make_report(1, events=3)
    lengths = [len(event.to_json()) + 1 for event in report.events]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with JsonLines(path) as output:
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (lengths[0] + lengths[1] // 2, hard))
            with pytest.raises(OutputError):
                output.write(report)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert ids(path) == [report.events[0].id]
        output.write(report)
    assert ids(path) == [event.id for event in report.events]


def test_what_a_pipe_has_of_a_torn_line_is_ended(tmp_path, make_report):
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    os.set_blocking(reading, False)
    with JsonLines("/dev/null") as output:
        os.dup2(writing, output._file)
        os.set_blocking(output._file, False)
        count = 0
        with pytest.raises(OutputError):  # noqa: PT012 - until the pipe is full
            while True:
                count += 1
                output.write(make_report(count, events=1))
        content = os.read(reading, 1 << 20)
        output.write(make_report(count, events=1))
        content += os.read(reading, 1 << 20)
    os.close(reading)
    os.close(writing)
    whole = [text for text in content.splitlines() if text.startswith(b"{") and text.endswith(b"}")]
    assert json.loads(whole[-1])["id"] == make_report(count, events=1).events[0].id
    assert len(whole) == count
    assert len(content.splitlines()) <= count + 1
