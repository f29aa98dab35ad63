"""Puts the parts of a benchmark together: one network, one source, every output that counts."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from edgevision.app.build import build_decider, build_network, build_step
from edgevision.app.process import (
    core_for_network,
    peak_rss_mb,
    seconds_since_start,
    set_up_process,
)
from edgevision.app.sourcing import build_source
from edgevision.board import Board
from edgevision.errors import EdgevisionError
from edgevision.evaluation.bench import Piped, figures, measure
from edgevision.outputs.jsonl import JsonLines
from edgevision.pipeline.health import Health
from edgevision.pipeline.loop import Loop
from edgevision.pipeline.outlet import Outlet
from edgevision.pipeline.recorder import Recorder
from edgevision.pixels.draw import draw
from edgevision.store.events import EventStore

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    import numpy as np
    import numpy.typing as npt
    from typing_extensions import Self

    from edgevision.app.build import Network
    from edgevision.config.schema import Settings
    from edgevision.values.report import Report

# How far an output may lag behind, in frames; none is left out.
_DEPTH = 1


class _Counting:
    """An output that needs no opening."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass


class Drawing(_Counting):
    """Draws every overlay and throws it away: the cost of drawing, not that of encoding."""

    name = "drawing"
    wants_pixels = True
    lossless = True

    def __init__(self) -> None:
        self.drawn = 0
        self._canvas: npt.NDArray[np.uint8] | None = None

    def write(self, report: Report) -> None:
        """Draw it, if the network looked at it."""
        if report.boxes:
            self._canvas = draw(report, fps=None, out=self._canvas)
            self.drawn += 1


class Times(_Counting):
    """Notes when each frame was told, and how long it took."""

    name = "times"

    def __init__(self) -> None:
        self.told: list[float] = []
        self.millis: list[float] = []

    def write(self, report: Report) -> None:
        """Note it."""
        if report.boxes:
            self.told.append(perf_counter())
            self.millis.append(report.stage_millis["total"])

    @property
    def fps(self) -> float:
        """From the first to the last."""
        return (len(self.told) - 1) / (self.told[-1] - self.told[0])


class Bench:
    """The three measurements on one network and one video.

    Args:
        settings: with the source looped and every frame an event.
        frames: of each measurement.
    """

    def __init__(self, settings: Settings, frames: int) -> None:
        self._settings = settings
        self._frames = frames
        self._network: Network = build_network(settings)

    def raw(self) -> float:
        """Inferences a second, nothing else running."""
        engine = self._network.engine
        begun = perf_counter()
        for _ in range(self._frames):
            engine.invoke()
        return self._frames / (perf_counter() - begun)

    def decode(self) -> float:
        """Frames a second of the source alone, read as the pipeline reads them."""
        told: list[float] = []
        with build_source(self._settings) as source:
            for _ in source:
                told.append(perf_counter())
                if len(told) == self._frames:
                    break
        return (len(told) - 1) / (told[-1] - told[0])

    def pipeline(self) -> Piped:
        """Everything on: overlay drawn, events stored and written, for every frame."""
        health, times, drawing = Health(), Times(), Drawing()
        decider = build_decider(self._settings, self._network)
        step = build_step(self._settings, self._network, decider)
        with tempfile.TemporaryDirectory() as folder:
            lines = Path(folder) / "events.jsonl"
            store = EventStore(Path(folder) / "events.sqlite")
            recorder = Recorder(store, [JsonLines(str(lines))])
            with ExitStack() as opened:
                core = opened.enter_context(core_for_network(self._settings.engine.threads))
                outlets = [Outlet(one, depth=_DEPTH, wait=True) for one in (drawing, recorder)]
                for outlet in outlets:
                    opened.enter_context(outlet)
                source = opened.enter_context(build_source(self._settings))
                Loop(
                    step,
                    source,
                    [times, *outlets],
                    board=Board(),
                    health=health,
                    max_frames=self._frames,
                    network_core=core,
                ).run()
            with store:
                stored = store.count()
            with lines.open(encoding="utf-8") as written:
                count = sum(1 for _ in written)
        # Each task gives an event of its own for each frame.
        tasks = len(self._network.tasks)
        counts = {
            "inferred": health.looked,
            "drawn": drawing.drawn,
            "stored": stored / tasks,
            "written": count / tasks,
        }
        return Piped(times.fps, times.millis, counts, times.told[0])


def bench(settings: Settings, frames: int, rounds: Iterable[int]) -> dict[str, Any]:
    """The figures of docs/benchmarks.md that can be measured in this process, as JSON types."""
    set_up_process()
    parts = Bench(settings, frames)
    parts.raw()
    return figures(measure(parts.raw, parts.decode, parts.pipeline, rounds))


def once(settings: Settings, frames: int) -> dict[str, Any]:
    """One run of the pipeline: the most memory of this process, seconds to its first result."""
    set_up_process()
    piped = Bench(settings, frames).pipeline()
    return {
        "rss_mb": round(peak_rss_mb(), 1),
        "first_result_s": seconds_since_start(piped.first_told_at),
    }


def in_fresh_process(arguments: list[str]) -> dict[str, Any]:
    """What `once` gives in a process of its own, where nothing else has taken memory or time.

    Args:
        arguments: of `edgevision bench`.

    Raises:
        EdgevisionError: if it fails.
    """
    done = subprocess.run(
        [sys.executable, "-m", "edgevision", "bench", "--once", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise EdgevisionError(f"the run in a process of its own failed: {done.stderr.strip()}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found
