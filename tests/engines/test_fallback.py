from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field

import numpy as np
import pytest

from edgevision.engines.fallback import Fallback, Patience
from edgevision.errors import EngineError, ModelError, RefusedError
from edgevision.values.tensor import Features, ModelSpec, Tensor, TensorSpec

SPEC = ModelSpec(
    "twin", "1" * 64, TensorSpec((2, 2, 3), "uint8"), logits=TensorSpec((1,), "float32")
)


class Engine:
    """Answers with the sum of its picture, and its own number behind the point."""

    spec = SPEC

    def __init__(self, number: int = 0) -> None:
        self.number = number
        self.input = np.zeros((2, 2, 3), np.uint8)
        self.broken = self.closed = False

    def infer(self, fill):
        fill(self.input)
        return self.run()

    def run(self):
        self.invoke()
        stored = np.array([self.input.sum() + self.number / 10], np.float32)
        return Features(logits=Tensor(stored, SPEC.logits))

    def invoke(self):
        if self.broken:
            raise EngineError("it broke")

    def close(self):
        self.closed = True


@dataclass
class Waits:
    """A wait that ends when the test says so, and tells that it has begun."""

    begun: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    resets: int = 0

    def seconds(self):
        self.begun.release()
        return 0.0

    def reset(self):
        self.resets += 1


class Opener:
    """Opens engines for as long as `allowed` gives any; each try takes one of them."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.opened: list[Engine] = []
        self.gate = threading.Semaphore(1)
        self.tried = threading.Semaphore(0)

    def __call__(self):
        assert self.gate.acquire(timeout=20)
        try:
            if self.error is not None:
                raise self.error
            self.opened.append(Engine(len(self.opened) + 1))
            return self.opened[-1]
        finally:
            self.tried.release()


def patience(most=2):
    soon, later = Waits(), Waits()
    return Patience(most, lambda: soon, lambda: later), soon, later


def answer(engine, value=1):
    return round(float(engine.infer(lambda tensor: tensor.fill(value)).logits.stored[0]), 1)


def until(condition):
    waiting = threading.Event()
    for _ in range(2000):
        if condition():
            return
        waiting.wait(0.01)
    raise AssertionError("it never came to that")


def end(*openers):
    """Let what still tries go on to its end."""
    for opener in openers:
        for _ in range(20):
            opener.gate.release()


def test_a_frame_whose_inference_fails_is_looked_at_by_the_cpu_and_filled_once():
    opener, (wait, soon, _) = Opener(), patience()
    engine = Fallback({"usb": opener}, Engine(), wait, name="m", sha256="2" * 64)
    assert (engine.spec.name, engine.spec.sha256) == ("m", "2" * 64)
    assert answer(engine) == 12.1
    fills = []

    def fill(tensor):
        fills.append(1)
        tensor.fill(2)

    opener.opened[0].broken = True
    features = engine.infer(fill)

    assert float(features.logits.stored[0]) == 24
    assert fills == [1]
    # Until it is open again frames go to the CPU at once.
    assert soon.begun.acquire(timeout=20)
    assert answer(engine) == 12
    assert engine.trouble() == "it broke (frames go to the CPU until it is back)"

    opener.gate.release()
    until(lambda: engine.trouble() is None)
    assert answer(engine) == 12.2
    assert opener.opened[0].closed
    numbers = engine.numbers()
    assert numbers["on"] == ["usb"]
    assert numbers["inferences_on_cpu"] == 2
    assert numbers["accelerators"]["usb"]["restarts"] == 1
    engine.close()
    assert opener.opened[1].closed


def test_after_some_failures_it_stays_on_the_cpu_says_so_once_and_is_tried_rarely(caplog):
    caplog.set_level(logging.INFO)
    opener, (wait, soon, later) = Opener(), patience(most=2)
    opener.error = EngineError("no device")
    engine = Fallback({"usb": opener}, Engine(), wait)
    assert answer(engine) == 12
    opener.gate.release()
    assert later.begun.acquire(timeout=20)
    assert engine.numbers()["accelerators"]["usb"]["state"] == "resting"
    why = "no device (2 failures: frames stay on the CPU; it is tried now and then)"
    assert engine.trouble() == why
    told = engine.numbers()
    assert (told["device"], told["reason"]) == ("cpu", why)
    for _ in range(3):
        opener.gate.release()
        assert later.begun.acquire(timeout=20)
    stays = [line for line in caplog.messages if "stay on the CPU" in line]
    assert len(stays) == 1

    opener.error = None
    opener.gate.release()
    until(lambda: engine.trouble() is None)
    assert answer(engine) == 12.1
    told = engine.numbers()
    assert (told["device"], told["reason"]) == ("edgetpu", None)
    assert "Edge TPU usb serves" in caplog.messages
    # Once it has proved steady, it is as if nothing had been.
    assert soon.resets == later.resets == 0
    for _ in range(100):
        answer(engine)
    assert soon.resets == later.resets == 1
    engine.close()


def test_several_share_the_frames_and_one_takes_over_for_the_other():
    one, two = Opener(), Opener()
    wait, _, _ = patience()
    engine = Fallback({":0": one, ":1": two}, Engine(), wait)
    for _ in range(10):
        answer(engine)
    shares = engine.numbers()["accelerators"]
    assert [shares[name]["inferences"] for name in (":0", ":1")] == [5, 5]

    one.opened[0].broken = True
    for _ in range(10):
        answer(engine)
    shares = engine.numbers()
    assert shares["inferences_on_cpu"] == 1
    assert shares["on"] == [":1"]
    assert shares["accelerators"][":1"]["inferences"] == 14
    end(one, two)
    engine.close()


def test_one_that_is_refused_at_the_start_is_an_error_and_all_is_given_back():
    fine, wrong, cpu = Opener(), Opener(), Engine()
    wrong.error = RefusedError("off by 40 %")
    with pytest.raises(ModelError, match="off by 40 %"):
        Fallback({":0": fine, ":1": wrong}, cpu, patience()[0])
    assert fine.opened[0].closed
    assert cpu.closed


def test_one_that_is_refused_later_is_tried_no_more(caplog):
    opener, (wait, _, _) = Opener(), patience()
    engine = Fallback({"usb": opener}, Engine(), wait)
    opener.error = RefusedError("off by 40 %")
    opener.opened[0].broken = True
    assert answer(engine) == 12
    opener.gate.release()
    until(lambda: engine.numbers()["accelerators"]["usb"]["state"] == "refused")
    assert engine.trouble() == "off by 40 % (it is not used; frames go to the CPU)"
    assert answer(engine) == 12
    engine.close()


def test_one_that_opens_too_late_is_closed():
    opener, (wait, soon, _) = Opener(), patience()
    engine = Fallback({"usb": opener}, Engine(), wait)
    opener.opened[0].broken = True
    answer(engine)
    assert soon.begun.acquire(timeout=20)
    engine.close()
    end(opener)
    until(lambda: len(opener.opened) == 1 or opener.opened[1].closed)
