"""All counters of a run, for the closing words, the overlay and whoever watches the service."""

from __future__ import annotations

from collections import Counter, deque
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from edgevision.values.report import Report

# Latency is told over this many of the last frames; enough for a steady 95th percentile.
_REMEMBERED = 2000
_STAGES = ("aim", "infer", "read", "decide", "total")


class Health:
    """Counts what the loop does. Written by one thread; readers may be a frame behind.

    Args:
        resolution, threads: of the network at the start.
    """

    def __init__(self, resolution: int | None = None, threads: int | None = None) -> None:
        self.resolution = resolution
        self.threads = threads
        self.steps = 0
        self.frames = 0
        self.looked = 0
        self.failed = 0
        self.events = 0
        self.first_result_at: float | None = None
        self.sightings: Counter[tuple[str, str]] = Counter()
        self._begun: float | None = None
        self._last = 0.0
        self._millis: dict[str, deque[float]] = {
            stage: deque(maxlen=_REMEMBERED) for stage in _STAGES
        }

    def count(self, report: Report) -> None:
        """Take a frame's report in."""
        now = perf_counter()
        if self._begun is None:
            self._begun = report.frame.ready_at
        self._last = now
        self.frames += 1
        self.events += len(report.events)
        for event in report.events:
            if event.phase == "seen":
                self.sightings[event.task, event.name] += 1
        if not report.boxes:
            return
        self.looked += 1
        if self.first_result_at is None:
            self.first_result_at = now
        for stage, kept in self._millis.items():
            if stage in report.stage_millis:
                kept.append(report.stage_millis[stage])

    def changed(self, resolution: int, threads: int) -> None:
        """Take in that the network runs so from now on."""
        self.steps += 1
        self.resolution, self.threads = resolution, threads

    @property
    def seconds(self) -> float:
        """From the first frame to the last."""
        return 0.0 if self._begun is None else self._last - self._begun

    @property
    def fps(self) -> float:
        """Frames a second since the first."""
        return self.frames / self.seconds if self.seconds > 0 else 0.0

    def percentile(self, stage: str, percent: float) -> float | None:
        """Milliseconds of `stage` ("aim", "infer", "read", "decide", "total"); None before any."""
        kept = self._millis[stage]
        return float(np.percentile(np.array(kept), percent)) if kept else None

    def summary(self) -> dict[str, Any]:
        """Counters and rates, with JSON types."""
        return {
            "frames": self.frames,
            "looked": self.looked,
            "failed": self.failed,
            "events": self.events,
            "resolution": self.resolution,
            "threads": self.threads,
            "steps": self.steps,
            "seconds": round(self.seconds, 3),
            "fps": round(self.fps, 2),
            "latency_ms": {
                stage: {"p50": round(middle, 3), "p95": round(high, 3)}
                for stage in _STAGES
                if (middle := self.percentile(stage, 50)) is not None
                and (high := self.percentile(stage, 95)) is not None
            },
            "seen": [
                {"task": task, "name": name, "sightings": count}
                for (task, name), count in self.sightings.most_common()
            ],
        }
