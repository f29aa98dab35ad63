"""Chooses the trained network that keeps to a budget of milliseconds on this device."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from edgevision.app.build import build_model, build_tasks
from edgevision.app.device import fingerprint, keep_times, kept_times, place
from edgevision.app.fit import measure
from edgevision.app.trained import trained_here
from edgevision.errors import ModelError
from edgevision.evaluation.fit import best, fastest, within

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgevision.app.trained import Trained
    from edgevision.config.schema import Settings
    from edgevision.evaluation.fit import Timed, Times

log = logging.getLogger(__name__)

SECONDS: Final = 10.0
"""At most, to time networks that no kept times are known of."""


def choose(settings: Settings, environ: Mapping[str, str]) -> Settings:
    """The settings with the network that `model.budget_ms` asks for in place of it.

    Candidates are the trained networks of the registry that are on this device, whole, of a
    measured accuracy, and able to serve every task of the settings; each at its own resolution,
    and where it can be resized at 224, 192, 160 and 128 pixels. The most accurate one is taken of
    which 95 % of the inferences keep the budget; of equals the faster one.

    Args:
        settings: without a budget they come back as they are.
        environ: names the folder in which times are kept.

    Raises:
        ModelError: if no network serves the tasks, or none keeps the budget.
        EngineError: if no runtime is installed.
    """
    budget = settings.model.budget_ms
    if budget is None:
        return settings
    candidates = _candidates(settings, environ)
    times = _times(candidates, settings, environ)
    by_row = {one.id: one for one in candidates if one.key in times}
    rows = [one.timed(times[one.key]) for one in by_row.values()]
    if not rows:
        raise ModelError(_nobody(settings, {}))
    found = best(within(rows, budget), _measured)
    if found is None:
        quick = fastest(rows)
        raise ModelError(
            f"model.budget_ms: no network for {', '.join(settings.task)} is within {budget:g} ms "
            f"here; the fastest is {quick.id} with {quick.times.p95_ms:.2f} ms for 95 % of "
            "inferences: give at least that, or more engine.threads (`edgevision fit` times anew)"
        )
    log.info(
        "model %s: of %d within %g ms the most accurate (%.1f %% of photos right; 95 %% of "
        "inferences take at most %.2f ms)",
        *(found.id, len(within(rows, budget)), budget, _measured(found), found.times.p95_ms),
    )
    return by_row[found.id].chosen(settings)


def _measured(row: Timed) -> float | None:
    return row.measured_top1


def _candidates(settings: Settings, environ: Mapping[str, str]) -> list[Trained]:
    """Those that can serve the tasks.

    Raises:
        ModelError: if there are none, with the reason against each network.
    """
    found: list[Trained] = []
    unmeasured: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for one in trained_here(settings.models.place(environ)):
        name = one.entry.id
        if one.resolution not in one.entry.measured_top1:
            unmeasured[name] = "its accuracy was never measured"
            continue
        # What it can serve is the same at every resolution.
        if name not in reasons:
            reasons[name] = _why_not(one, settings)
        if not reasons[name]:
            found.append(one)
    if not found:
        raise ModelError(_nobody(settings, {**unmeasured, **reasons}))
    return found


def _why_not(one: Trained, settings: Settings) -> str:
    """Why a network cannot serve the settings; empty if it can."""
    chosen = one.chosen(settings)
    try:
        model = build_model(chosen)
        engine = one.open(chosen)
    except ModelError as error:
        return str(error)
    try:
        build_tasks(chosen, model, engine.spec)
    except ModelError as error:
        return str(error)
    finally:
        engine.close()
    return ""


def _nobody(settings: Settings, reasons: Mapping[str, str]) -> str:
    told = "; ".join(f"{name}: {reason}" for name, reason in reasons.items() if reason)
    return (
        f"model.budget_ms: no trained network here serves {', '.join(settings.task)}"
        + (f" ({told})" if told else "")
        + "; name one by model.use instead"
    )


def _times(
    candidates: Sequence[Trained], settings: Settings, environ: Mapping[str, str]
) -> dict[str, Times]:
    """Kept ones, and of the others as measured now, which are then kept."""
    path, on = place(environ), fingerprint(settings)
    times = dict(kept_times(path, on))
    missing = [one for one in candidates if one.key not in times]
    if missing:
        count, most = len(missing), SECONDS
        log.info("timing %d networks once, for up to %g s (kept in %s)", count, most, path)
        measured = measure(missing, settings, SECONDS)
        keep_times(path, on, measured)
        times.update(measured)
    return times
