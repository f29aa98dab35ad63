from __future__ import annotations

import hashlib
import json
import os
import pty
import signal
import subprocess
import sys
import threading

import pytest
from serving import PATIENCE, Server, Turn

from edgevision.zoo.registry import entries

SMALLEST = "mobilenet_v1_0.25_128_quant"
FILE = f"{SMALLEST}.tflite"
BIRDS = "mobilenet_v2_1.0_224_inat_bird_quant"


@pytest.fixture
def mirror(shared):
    folder = shared / "models"
    if not (folder / FILE).is_file():
        pytest.skip(f"no networks in {folder}")
    return folder


@pytest.fixture
def server(mirror):
    with Server({FILE: (mirror / FILE).read_bytes()}) as running:
        yield running


@pytest.fixture
def environment(environment, tmp_path):
    """A new user's, and no proxy to this machine."""
    return {**environment, "XDG_DATA_HOME": str(tmp_path / "data"), "no_proxy": "127.0.0.1"}


@pytest.fixture
def folder(tmp_path):
    """Where networks are kept if nobody says otherwise."""
    return tmp_path / "data" / "edgevision" / "models"


@pytest.fixture
def start(tmp_path, environment):
    """Starts `edgevision models pull`; what still runs at the end is killed."""
    running = []

    def begin(*arguments, **options) -> subprocess.Popen:
        words = [sys.executable, "-m", "edgevision", "models", "pull", *map(str, arguments)]
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        # A shell's background jobs ignore Ctrl-C, and so would all that they start.
        kept = signal.signal(signal.SIGINT, signal.default_int_handler)
        process = subprocess.Popen(words, cwd=tmp_path, env=environment, text=True, **options)
        signal.signal(signal.SIGINT, kept)
        running.append(process)
        return process

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def grown(path, size):
    """Wait until the file `path` has `size` bytes."""
    tick = threading.Event()
    for _ in range(int(PATIENCE / 0.02)):
        if path.exists() and path.stat().st_size >= size:
            return
        tick.wait(0.02)
    raise AssertionError(f"{path} has not grown to {size} bytes")


def test_pulls_from_a_server_and_says_where_it_is(edgevision, server, folder):
    done = edgevision("models", "pull", SMALLEST, "--mirror", server.address)

    assert done.code == 0, done.err
    assert done.out == f"{SMALLEST}: {folder / FILE}\n"
    assert done.err.splitlines() == [f"{SMALLEST}: fetching 0.5 MB", f"{SMALLEST}: fetched"]
    assert (folder / FILE).read_bytes() == server.files[FILE]
    again = edgevision("models", "pull", SMALLEST, "--mirror", server.address)
    assert again.out == f"{SMALLEST}: {folder / FILE} (was here)\n"
    assert again.err == ""
    assert len(server.asked) == 1


def test_json(edgevision, mirror, folder):
    rows = []
    for _ in range(2):
        done = edgevision("models", "pull", SMALLEST, "--json", EDGEVISION_MODEL_MIRROR=mirror)
        rows += json.loads(done.out)

    wanted = entries(folder)[SMALLEST].file
    for row in rows:
        assert row.pop("fetched") == (row is rows[0])
        assert row == {
            "id": SMALLEST,
            "path": str(folder / FILE),
            "bytes": wanted.bytes,
            "sha256": wanted.sha256,
        }


def test_all_brings_every_network_with_its_labels(edgevision, mirror, folder):
    done = edgevision("models", "pull", "--all", "--mirror", mirror, "--json")

    assert done.code == 0, done.err
    rows = {row["id"]: row for row in json.loads(done.out)}
    remote = {name: one for name, one in entries(folder).items() if one.origin == "registry"}
    assert rows.keys() == remote.keys()
    for name, row in rows.items():
        assert digest(folder / f"{name}.tflite") == row["sha256"] == remote[name].file.sha256
    assert (folder / remote[BIRDS].labels.name).is_file()


def test_the_folder_of_a_configuration(edgevision, mirror, tmp_path):
    there = tmp_path / "there"
    (tmp_path / "own.yaml").write_text(f"models: {{folder: {there}}}\n", encoding="utf-8")

    settings = ("--config", tmp_path / "own.yaml")
    done = edgevision("models", "pull", SMALLEST, "--mirror", mirror, *settings)

    assert done.code == 0, done.err
    assert (there / FILE).is_file()


def test_a_bar_on_a_terminal(start, mirror):
    master, terminal = pty.openpty()
    process = start(SMALLEST, "--mirror", mirror, stderr=terminal)
    os.close(terminal)

    assert process.wait(PATIENCE) == 0
    shown = os.read(master, 100_000).decode()
    os.close(master)
    size = (mirror / FILE).stat().st_size
    assert f"{size}/{size}" in shown
    assert "100%" in shown


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_killed_is_gone_on_with(start, edgevision, server, folder, kill):
    part = folder / f"{FILE}.part"
    server.begin([Turn(cut=200_000, stalls=True)])
    process = start(SMALLEST, "--mirror", server.address)
    grown(part, 200_000)
    process.send_signal(kill)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode != 0
    assert "Traceback" not in said
    assert ("the same command goes on" in said) == (kill == signal.SIGINT)
    assert part.stat().st_size == 200_000
    assert not (folder / FILE).exists()
    server.begin([])

    done = edgevision("models", "pull", SMALLEST, "--mirror", server.address)

    assert done.code == 0, done.err
    assert (folder / FILE).read_bytes() == server.files[FILE]
    assert not part.exists()
    assert [one.offset for one in server.asked] == [200_000]
    assert server.sent == len(server.files[FILE]) - 200_000


def test_two_runs_fetch_once(start, server, folder):
    server.begin([Turn(cut=200_000, stalls=True)])
    first = start(SMALLEST, "--mirror", server.address)
    assert server.stalled.wait(PATIENCE)
    second = start(SMALLEST, "--mirror", server.address, "--json")
    said = second.stderr.readline()

    server.release.set()

    assert "waiting for another run of edgevision" in said
    first.communicate(timeout=PATIENCE)
    out, rest = second.communicate(timeout=PATIENCE)
    assert (first.returncode, second.returncode) == (0, 0)
    assert json.loads(out)[0]["fetched"] is False
    assert "waiting" not in rest
    assert len(server.asked) == 1
    assert (folder / FILE).read_bytes() == server.files[FILE]


def test_wrong_bytes_are_named_and_gone(edgevision, server, folder):
    server.begin([Turn(swapped=bytes(len(server.files[FILE])))])

    done = edgevision("models", "pull", SMALLEST, "--mirror", server.address)

    assert entries(folder)[SMALLEST].file.sha256 in done.refused(3)
    assert {path.name for path in folder.iterdir()} == {".lock"}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["mobilenet_v1_0.25_128_quan"], 2, f"did you mean {SMALLEST}?"),
        (["mobilenet_v2"], 2, "comes with the package"),
        ([], 2, "or give --all"),
        (["--all", SMALLEST], 2, "or give --all"),
        ([SMALLEST, "--mirror", "ftp://host"], 2, "neither a folder nor an http"),
        ([SMALLEST, "--mirror", "nowhere"], 3, "no folder that is there"),
        ([SMALLEST, "--mirror", "."], 3, "there is no such file"),
    ],
)
def test_what_cannot_be_pulled(edgevision, arguments, code, words):
    assert words in edgevision("models", "pull", *arguments).refused(code)


def test_an_unknown_id_stops_before_anything_comes(edgevision, mirror, folder):
    edgevision("models", "pull", SMALLEST, "none", "--mirror", mirror).refused(2)

    assert not folder.exists()


def test_a_full_disk(edgevision, mirror, small_disk):
    done = edgevision(
        "models", "pull", SMALLEST, "--mirror", mirror, EDGEVISION_MODELS__FOLDER=str(small_disk)
    )

    assert "make room" in done.refused(3)
