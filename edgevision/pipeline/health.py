"""All numbers of a run, and whether it is well: the one source for whoever tells of them.

The loop counts here; parts that count for themselves are watched. `summary()` is what the closing
words, `edgevision status`, MQTT, the web page and the metrics tell.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, Any

from edgevision.pipeline.latency import Latency
from edgevision.pipeline.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edgevision.values.report import Report

log = logging.getLogger(__name__)

_STAGES = ("aim", "infer", "read", "decide", "total")
# The rate that is told as that of now is of so many seconds, and at most so many frames.
_NOW_SECONDS, _NOW_FRAMES = 5.0, 300


class Health:
    """Counts what the loop does, and asks the parts that count for themselves.

    Any thread may count and read. What happens for each frame takes some microseconds.

    Args:
        resolution, threads: of the network at the start.

    Attributes:
        frames: that were answered, with or without an inference.
        looked: those of them that the network looked at.
        inferences: of the network, all looks at all frames.
        failed: frames whose inference failed.
        restarts: how often the interpreter was built anew after failures.
        steps: changes of resolution and threads by the governor.
        inferring_since: when the inference began that runs now, by `perf_counter`; else None.
        state: whether it is well; `assess` brings it up to date.
    """

    def __init__(self, resolution: int | None = None, threads: int | None = None) -> None:
        self.resolution = resolution
        self.threads = threads
        self.steps = self.frames = self.looked = self.inferences = 0
        self.failed = self.restarts = self.events = 0
        self.first_result_at: float | None = None
        self.inferring_since: float | None = None
        self.sightings: Counter[tuple[str, str]] = Counter()
        self.decisions: Counter[tuple[str, str]] = Counter()
        self.dropped: Counter[str] = Counter()
        self.state = State()
        self._begun: float | None = None
        self._last = 0.0
        self._times: deque[float] = deque(maxlen=_NOW_FRAMES)
        self._latency = {stage: Latency() for stage in _STAGES}
        self._numbers: dict[str, dict[str, Callable[[], Any]]] = {}
        self._troubles: dict[str, Callable[[], str | None]] = {}
        self._lock = Lock()

    def count(self, report: Report) -> None:
        """Take a frame's report in."""
        now = perf_counter()
        with self._lock:
            if self._begun is None:
                self._begun = report.frame.ready_at
                self.state = self.state.answered()
            self._last = now
            self._times.append(now)
            self.frames += 1
            self._count_events(report)
            for decision in report.decisions:
                self.decisions[decision.task, decision.cause] += 1
            if not report.boxes:
                return
            self.looked += 1
            self.inferences += report.inferences
            if self.first_result_at is None:
                self.first_result_at = now
            for stage, latency in self._latency.items():
                if stage in report.stage_millis:
                    latency.add(report.stage_millis[stage])

    def finished(self, report: Report) -> None:
        """Take in what was told after a source's last frame."""
        with self._lock:
            self._count_events(report)

    def drop(self, cause: str, count: int = 1) -> None:
        """`count` frames were left out because of `cause`, where no watched part counts them."""
        with self._lock:
            self.dropped[cause] += count

    def changed(self, resolution: int, threads: int) -> None:
        """Take in that the network runs so from now on."""
        self.steps += 1
        self.resolution, self.threads = resolution, threads

    def watch(
        self,
        group: str,
        name: str,
        numbers: Callable[[], Mapping[str, Any]],
        trouble: Callable[[], str | None] | None = None,
    ) -> None:
        """Ask a part that counts for itself, whenever a summary is made.

        Args:
            group: "sources", "outputs" or another heading of the summary.
            name: of the part, under that heading; "" if the heading has this one part only.
            numbers: JSON types by name; quick, and called from any thread. A number "dropped" is
                counted among the frames and reports that were left out.
            trouble: why the part does not work as it should; None while it does.
        """
        with self._lock:
            self._numbers.setdefault(group, {})[name] = numbers
            if trouble is not None:
                self._troubles[f"{group.removesuffix('s')} {name}".strip()] = trouble

    def unwatch(self, group: str, name: str) -> None:
        """Ask it no more: the part has gone."""
        what = f"{group.removesuffix('s')} {name}".strip()
        with self._lock:
            self._numbers.get(group, {}).pop(name, None)
            self._troubles.pop(what, None)
        self.mend(what)

    def trouble(self, what: str, why: str) -> None:
        """`what` does not work as it should, until `mend` is called for it."""
        self._move(lambda state: state.with_trouble(what, why))

    def mend(self, what: str) -> None:
        """`what` works again."""
        self._move(lambda state: state.without_trouble(what))

    def fail(self, why: str) -> None:
        """It gives up."""
        self._move(lambda state: state.failed(why))

    def assess(self) -> State:
        """Ask the watched parts, and tell how it is."""
        for what, trouble in list(self._troubles.items()):
            why = trouble()
            if why is None:
                self.mend(what)
            else:
                self.trouble(what, why)
        return self.state

    @property
    def seconds(self) -> float:
        """From the first frame to the last."""
        return 0.0 if self._begun is None else self._last - self._begun

    @property
    def fps(self) -> float:
        """Frames a second since the first."""
        return self.frames / self.seconds if self.seconds > 0 else 0.0

    @property
    def fps_now(self) -> float:
        """Frames a second over the last seconds; 0 if there were none."""
        since = perf_counter() - _NOW_SECONDS
        with self._lock:
            times = [moment for moment in self._times if moment >= since]
        apart = len(times) - 1
        return apart / (times[-1] - times[0]) if apart > 0 and times[-1] > times[0] else 0.0

    def percentile(self, stage: str, percent: float) -> float | None:
        """Milliseconds of `stage` ("aim", "infer", "read", "decide", "total"); None before any."""
        with self._lock:
            kept = self._latency[stage].copy()
        found = kept.percentiles(percent)
        return None if found is None else found[0]

    def latency(self) -> dict[str, Latency]:
        """Times by stage, of the stages that had any; the caller's own."""
        with self._lock:
            return {stage: kept.copy() for stage, kept in self._latency.items() if kept.count}

    def dropped_by(
        self, watched: Mapping[str, Mapping[str, Mapping[str, Any]]] | None = None
    ) -> dict[str, int]:
        """Frames and reports that were left out, by cause or by the part that did it."""
        counts = Counter(self.dropped)
        for parts in (self.watched() if watched is None else watched).values():
            counts.update({name: numbers.get("dropped", 0) for name, numbers in parts.items()})
        return {name: count for name, count in counts.items() if count}

    def watched(self) -> dict[str, dict[str, dict[str, Any]]]:
        """What each watched part says now, by group and name."""
        with self._lock:
            asked = {group: dict(parts) for group, parts in self._numbers.items()}
        return {
            group: {name: dict(numbers()) for name, numbers in parts.items()}
            for group, parts in asked.items()
        }

    def summary(self) -> dict[str, Any]:
        """Every number and the state, with JSON types (docs/service.md lists them)."""
        state, watched = self.assess(), self.watched()
        latency = {stage: kept.to_dict() for stage, kept in self.latency().items()}
        with self._lock:
            sightings, decisions = self.sightings.most_common(), sorted(self.decisions.items())
        return {
            "state": state.name,
            "reasons": list(state.reasons),
            "frames": self.frames,
            "looked": self.looked,
            "inferences": self.inferences,
            "failed": self.failed,
            "restarts": self.restarts,
            "events": self.events,
            "resolution": self.resolution,
            "threads": self.threads,
            "steps": self.steps,
            "seconds": round(self.seconds, 3),
            "fps": round(self.fps, 2),
            "fps_now": round(self.fps_now, 2),
            "latency_ms": latency,
            "dropped": self.dropped_by(watched),
            "decisions": [
                {"task": task, "cause": cause, "count": count} for (task, cause), count in decisions
            ],
            "seen": [
                {"task": task, "name": name, "sightings": count}
                for (task, name), count in sightings
            ],
            **{group: parts.get("", parts) for group, parts in watched.items()},
        }

    def _count_events(self, report: Report) -> None:
        self.events += len(report.events)
        for event in report.events:
            if event.phase == "seen":
                self.sightings[event.task, event.name] += 1

    def _move(self, change: Callable[[State], State]) -> None:
        with self._lock:
            before, self.state = self.state, change(self.state)
            after = self.state
        # Whoever gives up tells why, once.
        if before.name != after.name != "failed":
            told = f"{after.name}: {'; '.join(after.reasons)}" if after.reasons else after.name
            log.log(logging.INFO if after.name == "healthy" else logging.WARNING, "%s", told)
