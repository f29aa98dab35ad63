"""Makes the parts from the settings: the only place that knows both."""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from edgevision import engines, outputs, tasks
from edgevision.app import accelerators, learned, pictures, sending, views
from edgevision.app.plan import REOPENED
from edgevision.app.preferred import preferred
from edgevision.app.provision import ensure
from edgevision.app.recogniser import build_recogniser
from edgevision.app.rules import build_rules
from edgevision.app.sourcing import shows_photos
from edgevision.engines.mirrored import Mirrored
from edgevision.kinds import Kind, load
from edgevision.pipeline.decide import Sightings
from edgevision.pipeline.everyframe import EveryFrame
from edgevision.pipeline.exchange import Exchangeable
from edgevision.pipeline.outlet import Outlet
from edgevision.pipeline.recorder import Recorder
from edgevision.pipeline.step import Step
from edgevision.pixels.prepare import Preparer
from edgevision.store.events import EventStore
from edgevision.tasks.custom import Custom
from edgevision.zoo.registry import Model, find

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from threading import Event

    from edgevision.config.schema import Settings
    from edgevision.inbox import Inbox
    from edgevision.pipeline.step import Decider
    from edgevision.protocols import Engine, Output, Task
    from edgevision.values.tensor import ModelSpec

log = logging.getLogger(__name__)

# Frames that an output may lag behind before it is left out of some.
_DEPTH = 1
# Tasks that need more of the settings than what is set for every task.
_BY_SETTINGS = {
    "landmarks": Kind("edgevision.app.whereabouts:landmarks_by", "by the branch geo"),
}
# Reading a file's graph takes time and memory at the start, so only who asks for it pays for it.
_RESIZING = {"sibling": Kind("edgevision.zoo.sibling:at_resolution", "another size of the input")}


@dataclass(frozen=True, slots=True)
class Network:
    """A model, the engine that runs it and the tasks that read it."""

    model: Model
    engine: Engine
    tasks: Sequence[Task]
    prepare: Preparer

    def with_engine(self, engine: Engine) -> Network:
        """The same network run by another engine."""
        return replace(self, engine=engine)

    def with_tasks(self, model: Model, made: Sequence[Task]) -> Network:
        """The same network with other heads, and the tasks that read them."""
        return replace(self, model=model, tasks=made)


def build_network(settings: Settings, *, photos: bool | None = None) -> Network:
    """The model with its engine and tasks.

    Args:
        settings: what is wanted.
        photos: it will look at photos that have nothing to do with each other; None: it will if the
            source of the settings shows such.

    Raises:
        ConfigError: if a task is not known.
        ModelError: if the model, a head or its labels do not fit.
        EngineError: if no runtime runs it.
    """
    learned.check_tasks(settings.task, learned.place(os.environ))
    of_photos = shows_photos(settings) if photos is None else photos
    model = build_model(settings)
    if of_photos:
        model = views.for_photos(settings, model)
    engine = build_engine(settings, model)
    if views.mirrors(settings, photos=of_photos):
        second = views.second_look(settings, model, photos=of_photos)
        if second is None:
            engine = Mirrored(engine)
        else:
            engine = Mirrored(engine, build_engine(settings, second))
            model = views.with_second(model, second)
    made = build_tasks(settings, model, engine.spec)
    mean, deviation = model.scaling or (None, None)
    chosen = settings.model
    prepare = Preparer(
        engine.spec.input,
        mean if chosen.mean is None else chosen.mean,
        deviation if chosen.deviation is None else chosen.deviation,
    )
    return Network(model, engine, made, prepare)


def build_model(settings: Settings) -> Model:
    """The model of the settings, with labels and heads, fetched if need be.

    Raises:
        ModelError: if one of them is missing, they do not fit, or the network cannot run at the
            resolution that is set.
        FetchError: if it is to be fetched, and did not come through.
    """
    ensure(settings, os.environ)
    chosen, folder = settings.model, settings.models.place(os.environ)
    model = find(preferred(settings).use, chosen.labels, chosen.heads, folder=folder)
    if chosen.resolution is not None:
        at_resolution = load(_RESIZING, "sibling", "resolution")
        model = at_resolution(model, chosen.resolution, folder, chosen.labels, chosen.heads)
    return learned.with_learned(model, settings.task, learned.place(os.environ))


def build_engine(
    settings: Settings, model: Model, *, resolution: int | None = None, threads: int | None = None
) -> Engine:
    """What runs `model`.

    Args:
        settings: what is not given here is taken from `settings.engine`.
        model: which network.
        resolution: side of the input in pixels; None: the model's.
        threads: of the interpreter.

    Raises:
        ModelError: if the file is damaged, or cannot be resized so.
        EngineError: if no runtime runs it.
    """
    if accelerators.wanted(settings, model):
        return accelerators.build(settings, model, partial(_on_cpu, settings, threads=threads))
    return _on_cpu(settings, model, resolution=resolution, threads=threads)


def _on_cpu(
    settings: Settings, model: Model, *, resolution: int | None = None, threads: int | None = None
) -> Engine:
    engine: Engine = load(engines.KINDS, "cpu", "engine.device")(
        model.path,
        model.name,
        model.sha256,
        runtime=settings.engine.runtime,
        threads=threads or settings.engine.threads,
        xnnpack=settings.engine.xnnpack,
        resolution=resolution or model.resolution,
    )
    return engine


def build_tasks(settings: Settings, model: Model, spec: ModelSpec) -> list[Task]:
    """The tasks of the settings, reading `model`.

    Args:
        settings: names the tasks.
        model: its labels and heads.
        spec: what the engine gives.

    Raises:
        ConfigError: if a task is not known.
        ModelError: if `model` has not what a task needs.
    """
    shared: dict[str, Any] = {}
    return [
        _maker(settings, model, name)(model, spec, shared, settings.decide.of(name).top)
        for name in settings.task
    ]


def _maker(settings: Settings, model: Model, name: str) -> Callable[..., Task]:
    if name in model.heads and name not in tasks.KINDS:
        return partial(Custom, name)
    maker: Callable[..., Task] = load(tasks.KINDS, name, "task")
    if name in _BY_SETTINGS:
        maker = load(_BY_SETTINGS, name, "task")(settings.geo, model.sha256)
    return maker


def build_decider(settings: Settings, network: Network, *, photos: bool = False) -> Decider:
    """What many frames mean together; photos have nothing to do with each other."""
    rules = build_rules(settings, network.tasks)
    kind = EveryFrame if photos or settings.decide.mode == "frames" else Sightings
    return kind(rules, network.engine.spec)


def build_step(settings: Settings, network: Network, decider: Decider) -> Step:
    """What is done with a frame."""
    by = build_recogniser(settings, network)
    return Step(
        region=by.region,
        engine=by.engine,
        prepare=by.prepare,
        tasks=by.tasks,
        decider=decider,
        max_passes=by.max_passes,
    )


@dataclass(frozen=True, slots=True)
class Outputs:
    """What takes reports, and what a run has to know of it.

    Attributes:
        outlets: each output that shows, and the recorder, behind a thread of its own; not opened.
        recorder: keeps the events, then tells those outputs that tell.
        store: the path of the events' database, or None.
        exchangeable: by name, outputs in whose place another one can be put.
    """

    outlets: list[Outlet]
    recorder: Recorder
    store: Path | None
    exchangeable: Mapping[str, Exchangeable]


def build_outputs(
    settings: Settings, environ: Mapping[str, str], inbox: Inbox, *, live: bool, stop: Event
) -> Outputs:
    """The outputs of the settings, and the store.

    Those that tell events wait behind the store, so that an event is kept before it is told. Those
    that show pictures may leave frames out when the source is live, and none when it is a file.
    """
    telling: list[Outlet] = []
    showing: list[Outlet] = []
    exchangeable: dict[str, Exchangeable] = {}
    path = settings.store.file(environ) if settings.store.enabled else None
    sending.sinks(settings)
    pictures.say_what_is_left_out(settings)
    for name, options in pictures.allowed_outputs(settings):
        if options is None:
            continue
        output = build_output(settings, name, path, inbox)
        if name in REOPENED:
            output = exchangeable[name] = Exchangeable(output)
        outlet = Outlet(output, depth=_DEPTH, wait=not live, stop=stop)
        (showing if outlet.wants_pixels else telling).append(outlet)
    store = EventStore(path, sending.sinks(settings)) if path else None
    recorder = Recorder(store, telling)
    keeping = Outlet(recorder, depth=_DEPTH, wait=not live, stop=stop)
    return Outputs([*showing, keeping], recorder, path, exchangeable)


def build_output(settings: Settings, name: str, store: Path | None, inbox: Inbox) -> Output:
    """One of the outputs that are set and allowed; not opened.

    Args:
        settings: with its options.
        name: its kind.
        store: the path of the events' database, or None.
        inbox: where its commands go.
    """
    options = getattr(pictures.allowed_outputs(settings), name)
    given = {
        **options.model_dump(),
        **pictures.extras(name, settings, store),
        **sending.extras(name, settings, os.environ),
    }
    if name == "console" and settings.outputs.jsonl and str(settings.outputs.jsonl.path) == "-":
        given["stream"] = sys.stderr
    if name == "screen":
        given["post"] = inbox.post
    output: Output = load(outputs.KINDS, name, "output")(**given)
    return output
