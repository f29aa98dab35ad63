"""Which network suits a device: times side by side, and the best within a budget.

Nothing here knows an engine: it is handed functions that open what is to be timed.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

WARM_ROUNDS: Final = 1
"""Rounds whose times are not kept: the processor's clock comes up, files are read."""

MOST_ROUNDS: Final = 30
BURST: Final = 6
"""Inferences of one network that are timed in a round."""

# After an opening: memory is touched for the first time.
_WARM_INFERENCES: Final = 2


class Timeable(Protocol):
    """An opened network."""

    def invoke(self) -> None:
        """One inference."""
        ...

    def close(self) -> None:
        """Give back its memory."""
        ...


@dataclass(frozen=True, slots=True)
class Times:
    """How long one inference takes.

    Attributes:
        ms: the median.
        p95_ms: 95 of 100 inferences take at most this long.
        inferences: that were timed.
    """

    ms: float
    p95_ms: float
    inferences: int


@dataclass(frozen=True, slots=True)
class Timed:
    """A network at one resolution, timed on this device.

    Attributes:
        id: for example "mobilenet_v1_0.75_192", or an id of the registry and the resolution.
        family, alpha: as in `zoo.families`; "" and None if not known.
        resolution: side of the input in pixels.
        times: of one inference.
        mb: size of the file, in 10^6 bytes.
        mult_adds, params: of the network at this resolution.
        top1: published accuracy on ImageNet's whole validation set, per cent; None: not published.
        source: where it was published; "" if it was not.
        trained: id of the registry's network whose weights these are; None: drawn from a seed.
        measured_top1: per cent of the photos of docs/accuracy.md; only of trained ones.
    """

    id: str
    family: str
    alpha: float | None
    resolution: int
    times: Times
    mb: float
    mult_adds: int | None
    params: int | None
    top1: float | None
    source: str = ""
    trained: str | None = None
    measured_top1: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON types."""
        return {
            "id": self.id,
            "family": self.family,
            "alpha": self.alpha,
            "resolution": self.resolution,
            "ms": round(self.times.ms, 4),
            "p95_ms": round(self.times.p95_ms, 4),
            "inferences": self.times.inferences,
            "mb": round(self.mb, 3),
            "mult_adds": self.mult_adds,
            "params": self.params,
            "top1": self.top1,
            "source": self.source,
            "trained": self.trained is not None,
            "model": self.trained,
            "measured_top1": self.measured_top1,
        }


def interleaved(
    opens: Mapping[str, Callable[[], Timeable]],
    seconds: float,
    *,
    burst: int = BURST,
    most_rounds: int = MOST_ROUNDS,
    progress: Callable[[float], object] = float,
    clock: Callable[[], float] = perf_counter,
) -> Iterator[dict[str, Times]]:
    """Time all networks in rounds: in each, a burst of inferences of every network in turn.

    What the machine does besides, and how hot it gets, so falls on all alike; no network always
    comes first, as each round begins with another one. A network is opened for its burst and closed
    after it: never more than one lies in memory, and where it lies there differs by round.

    Args:
        opens: by name, opens a network.
        seconds: begin no round that would likely end later than this; one is always kept.
        burst: inferences that are timed in a round, for each network.
        most_rounds: that are kept.
        progress: told the share done, 0..1.
        clock: in seconds.

    Yields:
        times of all rounds so far, after each round that is kept.
    """
    names = list(opens)
    taken: dict[str, list[float]] = {name: [] for name in names}
    began = clock()
    bursts = 0
    for number in range(WARM_ROUNDS + most_rounds):
        round_began = clock()
        start = number % max(len(names), 1)
        for name in names[start:] + names[:start]:
            found = _burst(opens[name], burst, clock)
            if number >= WARM_ROUNDS:
                taken[name] += found
            bursts += 1
            of_rounds = bursts / (len(names) * (WARM_ROUNDS + most_rounds))
            progress(min(max((clock() - began) / seconds, of_rounds), 1.0))
        if number >= WARM_ROUNDS:
            yield {name: _times(values) for name, values in taken.items()}
            if clock() - began + (clock() - round_began) > seconds:
                return


def pareto(
    rows: Iterable[Timed], accuracy: Callable[[Timed], float | None] = lambda row: row.top1
) -> list[Timed]:
    """Those that no other beats: the others are slower or less accurate than one of these.

    A row beats another if it is as accurate and as fast (median), and better in one of the two.
    Rows that are equal in both do not beat each other; those without an accuracy are left out.

    Returns:
        the front, the fastest first.
    """
    known = [row for row in rows if accuracy(row) is not None]
    known.sort(key=lambda row: (row.times.ms, -(accuracy(row) or 0.0)))
    front: list[Timed] = []
    for row in known:
        if front:
            last = front[-1]
            higher = (accuracy(row) or 0.0) > (accuracy(last) or 0.0)
            equal = (accuracy(row), row.times.ms) == (accuracy(last), last.times.ms)
            if not (higher or equal):
                continue
        front.append(row)
    return front


def within(
    rows: Iterable[Timed], budget_ms: float | None = None, budget_mb: float | None = None
) -> list[Timed]:
    """Those that keep both budgets; of the times it is the 95 % figure that must."""
    return [
        row
        for row in rows
        if (budget_ms is None or row.times.p95_ms <= budget_ms)
        and (budget_mb is None or row.mb <= budget_mb)
    ]


def best(
    rows: Iterable[Timed], accuracy: Callable[[Timed], float | None] = lambda row: row.top1
) -> Timed | None:
    """The most accurate; of equals the one with the shorter 95 % time, then the first.

    Returns:
        None if no row has an accuracy.
    """
    known = [row for row in rows if accuracy(row) is not None]
    return max(known, key=lambda row: (accuracy(row) or 0.0, -row.times.p95_ms), default=None)


def fastest(rows: Sequence[Timed]) -> Timed:
    """That with the shortest 95 % time."""
    return min(rows, key=lambda row: row.times.p95_ms)


def _burst(
    open_network: Callable[[], Timeable], count: int, clock: Callable[[], float]
) -> list[float]:
    """Milliseconds of `count` inferences."""
    network = open_network()
    try:
        for _ in range(_WARM_INFERENCES):
            network.invoke()
        taken = []
        for _ in range(count):
            began = clock()
            network.invoke()
            taken.append((clock() - began) * 1000)
    finally:
        network.close()
    return taken


def _times(millis: Sequence[float]) -> Times:
    middle, high = (float(np.percentile(millis, percent)) for percent in (50, 95))
    return Times(middle, high, len(millis))
