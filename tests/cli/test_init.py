from __future__ import annotations

import os
import pty
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from edgevision.config import layers

HOME = {"HOME": "/nonexistent"}


@pytest.fixture
def init(tmp_path):
    """Run `edgevision init` in an empty folder, without a terminal."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "edgevision", "init", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=240,
        )

    return run


@pytest.fixture
def at_terminal(tmp_path):
    """Run `edgevision init` on a terminal of its own, typing `answers`."""

    def run(answers: str, *arguments: str) -> tuple[int, str]:
        ours, theirs = pty.openpty()
        child = subprocess.Popen(
            [sys.executable, "-m", "edgevision", "init", *arguments],
            cwd=tmp_path,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        os.write(ours, answers.encode())
        shown = b""
        # Linux answers the end of a terminal's other side with an error, not with nothing.
        try:
            while part := os.read(ours, 4096):
                shown += part
        except OSError:
            pass
        os.close(ours)
        return child.wait(timeout=240), shown.decode()

    return run


def test_without_a_terminal_the_defaults_are_written(init, tmp_path):
    done = init()
    path = tmp_path / "edgevision.yaml"
    found = layers.load(path, HOME, {})
    assert done.returncode == 0, done.stderr
    assert found.task == ("dogs",)
    assert found.outputs.jsonl is not None
    assert found.outputs.console is not None
    assert found.outputs.screen is None
    assert done.stdout.splitlines()[-2:] == ["edgevision.yaml: written", "next: edgevision run"]
    lines = path.read_text().splitlines()
    keys = [at for at, line in enumerate(lines) if ":" in line and not line.strip().startswith("#")]
    assert all(lines[at - 1].strip().startswith("#") for at in keys)
    assert [file.name for file in tmp_path.iterdir()] == ["edgevision.yaml"]


def test_a_file_that_is_there_is_never_written_over_without_force(init, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("task: classify\n")
    refused = init("--output", "mine.yaml", "--yes")
    assert refused.returncode == 2
    assert refused.stderr == (
        "edgevision: mine.yaml: is there already; --force writes over it, --output names another\n"
    )
    assert path.read_text() == "task: classify\n"
    forced = init("--output", "mine.yaml", "--yes", "--force")
    assert forced.returncode == 0
    assert forced.stdout.splitlines()[-1] == "next: edgevision run --config mine.yaml"
    assert layers.load(path, HOME, {}).task == ("dogs",)


def test_what_cannot_be_written_is_one_line(init, tmp_path):
    (tmp_path / "file").touch()
    for name, says in (("file/a.yaml", "cannot be written: "), (".", "is a folder")):
        done = init("--output", name)
        assert done.returncode == 2
        assert says in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_a_folder_is_made_for_the_file(init, tmp_path):
    assert init("--output", "new/folder/a.yaml").returncode == 0
    assert layers.load(tmp_path / "new/folder/a.yaml", HOME, {}).task == ("dogs",)


def test_on_a_terminal_it_asks_until_each_answer_does(at_terminal, tmp_path):
    answers = "dgos\nclassify,dogs\nv4l2:\nrtsp://me:hush@cam/1\nscren\nscreen, snapshots\n"
    code, shown = at_terminal(answers)
    path = tmp_path / "edgevision.yaml"
    found = layers.load(path, HOME, {})
    assert code == 0, shown
    assert found.task == ("classify", "dogs")
    assert found.the_source.uri == "rtsp://me:hush@cam/1"
    assert found.outputs.screen is not None
    assert found.outputs.snapshots is not None
    assert found.outputs.snapshots.folder == Path("snapshots")
    assert found.outputs.jsonl is None
    assert "task dgos is not known; did you mean dogs?" in shown
    assert "output scren is not known; did you mean screen?" in shown
    assert "Traceback" not in shown
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_on_a_terminal_enter_takes_the_defaults(at_terminal, init, tmp_path):
    code, _ = at_terminal("\n\n\n", "--output", "asked.yaml")
    init("--output", "yes.yaml", "--yes")
    assert code == 0
    assert (tmp_path / "asked.yaml").read_text() == (tmp_path / "yes.yaml").read_text()


def test_yes_asks_nothing_on_a_terminal(at_terminal, tmp_path):
    code, shown = at_terminal("", "--yes")
    assert code == 0
    assert "several with commas" not in shown
    assert (tmp_path / "edgevision.yaml").is_file()
