"""What the parts of a run say of themselves, for `Health.watch`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgevision.pipeline.merged import Merged
from edgevision.pipeline.supervise import Supervised

if TYPE_CHECKING:
    from pathlib import Path

    from edgevision.pipeline.health import Health
    from edgevision.pipeline.outlet import Outlet
    from edgevision.pipeline.recorder import Recorder
    from edgevision.protocols import Source


_FAULTS = {
    "black": "gives black pictures: a lid, the dark, or a sensor that has failed",
    "frozen": "gives the same picture again and again",
}


def watch_source(health: Health, source: Source) -> None:
    """Count a live source's drops, stalls and openings; trouble while it does not run.

    Of several sources, each is counted by itself.
    """
    if isinstance(source, Merged):
        for one in source.sources:
            _watch_lane(health, source, one)
        return
    if not isinstance(source, Supervised):
        health.watch("sources", source.name, lambda: {"state": "running", "dropped": 0})
        return
    health.watch(
        "sources",
        source.name,
        lambda: _of_source(source),
        lambda: _trouble_of_source(source),
    )


def _watch_lane(health: Health, merged: Merged, source: Source) -> None:
    def numbers() -> dict[str, Any]:
        lane = merged.numbers(source)
        if not isinstance(source, Supervised):
            return lane
        own = _of_source(source)
        state = lane["state"] if lane["state"] == "ended" else own["state"]
        return {**own, "state": state, "dropped": own["dropped"] + lane["dropped"]}

    def trouble() -> str | None:
        ended = merged.trouble(source)
        if ended is not None or not isinstance(source, Supervised):
            return ended
        return _trouble_of_source(source)

    health.watch("sources", source.name, numbers, trouble)


def watch_outlet(health: Health, outlet: Outlet) -> None:
    """Count what an output wrote, dropped and lost; trouble while it fails."""
    health.watch("outputs", outlet.name, lambda: _of_outlet(outlet), lambda: outlet.trouble)


def watch_recorder(health: Health, recorder: Recorder, path: Path | None) -> None:
    """Count what the store at `path` kept and what waits for it; then every output behind it."""
    if path is not None:
        health.watch("store", "", lambda: _of_store(recorder, path), lambda: recorder.last_error)
    for outlet in recorder.outlets:
        watch_outlet(health, outlet)


def _of_source(source: Supervised) -> dict[str, Any]:
    counts, state = source.counts, source.state
    return {
        "state": state,
        "waiting_s": round(counts.wait_seconds, 1) if state == "waiting" else 0.0,
        "opened": counts.opened,
        "reconnects": max(counts.opened - 1, 0),
        "stalls": counts.stalls,
        "errors": counts.errors,
        "dropped": counts.dropped,
        "black": counts.black,
        "frozen": counts.frozen,
        "last_error": counts.last_error or None,
    }


def _trouble_of_source(source: Supervised) -> str | None:
    state, counts = source.state, source.counts
    if state == "waiting" or (state == "opening" and counts.errors + counts.stalls > 0):
        return counts.last_error or "does not answer"
    return _FAULTS.get(counts.fault)


def _of_outlet(outlet: Outlet) -> dict[str, Any]:
    return {
        "written": outlet.written,
        "waiting": outlet.waiting,
        "dropped": outlet.dropped,
        "errors": outlet.failures.count,
        "lost_events": outlet.lost_events,
        "last_error": outlet.failures.last,
        **outlet.state,
    }


def _of_store(recorder: Recorder, path: Path) -> dict[str, Any]:
    return {
        "path": str(path),
        "saved": recorder.saved,
        "unsaved": recorder.unsaved,
        "waiting": recorder.waiting,
        "errors": recorder.errors,
        "last_error": recorder.last_error,
    }
