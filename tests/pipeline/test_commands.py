from __future__ import annotations

import threading

import pytest
from parts import Brightness, Everywhere, Frames, Kept, Shade, frame, whole

from edgevision.board import Board
from edgevision.errors import ConfigError
from edgevision.inbox import ENDING, Inbox
from edgevision.pipeline.commands import Commands, Ready
from edgevision.pipeline.decide import Sightings
from edgevision.pipeline.health import Health
from edgevision.pipeline.loop import Loop
from edgevision.pipeline.sighting import Rules
from edgevision.pipeline.step import Step
from edgevision.pipeline.switches import Switches
from edgevision.values.box import FULL
from edgevision.values.command import Answer, Command
from edgevision.values.result import Guess, Result
from edgevision.worker import Worker

RULES = {"shade": Rules(threshold=0.5, release=0.3)}
TASK, PIN, STOP = (Command(action, "keys") for action in ("task", "pin", "stop"))


class Endless(Frames):
    """Bright frames until it is stopped."""

    live = True

    def __init__(self):
        super().__init__([])

    def __iter__(self):
        number = 0
        while not self.stopped.is_set():
            yield frame(number, shade=250)
            number += 1


class Stage:
    """A loop over bright frames in a thread of its own, with an inbox."""

    def __init__(self, source=None, quick=None, slow=None):
        self.inbox = Inbox()
        self.source = source or Endless()
        self.switches = Switches(live=self.source.live)
        self.kept, self.board, self.health = Kept(), Board(), Health()
        self.engine = Brightness()
        self.step = Step(
            region=Everywhere(),
            engine=self.engine,
            prepare=whole,
            tasks=[Shade()],
            decider=Sightings(RULES, self.engine.spec),
        )
        self.loop = Loop(
            self.step,
            self.source,
            [self.kept],
            board=self.board,
            health=self.health,
            switches=self.switches,
            commands=Commands(self.inbox, quick or {}, slow or {}),
        )

    def __enter__(self):
        self.running = Worker("loop", lambda _: self.loop.run()).start()
        return self

    def __exit__(self, *_):
        self.loop.stop()
        assert self.running.wait(10)
        assert self.running.error is None

    def wait_for(self, wanted):
        """The first report that comes from now on and is as wanted."""
        report = self.board.latest("yard")
        for _ in range(100_000):
            report = self.board.wait_for_change("yard", report, 10)
            if wanted(report):
                return report
        raise AssertionError("no such report came")


def test_a_command_is_applied_between_frames_and_answered():
    threads = []

    def task(command):
        threads.append(threading.current_thread().name)
        return f"{command.action} it is"

    with Stage(quick={"task": task}) as stage:
        assert stage.inbox.ask(TASK, 10) == Answer(accepted=True, reason="task it is")
    assert threads == ["tell"]


def test_it_is_answered_while_the_source_gives_nothing():
    source = Frames([frame(0, shade=250)])
    source.gate.clear()
    with Stage(source, quick={"task": lambda _: "done"}) as stage:
        assert stage.inbox.ask(TASK, 10).accepted


def test_one_that_cannot_be_done_is_refused_and_the_loop_goes_on(caplog):
    def wrong(_):
        raise ConfigError("no such task\nat all")

    def broken(_):
        raise ZeroDivisionError

    with Stage(quick={"task": wrong, "pin": broken}) as stage:
        refused = stage.inbox.ask(TASK, 10)
        failed = stage.inbox.ask(PIN, 10)
        unknown = stage.inbox.ask(Command("reload", "cli"), 10)
        stage.wait_for(lambda report: report.boxes)
    assert refused == Answer(accepted=False, reason="no such task at all")
    assert failed == Answer(accepted=False, reason="failed: ZeroDivisionError")
    assert unknown == Answer(accepted=False, reason="nothing here can reload")


def test_stop_ends_the_run_and_what_comes_after_is_refused():
    with Stage() as stage:
        assert stage.inbox.ask(STOP, 10).accepted
        assert stage.running.wait(10)
        assert stage.inbox.ask(TASK, 10) == ENDING
        assert [event.phase for event in stage.kept.events] in (["seen", "ended"], [])


def test_a_slow_change_is_made_beside_the_loop_and_put_in_between_frames():
    gate, threads = threading.Event(), []

    def make(command):
        threads.append(threading.current_thread().name)
        gate.wait(10)

        def put_in():
            threads.append(threading.current_thread().name)
            return "changed"

        return Ready(put_in)

    answers, told = [], threading.Event()
    with Stage(slow={"task": make}, quick={"pin": lambda _: "pinned"}) as stage:
        stage.inbox.post(TASK, lambda answer: (answers.append(answer), told.set()))
        assert stage.inbox.ask(PIN, 10).accepted
        before = stage.wait_for(lambda report: report.boxes).frame.number
        stage.wait_for(lambda report: report.frame.number > before + 5)
        assert answers == []
        gate.set()
        assert told.wait(10)
    assert answers == [Answer(accepted=True, reason="changed")]
    assert threads == ["change", "tell"]


def test_slow_changes_are_made_one_after_the_other():
    made = []

    def make(command):
        made.append(("make", command.value))
        return Ready(lambda: made.append(("in", command.value)) or "done")

    with Stage(slow={"task": make}) as stage:
        told = threading.Semaphore(0)
        for number in range(5):
            stage.inbox.post(Command("task", "keys", number), lambda _: told.release())
        for _ in range(5):
            assert told.acquire(timeout=10)
    assert made == [(what, number) for number in range(5) for what in ("make", "in")]


@pytest.mark.parametrize(
    ("error", "reason"),
    [(ConfigError("the file is wrong"), "the file is wrong"), (ValueError("x"), "failed: Value")],
)
def test_a_change_that_cannot_be_made_is_refused(error, reason):
    def make(_):
        raise error

    with Stage(slow={"task": make}) as stage:
        answer = stage.inbox.ask(TASK, 10)
        stage.wait_for(lambda report: report.boxes)
    assert not answer.accepted
    assert answer.reason.startswith(reason)


def test_what_is_in_the_making_at_the_end_is_given_up_and_refused():
    begun, gate, given_up = threading.Event(), threading.Event(), threading.Event()

    def make(_):
        begun.set()
        gate.wait(10)
        return Ready(lambda: "done", given_up.set)

    answers = []
    with Stage(slow={"task": make}) as stage:
        stage.inbox.post(TASK, answers.append)
        stage.inbox.post(TASK, answers.append)
        assert begun.wait(10)
    gate.set()
    assert given_up.wait(10)
    assert answers == [ENDING, ENDING]


def test_too_many_changes_are_refused():
    gate = threading.Event()

    def make(_):
        gate.wait(10)
        return Ready(lambda: "done")

    answers, told = [], threading.Semaphore(0)
    with Stage(slow={"task": make}) as stage:
        for _ in range(20):
            stage.inbox.post(TASK, lambda answer: (answers.append(answer), told.release()))
        for _ in range(11):
            assert told.acquire(timeout=10)
        assert not any(answer.accepted for answer in answers)
        gate.set()
        for _ in range(9):
            assert told.acquire(timeout=10)
    assert sum(answer.accepted for answer in answers) in (8, 9)


def test_switched_off_frames_are_read_and_not_inferred():
    with Stage() as stage:
        stage.wait_for(lambda report: report.decisions[0].verdict == "seen")
        stage.switches.enable(on=False)
        off = stage.wait_for(lambda report: not report.boxes)
        calls = stage.engine.calls
        later = stage.wait_for(lambda report: report.frame.number > off.frame.number + 50)
        assert stage.engine.calls == calls
        assert later.results == ()
        (decision,) = later.decisions
        # What nobody looks for may be there.
        assert (decision.verdict, decision.cause) == ("unsure", "off")
        assert decision.reason == "switched off"
        # The sighting ends when its hold is over, as if the thing had gone.
        assert [event.phase for event in stage.kept.events] == ["seen", "ended"]
        stage.switches.enable(on=True)
        stage.wait_for(lambda report: report.decisions[0].verdict == "seen")


def test_frozen_the_answer_stands_still_and_nothing_is_inferred():
    with Stage() as stage:
        seen = stage.wait_for(lambda report: report.decisions[0].verdict == "seen")
        stage.switches.freeze(on=True)
        still = stage.wait_for(lambda report: not report.boxes)
        calls = stage.engine.calls
        later = stage.wait_for(lambda report: report.frame.number > still.frame.number + 50)
        assert stage.engine.calls == calls
        assert later.decisions[0].label == seen.decisions[0].label
        assert (later.decisions[0].verdict, later.decisions[0].cause) == ("seen", "frozen")
        assert later.decisions[0].reason.startswith("frozen: bright ")
        assert later.results
        assert [event.phase for event in stage.kept.events] == ["seen"]
        stage.switches.freeze(on=False)
        again = stage.wait_for(lambda report: report.boxes)
        assert again.decisions[0].verdict == "seen"


def test_a_file_waits_while_it_is_frozen():
    source = Frames([frame(number, shade=250) for number in range(2000)])
    with Stage(source) as stage:
        stage.switches.freeze(on=True)
        assert not stage.switches.moving.is_set()
        stage.switches.freeze(on=False)
        assert stage.running.wait(30)
    told = [report.frame.number for report in stage.kept.reports if report.frame.number < 1999]
    assert told == list(range(1999))


def test_a_frozen_file_can_be_stopped():
    source = Frames([frame(number, shade=250) for number in range(100_000)])
    with Stage(source) as stage:
        stage.wait_for(lambda report: report.boxes)
        stage.switches.freeze(on=True)
    assert len(stage.kept.reports) < 100_000


def test_sightings_of_a_task_that_is_taken_out_end_with_the_next_frame():
    sightings = Sightings(RULES, Brightness.spec)
    result = Result("shade", FULL, (Guess("bright", "Bright", 0.9),))
    for number in range(5):
        sightings.decide(frame(number), (result,), {})
    sightings.change({}, Brightness.spec)
    _, events = sightings.decide(frame(5), (result,), {})
    assert [event.phase for event in events] == ["ended"]
    assert sightings.decide(frame(6), (), {}) == ((), ())
    assert sightings.finish(frame(6)) == ()
