"""Which events are wanted, and the SQL that finds them by an index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from edgevision.values.event import rfc3339
from edgevision.values.label import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from edgevision.values.event import Phase

    Query = tuple[str, list[Any]]
    """SQL and the values of its marks."""

Order = Literal["newest", "oldest", "added"]

_ROWS = "SELECT e.rowid AS row, e.time AS time FROM events AS e"
_ORDERS: Mapping[Order, str] = {
    "newest": "{0}time DESC, {0}row DESC",
    "oldest": "{0}time, {0}row",
    "added": "{0}row",
}
_UNCORRECTED = "e.id NOT IN (SELECT id FROM corrections)"


@dataclass(frozen=True, slots=True)
class Filter:
    """What every event that is wanted has; None asks for nothing.

    Attributes:
        since, until: aware; the first moment that counts, and the first that does not any more.
        task, source: as events have them.
        label: compared as labels are: case, `_`, `-` and spaces do not count. What a person
            corrected counts by the corrected label.
        min_score: 0..1.
        phase: "seen" or "ended".
    """

    since: datetime | None = None
    until: datetime | None = None
    task: str | None = None
    label: str | None = None
    source: str | None = None
    min_score: float | None = None
    phase: Phase | None = None

    def wants(self, label: str) -> bool:
        """True if an event labelled so is wanted."""
        return self.label is None or canonical(label) == canonical(self.label)

    def rest(self) -> Query:
        """Conditions for all of it but the label, joined by AND, over the table as `e`."""
        parts: list[tuple[str, Any]] = [
            ("e.time >= ?", self.since and rfc3339(self.since)),
            ("e.time < ?", self.until and rfc3339(self.until)),
            ("e.task = ?", self.task),
            ("e.source = ?", self.source),
            ("e.score >= ?", self.min_score),
            ("e.phase = ?", self.phase),
        ]
        given = [(sql, value) for sql, value in parts if value is not None]
        return " AND ".join(["1", *(sql for sql, _ in given)]), [value for _, value in given]


@dataclass(frozen=True, slots=True)
class Known:
    """What the database holds that the way to the rows depends on.

    Attributes:
        pairs: every task with each of its labels.
        corrected: every label that a person gave in place of another.
        few_scores: so few events have the least score that is wanted that the index of scores is
            the shortest way.
    """

    pairs: Sequence[tuple[str, str]] = ()
    corrected: Sequence[str] = ()
    few_scores: bool = False


def found(wanted: Filter, known: Known, order: Order, limit: int | None) -> Query:
    """The rows of `wanted`, as SQL that gives `row` and `time`, in order."""
    behind = f"ORDER BY {_ORDERS[order].format('')} LIMIT {-1 if limit is None else limit:d}"
    rest, values = wanted.rest()
    if known.few_scores:
        labels = [label for _, label in known.pairs if wanted.wants(label)]
        labels += [label for label in known.corrected if wanted.wants(label)]
        where = _ROWS + " INDEXED BY events_by_score LEFT JOIN corrections AS c ON c.id = e.id"
        if wanted.label is None:
            return f"{where} WHERE {rest} {behind}", values
        marks = ", ".join("?" * len(labels))
        query = f"{where} WHERE {rest} AND coalesce(c.label, e.label) IN ({marks}) {behind}"
        return query, [*values, *labels]
    if wanted.label is None:
        return f"{_ROWS} WHERE {rest} {behind}", values
    return _by_label(wanted, known, behind)


def _by_label(wanted: Filter, known: Known, behind: str) -> Query:
    """Each task's part comes in order from the index of labels, so that a limit ends it early."""
    rest, values = wanted.rest()
    parts: list[Query] = [
        (f"e.task = ? AND e.label = ? AND {_UNCORRECTED} AND {rest}", [task, label, *values])
        for task, label in known.pairs
        if wanted.wants(label) and wanted.task in {None, task}
    ]
    parts += [
        (f"e.id IN (SELECT id FROM corrections WHERE label = ?) AND {rest}", [label, *values])
        for label in known.corrected
        if wanted.wants(label)
    ]
    if not parts:
        return f"{_ROWS} WHERE 0", []
    union = " UNION ALL ".join(
        f"SELECT row, time FROM ({_ROWS} WHERE {where} {behind})" for where, _ in parts
    )
    return f"SELECT row, time FROM ({union}) {behind}", [one for _, each in parts for one in each]


def whole(query: Query, order: Order) -> Query:
    """All that is known of the rows of `query`: row, event's JSON, corrected label, pinned."""
    sql, values = query
    joined = (
        f"SELECT f.row, e.json, c.label, p.id IS NOT NULL FROM ({sql}) AS f "
        "CROSS JOIN events AS e ON e.rowid = f.row "
        "LEFT JOIN corrections AS c ON c.id = e.id LEFT JOIN pins AS p ON p.id = e.id "
        f"ORDER BY {_ORDERS[order].format('f.')}"
    )
    return joined, values
