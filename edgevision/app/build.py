"""Makes the parts from the settings: the only place that knows both."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from edgevision import engines, outputs, regions, tasks
from edgevision.errors import ConfigError, EdgevisionError, WrittenError
from edgevision.kinds import load
from edgevision.pipeline.decide import Sightings
from edgevision.pipeline.everyframe import EveryFrame
from edgevision.pipeline.sighting import Rules
from edgevision.pipeline.step import Step
from edgevision.pixels.prepare import Preparer
from edgevision.regions.options import RegionOptions
from edgevision.values.box import Box
from edgevision.zoo.registry import Model, find

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgevision.config.schema import Settings
    from edgevision.protocols import Engine, Output, Region, Task
    from edgevision.pipeline.step import Decider

_OPTION_NAMES = {"screen": "Screen", "video": "VideoFile"}


@dataclass(frozen=True, slots=True)
class Network:
    """A model, the engine that runs it and the tasks that read it."""

    model: Model
    engine: Engine
    tasks: Sequence[Task]
    prepare: Preparer


def build_network(settings: Settings) -> Network:
    """The model with its engine and tasks.

    Raises:
        ConfigError: if a task is not known.
        ModelError: if the model, a head or its labels do not fit.
        EngineError: if no runtime runs it.
    """
    for name in settings.task:
        if name not in tasks.KINDS:
            load(tasks.KINDS, name, "task")
    chosen = settings.model
    model = find(chosen.use, chosen.labels, chosen.heads)
    kind = "cpu" if settings.engine.device == "auto" else settings.engine.device
    engine: Engine = load(engines.KINDS, kind, "engine.device")(
        model.path,
        model.name,
        model.sha256,
        runtime=settings.engine.runtime,
        threads=settings.engine.threads,
        xnnpack=settings.engine.xnnpack,
    )
    shared: dict[str, Any] = {}
    made = [
        load(tasks.KINDS, name, "task")(model, engine.spec, shared, settings.decide.of(name).top)
        for name in settings.task
    ]
    return Network(model, engine, made, Preparer(engine.spec.input))


def build_region(settings: Settings, network: Network) -> Region:
    """Where to look."""
    wanted = settings.region
    options = RegionOptions(
        zone=Box(*wanted.zone) if wanted.zone else None,
        idle_fps=wanted.idle_fps,
        padding=wanted.padding,
        most=wanted.max_passes,
        activation=network.tasks[0].activation,
    )
    region: Region = load(regions.KINDS, wanted.kind, "region.kind")(options)
    return region


def build_decider(settings: Settings, network: Network, *, photos: bool = False) -> Decider:
    """What many frames mean together; photos have nothing to do with each other."""
    rules = {task.name: rules_of(settings, task) for task in network.tasks}
    kind = EveryFrame if photos or settings.decide.mode == "frames" else Sightings
    return kind(rules, network.engine.spec)


def rules_of(settings: Settings, task: Any) -> Rules:
    """The rules of `task`: what is set, else the task's own."""
    own = settings.decide.of(task.name)
    threshold = task.threshold if own.threshold is None else own.threshold
    release = min(task.release, threshold) if own.release is None else own.release
    if release > threshold:
        raise ConfigError(
            f"decide.release: {release} is over the threshold {threshold} of task {task.name}; "
            "give one that is at most that"
        )
    return Rules(
        threshold=threshold,
        release=release,
        presence=own.presence,
        window_s=own.window_s,
        min_hits=own.min_hits,
        hold_s=own.hold_s,
        cooldown_s=own.cooldown_s,
        top=own.top,
    )


def build_step(settings: Settings, network: Network, decider: Decider) -> Step:
    """What is done with a frame."""
    return Step(
        region=build_region(settings, network),
        engine=network.engine,
        prepare=network.prepare,
        tasks=network.tasks,
        decider=decider,
        max_passes=settings.region.max_passes,
    )
