"""The numbers of a run as Prometheus reads them; all of them come from one summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from edgevision import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Summary = Mapping[str, Any]

STATES: Final = ("starting", "healthy", "degraded", "failed")
_COUNTERS: Final = {
    "frames": "Frames that were answered",
    "looked": "Frames that the network looked at",
    "inferences": "Inferences of the network",
    "failed": "Frames whose inference failed",
    "restarts": "Times the interpreter was built anew",
    "events": "Events that were told",
}
_GAUGES: Final = {
    "fps_now": ("frames_per_second", "Frames a second of late"),
    "resolution": ("network_resolution_pixels", "Side of the network's input"),
    "threads": ("network_threads", "Threads of the interpreter"),
}
# By heading of the summary, what is told of each of its parts: counters, then gauges.
_PARTS: Final[dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]]] = {
    "sources": ("source", ("reconnects", "stalls", "errors", "dropped"), ("waiting_s",)),
    "outputs": (
        "output",
        ("written", "dropped", "errors", "lost_events", "lost", "reconnects"),
        ("waiting", "outbox"),
    ),
}
# By heading of the summary with one part: its numbers, and whether each is a counter.
_SINGLES: Final[dict[str, dict[str, bool]]] = {
    "store": {"saved": True, "errors": True, "unsaved": False, "waiting": False},
    "board": {"temperature_c": False, "throttled": False},
    "process": {
        "rss_mb": False,
        "peak_rss_mb": False,
        "read_bytes": True,
        "written_bytes": True,
    },
    "engine": {"inferences_on_cpu": True},
    "disk": {"free_mb": False, "total_mb": False},
    "retention": {"events": True, "files": True},
    "web": {"viewers": False, "pictures": True},
}


class Numbers(Collector):
    """Asks for a summary whenever it is collected."""

    def __init__(self, summary: Callable[[], Summary]) -> None:
        self._summary = summary

    def collect(self) -> Iterator[Metric]:
        """Every number once."""
        summary = self._summary()
        yield from _general(summary)
        yield _latency(summary)
        yield _counted("dropped_frames", "Left out, by cause", summary["dropped"], "cause")
        decisions = CounterMetricFamily(
            "edgevision_decisions", "Decisions, by cause", labels=["task", "cause"]
        )
        for one in summary["decisions"]:
            decisions.add_metric([one["task"], one["cause"]], one["count"])
        yield decisions
        sightings = CounterMetricFamily(
            "edgevision_sightings", "Sightings, by label", labels=["task", "label"]
        )
        for one in summary["seen"]:
            sightings.add_metric([one["task"], one["name"]], one["sightings"])
        yield sightings
        for heading, (label, counters, gauges) in _PARTS.items():
            yield from _parts(summary.get(heading, {}), label, counters, gauges)
        engine = summary.get("engine", {})
        yield _device(engine)
        accelerators = engine.get("accelerators", {})
        yield from _parts(accelerators, "accelerator", ("inferences", "failures", "restarts"), ())
        for heading, numbers in _SINGLES.items():
            yield from _single(summary.get(heading, {}), heading, numbers)


def exposition(summary: Callable[[], Summary]) -> bytes:
    """The text of `/metrics`."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Numbers(summary))
    return generate_latest(registry)


def _general(summary: Summary) -> Iterator[Metric]:
    info = GaugeMetricFamily("edgevision_info", "Which program", labels=["version"])
    info.add_metric([__version__], 1)
    yield info
    state = GaugeMetricFamily("edgevision_state", "1 for the state that it is in", labels=["state"])
    for name in STATES:
        state.add_metric([name], summary["state"] == name)
    yield state
    for name, says in _COUNTERS.items():
        yield CounterMetricFamily(f"edgevision_{name}", says, value=summary[name])
    for name, (called, says) in _GAUGES.items():
        if summary[name] is not None:
            yield GaugeMetricFamily(f"edgevision_{called}", says, value=summary[name])


def _device(engine: Mapping[str, Any]) -> Metric:
    family = GaugeMetricFamily(
        "edgevision_engine_device", "1 for what looks at frames now", labels=["device"]
    )
    for name in ("cpu", "edgetpu") if "device" in engine else ():
        family.add_metric([name], engine["device"] == name)
    return family


def _latency(summary: Summary) -> Metric:
    """In seconds, as Prometheus has it."""
    family = HistogramMetricFamily(
        "edgevision_stage_seconds", "Time of each stage of a frame", labels=["stage"]
    )
    for stage, times in summary["latency_ms"].items():
        buckets = [(f"{float(top) / 1000:g}", n) for top, n in times["buckets"].items()]
        buckets.append(("+Inf", times["count"]))
        family.add_metric([stage], buckets, times["sum_ms"] / 1000)
    return family


def _counted(name: str, says: str, counts: Mapping[str, float], label: str) -> Metric:
    family = CounterMetricFamily(f"edgevision_{name}", says, labels=[label])
    for value, count in counts.items():
        family.add_metric([value], count)
    return family


def _parts(
    parts: Mapping[str, Mapping[str, Any]],
    label: str,
    counters: tuple[str, ...],
    gauges: tuple[str, ...],
) -> Iterator[Metric]:
    up = GaugeMetricFamily(f"edgevision_{label}_up", "1 while it works", labels=[label])
    for name, numbers in parts.items():
        up.add_metric([name], _works(numbers))
    yield up
    for number in (*counters, *gauges):
        counter = number in counters
        kind = CounterMetricFamily if counter else GaugeMetricFamily
        family = kind(f"edgevision_{label}_{number}", f"{number} by {label}", labels=[label])
        for name, numbers in parts.items():
            if isinstance(numbers.get(number), (int, float)):
                family.add_metric([name], numbers[number])
        yield family


def _works(numbers: Mapping[str, Any]) -> bool:
    if numbers.get("connection", "connected") != "connected":
        return False
    if "state" in numbers:
        return numbers["state"] in ("running", "serving")
    return not numbers.get("last_error")


def _single(
    numbers: Mapping[str, Any], heading: str, wanted: Mapping[str, bool]
) -> Iterator[Metric]:
    for name, counter in wanted.items():
        value = numbers.get(name)
        if isinstance(value, (int, float)):
            kind = CounterMetricFamily if counter else GaugeMetricFamily
            yield kind(f"edgevision_{heading}_{name}", f"{name} of the {heading}", value=value)
