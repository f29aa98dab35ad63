"""When to trade resolution or cores for speed, and when to take it back: pure, no clock, no engine.

There is a ladder of rungs, the best first: the network's own resolution with as few threads as
were asked for, then with more, then lower resolutions with the most threads. Every frame has a
limit for its network, and a burden, the share of that limit that the network took. Frames are
judged a window at a time, by the burden that four in five of them kept: by the median, nearly half
of all frames might be late for ever; by the worst, each hiccup of the system would cost resolution.

Down, where that burden is over 1. Up, where for a long while the burden at the next better rung,
as predicted, is under 0.8. What lies between is the room in which noise does nothing. A step up
that had to be taken back was a wrong prediction, and doubles the wait before the next.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# A window has at least so many frames, over at least so long.
_WINDOW_FRAMES = 12
_WINDOW_SECONDS = 1.0
_KEPT_BY = 0.8
# The loop's pace has to find itself again after each step (it remembers eight frames).
_SETTLING_FRAMES = 10
_HEADROOM = 0.8
# Calm before a step up: at first, and at most.
_CALM_SECONDS, _LONGEST_SECONDS = 10.0, 600.0
# A step up is a success if it lasts for so many times the calm that it was given on.
_PROVEN_AFTER = 6.0


@dataclass(frozen=True, slots=True)
class Rung:
    """One way to run the network: side of its input in pixels, threads of an inference."""

    resolution: int
    threads: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What is wanted of the loop; None: not asked for.

    Attributes:
        target_fps: looked-at frames a second to keep up with.
        max_latency_ms: from a frame's being ready to its answer.
    """

    target_fps: float | None = None
    max_latency_ms: float | None = None

    def of_network(self, infer_ms: float, total_ms: float) -> float:
        """Milliseconds that the network had for a frame; 0 or less if the rest took them all.

        The frame's time at the wanted rate, or what the latency leaves to it beside everything
        else: min(1000 / target_fps, max_latency_ms - (total_ms - infer_ms)).
        """
        by_rate = math.inf if self.target_fps is None else 1000 / self.target_fps
        if self.max_latency_ms is None:
            return by_rate
        return min(by_rate, self.max_latency_ms - (total_ms - infer_ms))


@dataclass(frozen=True, slots=True)
class Change:
    """A step that is to be made, and why: what the network took, and what it should."""

    old: Rung
    new: Rung
    network_ms: float
    wanted_ms: float


@dataclass(frozen=True, slots=True)
class Window:
    """What four in five frames of a window kept.

    Attributes:
        burden: the network's time by its limit; infinite where there was no time left for it.
        network_ms, wanted_ms: of the frame that had this burden.
        cost_ms: of the network, whatever the limits.
    """

    burden: float
    network_ms: float
    wanted_ms: float
    cost_ms: float


def ladder(
    own: int, resolutions: Sequence[int], threads: int, max_threads: int
) -> tuple[Rung, ...]:
    """The rungs, best first.

    Args:
        own: the resolution to begin with.
        resolutions: others that may be used; those from `own` on are not.
        threads: to begin with; they are doubled up to `max_threads` before pixels are given up.
        max_threads: taken as `threads` if it is less.
    """
    most = max(threads, max_threads)
    counts = [threads]
    while counts[-1] < most:
        counts.append(min(2 * counts[-1], most))
    lower = sorted((one for one in resolutions if one < own), reverse=True)
    return (*(Rung(own, count) for count in counts), *(Rung(one, most) for one in lower))


class Governor:
    """Chooses a rung from what frames took. The caller makes the step, and says when it is made.

    Args:
        rungs: best first, one or more; it begins with the first.
        limits: what is wanted.
    """

    def __init__(self, rungs: Sequence[Rung], limits: Limits) -> None:
        self._rungs = list(rungs)
        self._limits = limits
        self._at = 0
        self._next: int | None = None
        self._settling = _SETTLING_FRAMES
        self._frames: list[tuple[float, float, float]] = []
        self._window_began: float | None = None
        self._calm_since: float | None = None
        self._calm_wanted = _CALM_SECONDS
        self._raised_at: float | None = None
        self._costs: dict[Rung, float] = {}
        self._left: tuple[Rung, float] | None = None
        self._savings: dict[tuple[Rung, Rung], float] = {}
        self._short: Window | None = None

    @property
    def short(self) -> Window | None:
        """The last window, if even the last rung was over its limit; else None."""
        return self._short

    @property
    def rung(self) -> Rung:
        """The one in use."""
        return self._rungs[self._at]

    def look(self, now: float, infer_ms: float, total_ms: float) -> Change | None:
        """Take a frame in.

        Args:
            now: seconds, of any clock that never goes back.
            infer_ms: milliseconds of its network, all passes together, at the present rung.
            total_ms: from its being ready to its answer.

        Returns:
            The step to make, if one is due; then nothing is taken in until `made` or `failed`.
        """
        if self._next is not None:
            return None
        if self._settling:
            self._settling -= 1
            return None
        limit = self._limits.of_network(infer_ms, total_ms)
        burden = infer_ms / limit if limit > 0 else math.inf
        self._frames.append((burden, infer_ms, limit))
        if self._window_began is None:
            self._window_began = now
        full = len(self._frames) >= _WINDOW_FRAMES
        if not full or now - self._window_began < _WINDOW_SECONDS:
            return None
        window = _judged(self._frames)
        self._frames, self._window_began = [], None
        self._remember(window)
        wanted = self._wanted(now, window)
        if wanted is None:
            return None
        self._next = wanted
        return Change(self.rung, self._rungs[wanted], window.network_ms, window.wanted_ms)

    def made(self, now: float) -> None:
        """The step that was asked for is made: what comes now was inferred at the new rung."""
        if self._next is None:
            return
        if self._next > self._at:
            self._lowered(now)
        else:
            self._raised_at = now
        self._left = (self.rung, self._costs[self.rung])
        self._at = self._next
        self._begin_anew()

    def failed(self) -> None:
        """The rung that was asked for cannot be had; it is left out from now on."""
        if self._next is None:
            return
        if self._next < self._at:
            self._at -= 1
        del self._rungs[self._next]
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._next = None
        self._calm_since = None
        self._settling = _SETTLING_FRAMES

    def _lowered(self, now: float) -> None:
        """Was the last step up right? Each is judged once."""
        if self._raised_at is None:
            return
        if now - self._raised_at < _PROVEN_AFTER * self._calm_wanted:
            self._calm_wanted = min(2 * self._calm_wanted, _LONGEST_SECONDS)
        else:
            self._calm_wanted = _CALM_SECONDS
        self._raised_at = None

    def _remember(self, window: Window) -> None:
        """The network's time here; and what the step here saved, if this is the first window."""
        self._costs[self.rung] = window.cost_ms
        if self._left is not None:
            rung, cost = self._left
            self._left = None
            better, worse = sorted((rung, self.rung), key=self._rungs_index)
            ratio = cost / max(window.cost_ms, 1e-6)
            self._savings[better, worse] = ratio if better is rung else 1 / max(ratio, 1e-6)

    def _rungs_index(self, rung: Rung) -> int:
        return self._rungs.index(rung)

    def _wanted(self, now: float, window: Window) -> int | None:
        over = window.burden > 1
        last = self._at == len(self._rungs) - 1
        self._short = window if over and last else None
        if over:
            self._calm_since = None
            return None if last else self._at + 1
        if self._at == 0 or window.burden * self._saving() > _HEADROOM:
            self._calm_since = None
            return None
        if self._calm_since is None:
            self._calm_since = now
        return self._at - 1 if now - self._calm_since >= self._calm_wanted else None

    def _saving(self) -> float:
        """How many times longer the next better rung takes.

        As measured when one of the two was left for the other; but never more than mult-adds and
        threads account for, since other work may have come or gone between those two windows.
        """
        better, here = self._rungs[self._at - 1], self.rung
        ideal = most_saved(better, here)
        return min(max(self._savings.get((better, here), ideal), 1.0), ideal)


def most_saved(better: Rung, worse: Rung) -> float:
    """How many times less `worse` can take at best.

    Mult-adds are proportional to the square of the resolution (Howard et al. 2017, equation 7),
    and no number of threads does more than share them out evenly.
    """
    return (better.resolution / worse.resolution) ** 2 * worse.threads / better.threads


def _judged(frames: list[tuple[float, float, float]]) -> Window:
    place = math.ceil(_KEPT_BY * len(frames)) - 1
    burden, network_ms, wanted_ms = sorted(frames)[place]
    cost = sorted(network for _, network, _ in frames)[place]
    return Window(burden, network_ms, wanted_ms, cost)
