from __future__ import annotations

import json
import os
import shutil
import signal
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from edgevision.app import accelerators, proofs
from edgevision.app.build import build_engine, build_network
from edgevision.app.rebuild import rebuild
from edgevision.config.schema import Settings
from edgevision.engines.fallback import Fallback
from edgevision.engines.litert import LiteRt
from edgevision.errors import ModelError, RefusedError
from edgevision.evaluation.prove import Verdict
from edgevision.pipeline.health import Health
from edgevision.zoo.registry import find
from edgevision.zoo.twins import twin_of

NAME = "mobilenet_v1_0.25_128_quant"


@pytest.fixture
def state(tmp_path, monkeypatch) -> Path:
    """A state folder of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return proofs.place(os.environ)


@pytest.fixture
def settings(shared, state):
    def make(use=f"{NAME}_edgetpu", **engine) -> Settings:
        return Settings.model_validate(
            {
                "task": "classify",
                "source": "synthetic:",
                "model": {"use": use},
                "models": {"folder": str(shared / "models")},
                "engine": {"invoke_timeout_s": 0.5, "retry_s": 0.1, **engine},
            }
        )

    return make


@pytest.fixture
def picture(random):
    return random.integers(0, 256, (128, 128, 3), dtype=np.uint8)


@pytest.fixture
def built(settings):
    made = []

    def build(*given, **engine) -> Fallback:
        one = build_network(settings(*given, **engine)).engine
        made.append(one)
        return one

    yield build
    for one in made:
        one.close()


def answer(engine, picture):
    return engine.infer(lambda tensor: np.copyto(tensor, picture)).logits.stored


def state_of(engine) -> list[str]:
    return [one["state"] for one in engine.numbers()["accelerators"].values()]


def children_of_this() -> set[str]:
    tasks = Path(f"/proc/{os.getpid()}/task").iterdir()
    return {pid for task in tasks for pid in (task / "children").read_text().split()}


def until(condition):
    waiting = threading.Event()
    for _ in range(2000):
        if condition():
            return
        waiting.wait(0.01)
    raise AssertionError("it never came to that")


def test_a_compiled_network_runs_there_and_its_proof_is_kept(tpu, built, state, picture, shared):
    engine = built()
    here = LiteRt(shared / f"models/{NAME}.tflite", NAME, "")
    assert np.array_equal(answer(engine, picture), answer(here, picture))
    assert engine.spec.name == f"{NAME}_edgetpu"
    ((what, verdict),) = proofs.kept(state).items()
    assert verdict.ok
    assert verdict.difference == 0
    assert what.device == "edgetpu"
    assert what.sha256 == engine.spec.sha256

    proving = len(tpu.runs)
    answer(built(), picture)
    assert len(tpu.runs) - proving < 5, "it was proved a second time"


def test_a_network_for_the_cpu_stays_there_unless_the_edge_tpu_is_asked_for(tpu, built):
    assert isinstance(built(NAME), LiteRt)
    asked = built(NAME, device="edgetpu")
    assert isinstance(asked, Fallback)
    assert state_of(asked) == ["serving"]
    assert asked.spec.name == NAME


@pytest.mark.parametrize("word", ["crash", "abort", "error", "absent", "hang"])
def test_no_frame_is_lost_and_the_device_comes_back(tpu, built, picture, word):
    engine = built(max_failures=100)
    expected = answer(engine, picture)
    tpu.say(word)
    for _ in range(5):
        assert np.array_equal(answer(engine, picture), expected)
    assert engine.numbers()["inferences_on_cpu"] > 0
    tpu.say("ok")
    until(lambda: state_of(engine) == ["serving"])
    before = engine.numbers()["accelerators"]["edgetpu"]["inferences"]
    assert np.array_equal(answer(engine, picture), expected)
    assert engine.numbers()["accelerators"]["edgetpu"]["inferences"] == before + 1


def test_absent_at_the_start_it_begins_on_the_cpu_and_says_so(tpu, built, picture, state):
    tpu.say("absent")
    engine, health = built(max_failures=1), Health()
    accelerators.watch(health, lambda: engine)
    answer(engine, picture)
    told = health.summary()
    assert told["state"] == "degraded"
    assert "frames stay on the CPU" in told["reasons"][0]
    assert told["engine"]["on"] == ["cpu"]
    assert told["engine"]["device"] == "cpu"
    assert "frames stay on the CPU" in told["engine"]["reason"]
    assert not proofs.kept(state)

    tpu.say("ok")
    until(lambda: state_of(engine) == ["serving"])
    served = health.summary()["engine"]
    assert (served["on"], served["device"], served["reason"]) == (["edgetpu"], "edgetpu", None)
    assert not health.state.troubles
    assert proofs.kept(state)


def test_a_child_killed_between_frames_costs_no_frame(tpu, built, picture):
    engine = built()
    expected = answer(engine, picture)
    os.kill(int(tpu.runs[-1]["pid"]), signal.SIGKILL)
    assert np.array_equal(answer(engine, picture), expected)
    assert engine.numbers()["accelerators"]["edgetpu"]["failures"] == 1


def test_many_crashes_leave_no_process_and_no_descriptor(tpu, settings, picture):
    engine = build_network(settings(max_failures=100)).engine

    def come_back():
        tpu.say("crash")
        answer(engine, picture)
        tpu.say("ok")
        until(lambda: state_of(engine) == ["serving"])

    come_back()
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    children = children_of_this()
    assert len(children) == 1
    for _ in range(4):
        come_back()
    # The one that was ended is closed in a thread beside.
    until(lambda: len(list(Path("/proc/self/fd").iterdir())) <= descriptors)
    assert len(children_of_this()) == 1
    assert children_of_this() != children
    engine.close()
    until(lambda: not children_of_this())


def test_a_reload_takes_the_device_over_when_the_old_engine_has_gone(
    tpu, settings, picture, monkeypatch
):
    """One process at a time may hold it."""
    locks = tpu.folder / "locks"
    locks.mkdir()
    monkeypatch.setenv("FAKE_EDGETPU_LOCKS", str(locks))
    running = build_network(settings())
    expected = answer(running.engine, picture)
    rebuilt = rebuild(settings(threads=2, max_failures=100), running, engine=True)
    new = rebuilt.network.engine
    assert state_of(new) == ["away"]
    assert np.array_equal(answer(new, picture), expected)

    running.engine.close()
    until(lambda: state_of(new) == ["serving"])
    assert np.array_equal(answer(new, picture), expected)
    new.close()


def test_several_devices_share_the_frames(tpu, built, picture, monkeypatch):
    monkeypatch.setenv("FAKE_EDGETPU_DEVICES", "pci,usb,usb")
    both = built(device="usb")
    assert list(both.numbers()["accelerators"]) == ["usb:0", "usb:1"]
    every = built(device="edgetpu")
    for _ in range(6):
        answer(every, picture)
    shares = every.numbers()["accelerators"]
    assert {name: one["inferences"] for name, one in shares.items()} == {":0": 2, ":1": 2, ":2": 2}
    assert len({run["device"] for run in tpu.runs}) == 3
    assert list(built(device=":1").numbers()["accelerators"]) == [":1"]


def other_twin(shared, tmp_path) -> Path:
    """A compiled network whose file beside it is another network of the same form."""
    folder = tmp_path / "wrong"
    folder.mkdir()
    compiled = (shared / f"models/{NAME}_edgetpu.tflite").read_bytes()
    # Another digest than that of the network that was proved.
    (folder / "m_edgetpu.tflite").write_bytes(compiled + bytes(16))
    content = bytearray((shared / f"models/{NAME}.tflite").read_bytes())
    # Its weights lie in the middle of the file.
    middle = len(content) // 2
    content[middle : middle + 40_000] = bytes(40_000)
    (folder / "m.tflite").write_bytes(content)
    return folder / "m_edgetpu.tflite"


def test_a_network_that_gives_something_else_is_refused_and_the_last_one_stays(
    tpu, shared, tmp_path, settings, monkeypatch
):
    running = build_network(settings())
    wrong = other_twin(shared, tmp_path)
    monkeypatch.setenv("FAKE_EDGETPU_TWIN", str(shared / f"models/{NAME}.tflite"))
    changed = settings(str(wrong))
    labels = shared / "models/imagenet_labels.txt"
    changed = changed.model_copy(
        update={"model": changed.model.model_copy(update={"labels": labels})}
    )
    with pytest.raises(RefusedError, match=r"not those of the CPU; off by \d+\.\d % \(at most 10"):
        rebuild(changed, running, engine=True)
    assert answer(running.engine, np.full((128, 128, 3), 200, np.uint8)).sum() > 0
    verdicts = proofs.kept(proofs.place(os.environ)).values()
    assert sorted(verdict.ok for verdict in verdicts) == [False, True]
    # It is refused again by what is kept, without another try.
    count = len(tpu.runs)
    with pytest.raises(RefusedError):
        rebuild(changed, running, engine=True)
    assert len(tpu.runs) - count < 5
    running.engine.close()


def test_twins_are_found_by_entry_or_beside_the_file(shared, tmp_path):
    folder = shared / "models"
    assert twin_of(find(f"{NAME}_edgetpu", folder=folder), folder).name == NAME
    assert twin_of(find(NAME, folder=folder), folder).name == f"{NAME}_edgetpu"
    path = folder / f"{NAME}_edgetpu.tflite"
    assert twin_of(find(str(path)), folder).path == folder / f"{NAME}.tflite"
    alone = shutil.copy(path, tmp_path / "m_edgetpu.tflite")
    with pytest.raises(ModelError, match=r"m_edgetpu has no twin for the CPU: .*m.tflite is not"):
        twin_of(find(str(alone)), tmp_path)
    with pytest.raises(ModelError, match="has no twin compiled for the Edge TPU"):
        twin_of(find("efficientnet_lite0"), tmp_path)


def test_another_resolution_is_refused(tpu, settings, shared):
    model = find(NAME, folder=shared / "models")
    wide = partial(build_engine, settings(device="edgetpu"))
    with pytest.raises(ModelError, match="compiled for one resolution"):
        wide(replace(model, resolution=160))


def test_verdicts_survive_damage_of_their_file(state, caplog):
    assert proofs.kept(state) == {}
    what = proofs.Proved("0" * 64, "usb", "tflite_runtime 2.14.0")
    verdict = Verdict(ok=False, why="no", difference=0.5, millis=3.0, cpu_millis=9.0)
    proofs.keep(state, what, verdict)
    assert proofs.kept(state) == {what: verdict}

    for damage in ("{", "[]", json.dumps({"version": 1, "proofs": [{"sha256": 1}]})):
        state.write_text(damage)
        assert proofs.kept(state) == {}
    assert "networks are proved again" in caplog.text
    proofs.keep(state, what, verdict)
    assert proofs.kept(state) == {what: verdict}
