from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
from tiny import classifier

from edgevision.engines.edgetpu import EdgeTpu
from edgevision.engines.litert import LiteRt
from edgevision.errors import EngineError, ModelError
from edgevision.worker import Worker

NAME = "mobilenet_v1_0.25_128_quant"


@pytest.fixture
def picture(random) -> np.ndarray:
    return random.integers(0, 256, (128, 128, 3), dtype=np.uint8)


@pytest.fixture
def model(shared) -> Path:
    return shared / f"models/{NAME}_edgetpu.tflite"


@pytest.fixture
def opened():
    """Opens engines that are closed after the test."""
    engines = []

    def open_one(path: Path, **options) -> EdgeTpu:
        engines.append(EdgeTpu(path, path.stem, "0" * 64, **options))
        return engines[-1]

    yield open_one
    for engine in engines:
        engine.close()


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def children() -> list[str]:
    here = Path(f"/proc/{os.getpid()}/task")
    return [pid for task in here.iterdir() for pid in (task / "children").read_text().split()]


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def test_gives_what_the_twin_gives(tpu, opened, model, shared, picture):
    here = LiteRt(shared / f"models/{NAME}.tflite", NAME, "0" * 64)
    there = opened(model)

    assert there.spec.input == here.spec.input
    assert there.spec.logits == here.spec.logits
    for turned in (picture, picture[::-1]):
        expected, given = (
            engine.infer(lambda tensor, turned=turned: np.copyto(tensor, turned)).logits
            for engine in (here, there)
        )
        assert np.array_equal(expected.stored, given.stored)


def test_an_answer_stays_what_it_was_when_the_next_one_comes(tpu, opened, model, picture):
    engine = opened(model)
    first = engine.infer(lambda tensor: np.copyto(tensor, picture)).logits.stored
    kept = first.copy()
    second = engine.infer(lambda tensor: tensor.fill(0)).logits.stored

    assert np.array_equal(first, kept)
    assert not np.array_equal(first, second)


def test_runs_on_the_processor_of_the_child_without_any_library(opened, shared, picture):
    path = shared / f"models/{NAME}.tflite"
    engine = opened(path, device="cpu")
    expected = LiteRt(path, NAME, "").infer(lambda tensor: np.copyto(tensor, picture)).logits

    given = engine.infer(lambda tensor: np.copyto(tensor, picture)).logits
    assert np.array_equal(given.stored, expected.stored)


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("crash", "was ended by SIGSEGV"),
        ("abort", "was ended by SIGABRT"),
        ("error", "Edge TPU edgetpu: "),
        ("absent", "Edge TPU edgetpu: "),
        ("hang", "no answer within 0.5 s"),
        ("slow 3000", "no answer within 0.5 s"),
    ],
)
def test_what_the_driver_does_is_an_error_here(tpu, opened, model, word, says):
    engine = opened(model, invoke_seconds=0.5)
    engine.invoke()
    tpu.say(word)

    with pytest.raises(EngineError, match=says):
        engine.invoke()

    engine.close()
    assert gone(engine.pid)


def test_slow_but_in_time_is_no_error(tpu, opened, model):
    engine = opened(model)
    tpu.say("slow 50")
    begun = perf_counter()
    engine.invoke()
    assert perf_counter() - begun >= 0.05


def test_a_device_that_is_not_there_is_told_and_opens_when_it_is(tpu, opened, model):
    tpu.say("absent")
    with pytest.raises(EngineError, match=r"libedgetpu.so.1 gives no device usb"):
        opened(model, device="usb")
    assert children() == []

    tpu.say("ok")
    opened(model, device="usb").invoke()
    assert len({run["device"] for run in tpu.runs}) == 1


def test_killed_in_the_middle_of_an_inference(tpu, opened, model):
    engine = opened(model, invoke_seconds=60)
    tpu.say("hang")
    asked = Worker("asks", lambda _: engine.invoke()).start()
    os.kill(engine.pid, signal.SIGKILL)

    assert asked.wait(20)
    assert isinstance(asked.error, EngineError)
    assert "SIGKILL" in str(asked.error)
    with pytest.raises(EngineError):
        engine.invoke()


def test_many_restarts_leave_nothing_behind(opened, shared, tmp_path):
    path = classifier(tmp_path / "m.tflite")
    opened(path, device="cpu").close()
    before = descriptors()
    pids = []
    for _ in range(8):
        engine = opened(path, device="cpu")
        engine.invoke()
        os.kill(engine.pid, signal.SIGKILL)
        with pytest.raises(EngineError):
            engine.invoke()
        engine.close()
        pids.append(engine.pid)

    assert descriptors() == before
    assert all(map(gone, pids))


@pytest.mark.parametrize("word", ["ok", "hang"])
def test_it_ends_with_its_parent(tpu, model, word, project):
    """Also while its driver hangs, when it reads nothing any more."""
    lines = [
        "import os, sys, threading",
        "from pathlib import Path",
        "from edgevision.engines.edgetpu import EdgeTpu",
        "engine = EdgeTpu(Path(sys.argv[1]), 'm', '', invoke_seconds=0.5)",
        "print(engine.pid, flush=True)",
        "sys.stdin.readline()",
        "engine._asking.write(b'\\n')",
        "os.kill(os.getpid(), 9)",
    ]
    parent = subprocess.Popen(
        [sys.executable, "-c", "\n".join(lines), str(model)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=project,
    )
    pid = int(parent.stdout.readline())
    ended = os.pidfd_open(pid)
    tpu.say(word)
    parent.communicate("go\n")
    try:
        assert select.select([ended], [], [], 20)[0], "the child lives on"
    finally:
        os.close(ended)


def test_what_is_no_image_network_is_refused(opened, tmp_path):
    with pytest.raises(ModelError, match="expected a square image"):
        opened(classifier(tmp_path / "m.tflite", shape=(1, 8, 12, 3)), device="cpu")


def test_a_python_that_is_not_there_or_has_no_runtime(opened, model, tmp_path):
    with pytest.raises(EngineError, match="cannot run the Edge TPU's process: No such file"):
        opened(model, python=tmp_path / "python")
    bare = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    if bare is None:
        pytest.skip("there is no Python of the system")
    with pytest.raises(EngineError, match=r"Edge TPU edgetpu: .*(ended with code|no TFLite)"):
        opened(model, python=Path(bare))


def test_a_program_that_is_no_child_of_ours(opened, model, tmp_path):
    babbler = tmp_path / "babbler"
    babbler.write_text("#!/bin/sh\necho hello\nsleep 60\n")
    babbler.chmod(0o755)
    with pytest.raises(EngineError, match="talks nonsense"):
        opened(model, python=babbler)
