"""A real process whose settings change while it runs."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading

import cv2
import numpy as np
import pytest
from listening import Systemd

from edgevision.app.control import ask
from edgevision.app.status import found

YAML = """\
version: 1
task: dogs
source: "synthetic:?live=true&fps=30&width=320&height=240"
region: full
decide: {threshold: 0.9}
outputs:
  console: false
  jsonl: {path: first.jsonl}
  snapshots: {folder: pictures}
"""


class Process:
    """`edgevision run` with a file of settings."""

    def __init__(self, folder, environ, text=YAML):
        self.folder = folder
        (folder / "runtime").mkdir()
        self.environ = {**environ, "XDG_RUNTIME_DIR": str(folder / "runtime")}
        self.config = folder / "edgevision.yaml"
        self.config.write_text(text)
        self.systemd = Systemd(folder / "notify")
        self.lines, self.said = [], threading.Condition()

    def __enter__(self):
        # What nohup starts is born deaf to the signal, and so are its children.
        kept = signal.signal(signal.SIGHUP, signal.SIG_DFL)
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "edgevision", "run"],
            cwd=self.folder,
            env={**self.environ, **self.systemd.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        signal.signal(signal.SIGHUP, kept)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.systemd.wait_for("READY=1")
        return self

    def __exit__(self, *_):
        self.popen.send_signal(signal.SIGTERM)
        self.popen.wait(30)
        self.reader.join(30)
        self.popen.stderr.close()
        self.systemd.__exit__()

    def _read(self):
        for line in self.popen.stderr:
            with self.said:
                self.lines.append(line.rstrip("\n"))
                self.said.notify_all()

    def wait_for(self, words):
        """The first line of its log that has them."""

        def found_line():
            return next((line for line in self.lines if words in line), None)

        with self.said:
            assert self.said.wait_for(found_line, 60), self.lines
            return found_line()

    def write(self, old, new):
        self.config.write_text(self.config.read_text().replace(old, new))

    def ask(self, action="reload", **more):
        return ask(self.environ, {"action": action, **more})

    def call(self, *words):
        return subprocess.run(
            [sys.executable, "-m", "edgevision", *words],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    @property
    def frames(self):
        return found(self.environ)[0].status["frames"]


@pytest.fixture
def process(tmp_path, environment):
    with Process(tmp_path, environment) as running:
        yield running
        assert running.popen.poll() is None


def test_nobody_is_there_to_be_asked(tmp_path, edgevision):
    assert "is not running" in edgevision("reload").refused(3)
    (tmp_path / "edgevision.yaml").write_text("version: 1\nengine: {threads: 2}\n")
    shown = edgevision("config", "plan")
    assert shown.code == 0
    assert shown.out.splitlines() == [
        "# none runs; against the defaults",
        "engine.threads: 1 -> 2 (the engine is built anew beside the running one)",
    ]
    (tmp_path / "edgevision.yaml").write_text("version: 1\n")
    assert edgevision("config", "plan").out.splitlines()[1:] == ["nothing would change"]
    (tmp_path / "edgevision.yaml").write_text("engine: {threads: many}\n")
    assert "edgevision.yaml:1: engine.threads" in edgevision("config", "plan").refused()


def test_what_changed_is_made_anew_and_the_rest_goes_on(process):
    assert process.ask() == {"accepted": True, "reason": "nothing has changed"}
    process.write("0.9", "0.05")
    process.write("task: dogs", "task: [dogs, classify]")
    process.write("first.jsonl", "second.jsonl")
    process.write("fps=30", "fps=25")
    process.write("region: full", "region: full\nengine: {threads: 2}\nstore: {enabled: false}")
    planned = json.loads(process.call("config", "plan", "--json").stdout)
    assert planned["against"] == "running"
    assert {one["key"]: one["how"] for one in planned["changes"]} == {
        "task": "in place",
        "source.uri": "source",
        "engine.threads": "engine",
        "decide.threshold": "in place",
        "outputs.jsonl.path": "output",
        "store.enabled": "restart",
    }
    done = process.call("reload")
    assert done.returncode == 0, done.stderr
    assert "decide.threshold: 0.9 -> 0.05 (in place)" in done.stdout.splitlines()
    assert "store.enabled: true -> false (holds from the next start)" in done.stdout
    assert process.call("config", "plan").stdout.splitlines() == [
        "store.enabled: true -> false (holds from the next start)"
    ]
    assert "reload by cli" in process.wait_for("reload by cli")
    assert (process.folder / "second.jsonl").exists()


def test_wrong_settings_are_refused_and_the_old_ones_stay(process):
    good = process.config.read_text()
    for text, why in (
        ("task: [dogs", "edgevision.yaml:"),
        ("task: dogs\nengine: {threads: 0}\n", "engine.threads"),
        ("task: dgos\n", "did you mean dogs?"),
        ("source: 'v4l2:\n", "edgevision.yaml:"),
        ("\x00\xff", "edgevision.yaml:"),
        ("source: nothing:like/it\n", "nothing"),
        ("decide: {threshold: 0.2, release: 0.5}\n", "release"),
        ("model: {use: there-is-none}\n", "there-is-none"),
    ):
        process.config.write_text(text, encoding="latin-1")
        answer = process.ask()
        assert not answer["accepted"]
        assert why in answer["reason"]
    refused = process.call("reload")
    assert refused.returncode == 2
    assert refused.stderr.startswith("edgevision: refused, all stays as it was: ")
    assert "Traceback" not in refused.stderr
    process.config.unlink()
    assert "defaults" not in process.ask()["reason"]
    process.config.write_text(good)
    assert process.ask()["accepted"]
    assert any("is refused" in line for line in process.lines)


def test_an_output_that_does_not_open_stays_as_it_was(process):
    process.write("first.jsonl", "nowhere/at/all/../../\u0000x".replace("\u0000", "") + "/a.jsonl")
    (process.folder / "nowhere").write_text("a file, no folder")
    answer = process.ask()
    assert answer["accepted"]
    assert "outputs.jsonl stays as it was: " in answer["reason"]
    process.write("task: dogs", "task: classify")
    assert process.ask()["accepted"]


def test_a_signal_reads_the_settings_again(process):
    process.write("task: dogs", "task: classify")
    process.popen.send_signal(signal.SIGHUP)
    line = process.wait_for("reload by signal")
    assert "task: dogs -> classify (in place)" in line


def test_commands_come_by_the_socket_and_garbage_does_no_harm(process):
    assert process.ask("task", value="classify")["accepted"]
    assert process.ask("threshold", value=0.3, task="classify")["accepted"]
    taken = process.ask("snapshot")
    assert taken == {"accepted": True, "reason": "the next frame goes to snapshots"}
    assert not process.ask("task", value={"x": 1})["accepted"]
    path = found(process.environ)[0].path.with_suffix(".sock")
    for garbage in (b"\n", b"\xff" * 100 + b"\n", b"[" * 70_000 + b"\n", b'{"plan": 7}\n', b""):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            connection.sendall(garbage)
            connection.shutdown(socket.SHUT_WR)
            answer = json.loads(connection.makefile().readline())
        assert not answer.get("accepted")
    assert process.ask("stop")["accepted"]
    assert process.popen.wait(30) == 0
    assert not path.exists()
    assert list((process.folder / "pictures").glob("*_picture_*.jpg"))
    process.popen.poll = lambda: None


def photos(folder, random):
    for number, bird in enumerate(("robin", "tit")):
        (folder / bird).mkdir(parents=True)
        for one in range(2):
            pixels = random.integers(0, 256, (80, 80, 3), dtype=np.uint8) // 2 + 120 * number
            cv2.imwrite(str(folder / bird / f"{one}.png"), pixels.astype(np.uint8))


def test_a_task_that_is_taught_anew_takes_over_in_the_running_process(
    tmp_path, environment, random
):
    photos(tmp_path / "birds", random)
    with Process(tmp_path, environment) as process:
        assert process.call("learn", "mybirds", "birds").returncode == 0
        assert process.ask("task", value="mybirds")["accepted"]
        process.write("task: dogs", "task: mybirds")
        assert process.ask()["accepted"]
        # The status file is written once a second.
        while found(process.environ)[0].status["control"]["tasks"] != ["mybirds"]:
            assert process.popen.poll() is None
        (tmp_path / "birds" / "wren").mkdir()
        cv2.imwrite(
            str(tmp_path / "birds/wren/0.png"), random.integers(0, 256, (90, 80, 3), np.uint8)
        )
        taught = process.call("learn", "mybirds", "birds")
        assert taught.returncode == 0, taught.stderr
        last = taught.stdout.splitlines()[-1]
        assert last == f"swapped in process {process.popen.pid}: mybirds: taught anew"
        assert process.popen.poll() is None
        assert process.call("learn", "export", "mybirds", "birds.npz").returncode == 0
        again = process.call("learn", "import", "birds.npz", "--replace")
        assert "nothing has changed" in again.stdout
