"""What it sees now and why it tells nothing, as the page shows it."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import asdict
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgevision.values.report import Report
    from edgevision.values.result import Decision, Result
    from edgevision.web.site import Site

MINUTE_SECONDS: Final = 60.0
_GUESSES: Final = 5


def state_of(site: Site) -> dict[str, Any]:
    """Every source's last report, with JSON types."""
    return {"sources": [_source(site, name) for name in site.pictures]}


def _source(site: Site, name: str) -> dict[str, Any]:
    report = site.board.latest(name)
    return {
        "name": name,
        "viewers": site.pictures[name].viewers,
        "report": None if report is None else _report(report),
    }


def _report(report: Report) -> dict[str, Any]:
    frame = report.frame
    return {
        "frame": frame.number,
        "seconds": round(frame.seconds, 3),
        "width": frame.width,
        "height": frame.height,
        "inferred": bool(report.boxes),
        "tasks": [_decision(one, report) for one in report.decisions],
    }


def _decision(decision: Decision, report: Report) -> dict[str, Any]:
    of_task = [one for one in report.results if one.task == decision.task]
    best = max(of_task, key=_best, default=None)
    return {
        "task": decision.task,
        "verdict": decision.verdict,
        "label": decision.label,
        "score": round(decision.score, 4),
        "reason": decision.reason,
        "cause": decision.cause,
        "group": None if decision.group is None else decision.group.name,
        "presence": None if best is None else round(best.presence, 4),
        "place": None if best is None or best.place is None else asdict(best.place),
        "guesses": []
        if best is None
        else [
            {"label": one.label, "name": one.name, "score": round(one.score, 4)}
            for one in best.guesses[:_GUESSES]
        ],
    }


def _best(result: Result) -> float:
    return result.presence * (result.guesses[0].score if result.guesses else 0.0)


class LastMinute:
    """Decisions by task and cause over the last minute, from counts that only grow."""

    def __init__(self) -> None:
        self._kept: deque[tuple[float, Counter[tuple[str, str]]]] = deque()

    def add(self, summary: Mapping[str, Any], now: float | None = None) -> None:
        """Take in the counts of a summary."""
        moment = monotonic() if now is None else now
        counts = Counter(
            {(one["task"], one["cause"]): one["count"] for one in summary["decisions"]}
        )
        self._kept.append((moment, counts))
        while len(self._kept) > 1 and self._kept[1][0] <= moment - MINUTE_SECONDS:
            self._kept.popleft()

    def to_list(self) -> list[dict[str, Any]]:
        """The most frequent first, with JSON types."""
        if not self._kept:
            return []
        grown = self._kept[-1][1] - self._kept[0][1]
        return [
            {"task": task, "cause": cause, "count": count}
            for (task, cause), count in grown.most_common()
        ]
