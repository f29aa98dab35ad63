"""Speed of the whole pipeline beside that of its slowest part alone, in turn, in one process."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Piped:
    """One run of the whole pipeline.

    Attributes:
        fps: frames told a second, from the first told to the last.
        total_millis: of each frame, from its being ready to its event's being ready.
        counts: frames "inferred", "drawn", "stored" and "written"; equal if nothing was dropped.
        first_told_at: `time.perf_counter()` when the first frame was told.
    """

    fps: float
    total_millis: Sequence[float]
    counts: dict[str, float]
    first_told_at: float


@dataclass(frozen=True, slots=True)
class Round:
    """The three measurements of a round, close together so that the machine's mood is shared."""

    raw_fps: float
    decode_fps: float
    piped: Piped

    @property
    def ratio(self) -> float:
        """The pipeline's rate to that of the slower of its two parts."""
        return self.piped.fps / min(self.raw_fps, self.decode_fps)


def measure(
    raw: Callable[[], float],
    decode: Callable[[], float],
    pipeline: Callable[[], Piped],
    rounds: Iterable[int],
) -> list[Round]:
    """Run all three in each round.

    Args:
        raw: inferences a second of the interpreter alone.
        decode: frames a second of the source alone.
        pipeline: the whole.
        rounds: one item for each.
    """
    return [Round(raw(), decode(), pipeline()) for _ in rounds]


def figures(rounds: Sequence[Round]) -> dict[str, Any]:
    """Medians over the rounds, and the latency over all frames of all rounds; JSON types.

    `added_p95_ms` is the 95th percentile of frame-ready to event-ready less the median time of
    one bare inference.
    """
    raw_millis = 1000 / median(one.raw_fps for one in rounds)
    total = np.concatenate([np.asarray(one.piped.total_millis) for one in rounds])
    middle, high = (float(np.percentile(total, percent)) for percent in (50, 95))
    return {
        "ratio": round(median(one.ratio for one in rounds), 4),
        "ratios": [round(one.ratio, 4) for one in rounds],
        "pipeline_fps": round(median(one.piped.fps for one in rounds), 2),
        "raw_fps": round(median(one.raw_fps for one in rounds), 2),
        "decode_fps": round(median(one.decode_fps for one in rounds), 2),
        "latency_p50_ms": round(middle, 3),
        "latency_p95_ms": round(high, 3),
        "added_p95_ms": round(high - raw_millis, 3),
        "rounds": len(rounds),
        "frames": len(total),
        "counts": rounds[-1].piped.counts,
        "complete": all(len(set(one.piped.counts.values())) == 1 for one in rounds),
    }
