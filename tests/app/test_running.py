from __future__ import annotations

import pytest

from edgevision.app.build import build_decider, build_network, build_step
from edgevision.app.running import Parts, Running
from edgevision.board import Board
from edgevision.config.layers import load
from edgevision.inbox import Inbox
from edgevision.pipeline.commands import Commands
from edgevision.pipeline.health import Health
from edgevision.pipeline.loop import Loop
from edgevision.pipeline.outlet import Outlet
from edgevision.pipeline.switches import Switches
from edgevision.sources.uri import make
from edgevision.store.events import EventStore
from edgevision.store.reader import EventReader
from edgevision.values.command import Command
from edgevision.worker import Worker


class Pictures:
    """An output that is asked for pictures."""

    name = "pictures"

    def __init__(self):
        self.asked = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def ask(self, source):
        self.asked.append(source)

    def write(self, report):
        pass


class Stage:
    """A run with the real networks over synthetic frames, in a thread of its own."""

    def __init__(self, flags=None, outputs=(), store=None, inbox=None):
        source = {
            "source": "synthetic:?live=true&width=320&height=240",
            "source.name": "yard",
        }
        settings = load(None, {}, {**source, **(flags or {})})
        network = build_network(settings)
        step = build_step(settings, network, build_decider(settings, network))
        source = make(settings.the_source.uri, "yard", loop=False)
        switches, self.inbox, self.board = Switches(live=True), inbox or Inbox(), Board()
        self.outlets = [Outlet(output) for output in outputs]
        self.parts = Parts(step, switches, source, self.outlets, store, self.inbox)
        self.running = Running(settings, network, self.parts)
        self.source = source
        self.loop = Loop(
            step,
            source,
            self.outlets,
            board=self.board,
            health=Health(),
            switches=switches,
            commands=Commands(self.inbox, self.running.quick(), self.running.slow()),
        )

    def __enter__(self):
        for outlet in self.outlets:
            outlet.__enter__()
        self.source.__enter__()
        self.worker = Worker("loop", lambda _: self.loop.run()).start()
        return self

    def __exit__(self, *_):
        self.loop.stop()
        assert self.worker.wait(20)
        self.source.__exit__(None, None, None)
        for outlet in self.outlets:
            outlet.__exit__(None, None, None)
        self.parts.step.close()
        assert self.worker.error is None

    def ask(self, action, value=None, **more):
        return self.inbox.ask(Command(action, "cli", value, **more), 30)

    def wait_for(self, wanted):
        report = None
        for _ in range(10_000):
            report = self.board.wait_for_change("yard", report, 20)
            if report is not None and wanted(report):
                return report
        raise AssertionError("no such report came")

    def wait_for_tasks(self, *names):
        return self.wait_for(lambda report: tuple(one.task for one in report.decisions) == names)


def test_another_task_takes_over_on_the_same_network():
    with Stage({"task": "dogs"}) as stage:
        stage.wait_for_tasks("dogs")
        engine = stage.parts.step.engine
        answer = stage.ask("task", ("classify",))
        assert (answer.accepted, answer.reason) == (True, "looking for classify")
        stage.wait_for_tasks("classify")
        read = stage.wait_for(lambda report: report.results)
        assert {result.task for result in read.results} == {"classify"}
        assert stage.parts.step.engine is engine
        assert stage.ask("task", ("dogs", "classify")).accepted
        stage.wait_for_tasks("dogs", "classify")
        assert stage.running.to_dict()["tasks"] == ["dogs", "classify"]


def test_the_old_task_stays_if_the_new_one_cannot_be_had():
    with Stage({"task": "dogs"}) as stage:
        stage.wait_for_tasks("dogs")
        answer = stage.ask("task", ("dgos",))
        assert not answer.accepted
        assert answer.reason == "task 'dgos' is not known; did you mean dogs?"
        stage.wait_for_tasks("dogs")
        assert stage.running.settings.task == ("dogs",)


@pytest.mark.parametrize(
    ("configured", "others"),
    [
        ("dogs,classify", [["dogs"], ["classify"], ["dogs", "classify"], ["dogs"]]),
        ("dogs", [["classify"], ["dogs"], ["classify"]]),
    ],
)
def test_the_next_task_is_the_next_of_those_configured_or_of_all(configured, others):
    with Stage({"task": configured}) as stage:
        seen = []
        for _ in others:
            assert stage.ask("task").accepted
            seen.append(stage.running.to_dict()["tasks"])
    assert seen == others


def test_a_threshold_takes_release_with_it_if_it_must():
    flags = {"task": "dogs,classify", "decide.threshold": 0.6, "decide.release": 0.4}
    with Stage(flags) as stage:
        assert stage.ask("threshold", 0.2, task="dogs").reason == "threshold 0.2 for dogs"
        assert stage.running.to_dict()["thresholds"] == {"dogs": 0.2, "classify": 0.6}
        rule = stage.running.settings.decide.of("dogs")
        assert (rule.threshold, rule.release) == (0.2, 0.2)
        refused = stage.ask("threshold", 0.2, task="birds")
        assert refused.reason == "task 'birds' does not run; running: dogs, classify"
        # It is kept where the task is changed for a while.
        assert stage.ask("task", ("classify",)).accepted
        assert stage.ask("task", ("dogs",)).accepted
        assert stage.running.to_dict()["thresholds"] == {"dogs": 0.2}


def test_a_lower_threshold_is_decided_by_from_the_next_frame_on():
    with Stage({"task": "classify", "decide.threshold": 1.0, "region": "full"}) as stage:
        stage.wait_for(lambda report: report.decisions[0].verdict == "unsure")
        assert stage.ask("threshold", 0.0).accepted
        stage.wait_for(lambda report: report.decisions[0].verdict == "seen")


def test_off_and_frozen_are_told_of():
    with Stage() as stage:
        assert stage.ask("enabled", value=False).reason == "frames are read and not inferred"
        stage.wait_for(lambda report: report.decisions[0].cause == "off")
        assert stage.ask("freeze").reason == "the answer stands still"
        state = stage.running.to_dict()
        assert (state["enabled"], state["frozen"]) == (False, True)
        assert stage.ask("freeze").reason == "the answer goes on"
        assert stage.ask("enabled", value=True).accepted
        stage.wait_for(lambda report: report.boxes)


def test_a_picture_is_asked_of_the_outputs_that_keep_some():
    pictures = Pictures()
    with Stage(outputs=[pictures]) as stage:
        assert stage.ask("snapshot").reason == "the next frame goes to pictures"
        assert stage.ask("snapshot", source="yard").accepted
        refused = stage.ask("snapshot", source="attic")
        assert refused.reason == "there is no source 'attic'; there is yard"
    assert pictures.asked == [None, "yard"]


def test_no_picture_is_taken_against_the_settings():
    with Stage() as stage:
        assert "set outputs.snapshots.folder" in stage.ask("snapshot").reason
    pictures = Pictures()
    with Stage({"privacy.store_images": "event"}, outputs=[pictures]) as stage:
        assert "privacy.store_images" in stage.ask("snapshot").reason
    assert pictures.asked == []


def test_sightings_are_pinned_and_corrected(tmp_path, make_event):
    path, event = tmp_path / "events.sqlite", make_event(1)
    with EventStore(path) as store:
        store.add([event])
    with Stage(store=path) as stage:
        assert stage.ask("pin", value=True, event=event.id).accepted
        assert stage.ask("relabel", "collie", event=event.id).reason == f"{event.id}: shows collie"
        other = "01KQHT2VR80000000000000999"
        refused = stage.ask("pin", value=True, event=other)
        assert "there is no event" in refused.reason
    with EventReader(path) as reader:
        (kept,) = reader.sighting(event.id)
    assert (kept.pinned, kept.corrected) == (True, "collie")
    with Stage() as stage:
        assert "no events are kept" in stage.ask("pin", value=True, event=event.id).reason


def test_a_threshold_that_is_set_while_a_task_is_made_is_kept():
    with Stage({"task": "dogs"}) as stage:
        ready = stage.running.slow()["task"](Command("task", "cli", ("dogs", "classify")))
        assert stage.ask("threshold", 0.25, task="dogs").accepted
        # As the loop does, with nothing on its way.
        stage.parts.switches.enable(on=False)
        assert ready.put_in() == "looking for dogs, classify"
        assert stage.running.to_dict()["thresholds"]["dogs"] == 0.25
        stage.wait_for_tasks("dogs", "classify")


def test_a_key_on_the_screen_changes_the_task_of_a_run(monkeypatch):
    pygame = pytest.importorskip("pygame", reason="the extra display is not installed")
    screen = pytest.importorskip("edgevision.outputs.screen")
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    inbox = Inbox()
    window = screen.Screen(width=320, height=240, post=inbox.post)
    with Stage({"task": "dogs,classify"}, [window], inbox=inbox) as stage:
        for key, names in (("K_t", ("dogs",)), ("K_t", ("classify",))):
            stage.wait_for(lambda report: report.boxes)
            pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=getattr(pygame, key)))
            stage.wait_for_tasks(*names)
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_f))
        stage.wait_for(lambda report: report.decisions[0].cause == "frozen")
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_q))
        assert stage.worker.wait(20)
