"""Runs a network on Edge TPUs, with its twin on the CPU for when they are away."""

from __future__ import annotations

import logging
import os
from contextlib import closing
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Final

from edgevision.app import proofs
from edgevision.app.preferred import preferred
from edgevision.engines.edgetpu import EdgeTpu, listed
from edgevision.engines.fallback import Fallback, Patience
from edgevision.engines.mirrored import Mirrored
from edgevision.errors import EngineError, ModelError, RefusedError
from edgevision.evaluation.prove import prove
from edgevision.pipeline.backoff import Backoff
from edgevision.zoo.pinned import pinned
from edgevision.zoo.registry import find, local_file
from edgevision.zoo.twins import twin_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgevision.config.schema import Settings
    from edgevision.pipeline.health import Health
    from edgevision.protocols import Engine
    from edgevision.zoo.registry import Model

    MakeCpu = Callable[[Model], Engine]

log = logging.getLogger(__name__)

_BUSES: Final = frozenset({"usb", "pci"})
_SOON_S, _SOON_LONGEST_S = 0.5, 10.0
# How far the wait doubles while it rests.
_LATER_TIMES = 10


def wanted(settings: Settings, model: Model) -> bool:
    """Whether `model` is to run on an Edge TPU; `auto` leaves it to the file."""
    device = settings.engine.device
    # The default is asked for where there is nothing better; it need not have a twin.
    is_open = settings.model.use == "default" and not (model.entry and model.entry.twin)
    return device != "cpu" and (model.for_edgetpu or (device != "auto" and not is_open))


def build(settings: Settings, model: Model, make_cpu: MakeCpu) -> Fallback:
    """An engine that runs `model`, or its twin, on Edge TPUs.

    Args:
        settings: which, and what to do while they are away.
        model: for either processor.
        make_cpu: makes the engine for a network on the CPU.

    Raises:
        ModelError: if it has no twin, or is to run at another resolution than its file's.
        RefusedError: if it gives something else on the device than on the CPU.
        EngineError: if no runtime runs it on the CPU.
    """
    twin = twin_of(model, settings.models.place(os.environ))
    compiled, plain = (model, twin) if model.for_edgetpu else (twin, model)
    if model.resolution is not None:
        raise ModelError(
            f"{compiled.name}: was compiled for one resolution; leave model.resolution, or set "
            "engine.device: cpu"
        )
    wait = settings.engine.retry_s
    patience = Patience(
        settings.engine.max_failures,
        partial(Backoff, _SOON_S, _SOON_LONGEST_S),
        partial(Backoff, wait, wait * _LATER_TIMES),
    )
    openers = {
        name: partial(_open, settings, compiled, name, partial(make_cpu, plain))
        for name in devices(settings)
    }
    return Fallback(openers, make_cpu(plain), patience, model.name, model.sha256)


def devices(settings: Settings) -> tuple[str, ...]:
    """The names under which libedgetpu is asked for each; several share the frames."""
    wanted_device = settings.engine.device
    if wanted_device.startswith(":"):
        return (wanted_device,)
    bus = wanted_device if wanted_device in _BUSES else ""
    try:
        found, _ = listed(settings.engine.child_python)
    except EngineError as error:
        log.debug("%s", error)
        found = []
    count = found.count(bus) if bus else len(found)
    # One alone, or one that is not there yet, is asked for by no number.
    one = bus or "edgetpu"
    return tuple(f"{bus}:{number}" for number in range(count)) if count > 1 else (one,)


def watch(health: Health, engine: Callable[[], Engine]) -> None:
    """Count what the accelerators do, if there are any; trouble while one does not serve.

    Args:
        health: of the run.
        engine: gives the one that runs now.
    """

    def numbers() -> dict[str, object]:
        found = _accelerated(engine())
        if found is None:
            return {"on": ["cpu"], "device": "cpu", "reason": None}
        return found.numbers()

    def trouble() -> str | None:
        found = _accelerated(engine())
        return None if found is None else found.trouble()

    health.watch("engine", "", numbers, trouble)


def try_one(settings: Settings) -> str:
    """Run a compiled network that is here once, in words.

    Raises:
        EngineError: if that fails.
    """
    folder = settings.models.place(os.environ)
    for entry in pinned("registry").values():
        path = local_file(entry, folder) if entry.for_edgetpu else None
        if path is None:
            continue
        device = devices(settings)[0]
        python, seconds = settings.engine.child_python, settings.engine.invoke_timeout_s
        with closing(
            EdgeTpu(path, entry.id, "", device=device, python=python, invoke_seconds=seconds)
        ) as engine:
            begun = perf_counter()
            engine.invoke()
            took = (perf_counter() - begun) * 1000
            return f"{entry.id} takes {took:.1f} ms ({engine.runtime}, {engine.library})"
    return "no network for it is here to try"


def plain(settings: Settings) -> Settings:
    """The settings with the twin for the CPU, for a network that is refused on the Edge TPU."""
    model = find(preferred(settings).use, folder=settings.models.place(os.environ))
    if model.for_edgetpu:
        twin = twin_of(model, settings.models.place(os.environ))
        use = twin.entry.id if twin.entry else str(twin.path)
        chosen = settings.model.model_copy(update={"use": use})
        settings = settings.model_copy(update={"model": chosen})
    engine = settings.engine.model_copy(update={"device": "cpu"})
    return settings.model_copy(update={"engine": engine})


def _accelerated(engine: Engine) -> Fallback | None:
    one = engine.first if isinstance(engine, Mirrored) else engine
    return one if isinstance(one, Fallback) else None


def _open(settings: Settings, model: Model, device: str, make_cpu: Callable[[], Engine]) -> EdgeTpu:
    """On one device, proved.

    Raises:
        EngineError: if it is not there now.
        RefusedError: if it gives something else than the CPU.
    """
    engine = EdgeTpu(
        model.path,
        model.name,
        model.sha256,
        device=device,
        python=settings.engine.child_python,
        invoke_seconds=settings.engine.invoke_timeout_s,
    )
    try:
        _check(engine, model, device, make_cpu)
    except (EngineError, ModelError):
        engine.close()
        raise
    return engine


def _check(engine: EdgeTpu, model: Model, device: str, make_cpu: Callable[[], Engine]) -> None:
    path = proofs.place(os.environ)
    runtime = ", ".join(part for part in (engine.runtime, engine.library) if part)
    what = proofs.Proved(model.sha256, device, runtime)
    verdict = proofs.kept(path).get(what)
    if verdict is None:
        # Another than the one that may be looking at a frame now.
        with closing(make_cpu()) as cpu:
            verdict = prove(engine, cpu)
        proofs.keep(path, what, verdict)
        log.info("%s proved on Edge TPU %s: %s", model.name, device, verdict.figures)
    if not verdict.ok:
        raise RefusedError(
            f"{model.name} is refused on Edge TPU {device} ({runtime}): {verdict.why}; "
            f"{verdict.figures}; compile it anew, or set engine.device: cpu "
            f"(the verdict is kept in {path})"
        )
