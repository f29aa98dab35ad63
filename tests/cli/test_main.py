"""The door of the command line: what every command does alike, whoever calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import cv2
import numpy as np
import pytest
from tiny import classifier

from edgevision.cli.main import COMMANDS, cli
from edgevision.kinds import load

LABELS = "red\ngreen\nblue\ndull red\ndull green\n"


@pytest.fixture
def called(tmp_path, environment):
    """Runs a command line through a shell, as `$EV` in it: for pipes and full disks."""

    def call(line: str, **variables: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            ["bash", "-c", f"set -o pipefail; {line}"],
            cwd=tmp_path,
            env={**environment, "EV": f"{sys.executable} -m edgevision", **variables},
            capture_output=True,
            timeout=240,
            check=False,
        )

    return call


def _groups() -> list[str]:
    return ["", *(name for name in COMMANDS if isinstance(load(COMMANDS, name, ""), click.Group))]


@pytest.mark.parametrize("name", _groups())
def test_a_group_alone_shows_its_help_as_it_is(edgevision, name):
    done = edgevision(*name.split())
    assert done.code == 2
    assert done.err.startswith("Usage: edgevision")
    assert "edgevision: Usage" not in done.err


@pytest.mark.parametrize("name", _groups())
def test_what_a_group_lists_is_told_to_its_end(name):
    group = load(COMMANDS, name, "") if name else cli
    with click.Context(group, info_name="edgevision", terminal_width=80) as context:
        assert "..." not in group.get_help(context).split("Commands:")[1]


@pytest.mark.parametrize(
    "words",
    [
        "run --source synthetic:?frames=3 --duration nan",
        "fit --seconds nan",
        "selftest --hours nan",
        "events list --min-score nan",
        "geo search photo.jpg --gallery gallery --finest-km nan",
    ],
)
def test_no_flag_takes_what_is_no_number(edgevision, words):
    assert "nan is not a number" in edgevision(*words.split()).refused()


@pytest.mark.parametrize("words", ["config default", "config schema", "models list"])
def test_a_reader_that_leaves_early_is_no_fault(called, words):
    done = called(f"$EV {words} | true")
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("words", ["config schema", "--version"])
def test_a_full_disk_behind_the_standard_output_is_one_line(called, words):
    done = called(f"$EV {words} > /dev/full")
    assert done.returncode == 3
    assert done.stderr == b"edgevision: standard output: No space left on device\n"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_whoever_closes_the_standard_streams_gets_the_same_exit_codes(called, closed):
    wrong = called(f"$EV classify nope.jpg {closed}")
    assert wrong.returncode == 2
    right = called(f"$EV run --source synthetic:?frames=3 --events events.jsonl {closed}")
    assert right.returncode == 0
    assert b"Traceback" not in wrong.stderr + right.stderr


@pytest.mark.parametrize("encoding", ["utf-8:strict", "ascii:strict"])
@pytest.mark.parametrize("flag", ["", "--json"])
def test_any_name_of_a_file_can_be_told_on_any_terminal(called, tmp_path, encoding, flag):
    model = classifier(tmp_path / "colours.tflite", labels=LABELS)
    name = b"caf\xc3\xa9 \xf0\x9f\x90\x95 \xff.png"
    (tmp_path / os.fsdecode(name)).write_bytes(
        cv2.imencode(".png", np.full((40, 60, 3), (0, 0, 255), np.uint8))[1].tobytes()
    )
    done = called(
        f"$EV classify --task classify --model {model} {flag} *.png", PYTHONIOENCODING=encoding
    )
    assert done.returncode == 0, done.stderr
    if flag:
        assert os.fsencode(json.loads(done.stdout)[0]["path"]) == name
    else:
        assert b"caf" in done.stdout
