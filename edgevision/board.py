"""The last report of each source, for readers that come when they like (previews, the page)."""

from __future__ import annotations

from threading import Condition
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgevision.values.report import Report


class Board:
    """Keeps the newest report by source; any thread may post and read."""

    def __init__(self) -> None:
        self._latest: dict[str, Report] = {}
        self._changed = Condition()

    def post(self, report: Report) -> None:
        """Put `report` in the place of its source's last one."""
        with self._changed:
            self._latest[report.frame.source] = report
            self._changed.notify_all()

    def latest(self, source: str) -> Report | None:
        """The newest report of `source`, or None before the first."""
        return self._latest.get(source)

    def wait_for_change(self, source: str, seen: Report | None, seconds: float) -> Report | None:
        """The newest report once it is another than `seen`; the same one after `seconds`."""
        with self._changed:
            self._changed.wait_for(lambda: self._latest.get(source) is not seen, seconds)
            return self._latest.get(source)
