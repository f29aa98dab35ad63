"""A message to people for each sighting, by Apprise: mail, phone, chat and a hundred others."""

from __future__ import annotations

import logging
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apprise import Apprise, AppriseAsset, AppriseConfig

from edgevision.errors import OutputError
from edgevision.outputs.retried import RetriedOutput
from edgevision.values.label import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from typing_extensions import Self

    from edgevision.store.outbox import Outbox

log = logging.getLogger(__name__)


class Notify(RetriedOutput):
    """Tells people what was seen, once a sighting; what fails is tried again.

    Args:
        urls_file: a configuration of Apprise: an address a line. It holds secrets; nothing of it is
            told.
        labels: only these; empty: all.
        min_score: only sightings with at least this score.
        quiet: from and to, "22:00" and "07:00" in local time: nobody is told then, nor later.
        picture: send the picture of the sighting with it, if snapshots keep one.
        outbox: where the events wait.
        picture_of: gives the file of a sighting's picture, or None.
    """

    name = "notify"

    def __init__(
        self,
        urls_file: Path,
        *,
        labels: Sequence[str] = (),
        min_score: float = 0.0,
        quiet: Sequence[str] | None = None,
        picture: bool = False,
        outbox: Outbox | None = None,
        picture_of: Callable[[str], Path | None] | None = None,
    ) -> None:
        super().__init__(outbox, self._tell)
        self._urls_file = Path(urls_file)
        self._labels = {canonical(label) for label in labels}
        self._min_score = min_score
        self._quiet = None if quiet is None else tuple(time.fromisoformat(one) for one in quiet)
        self._picture_of = picture_of if picture else None
        self._people: Apprise | None = None

    def __enter__(self) -> Self:
        # Apprise writes addresses, which hold secrets, into its own log.
        logging.getLogger("apprise").setLevel(logging.CRITICAL)
        try:
            text = self._urls_file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "is not UTF-8"
            raise OutputError(f"notify: {self._urls_file}: {reason}") from error
        config = AppriseConfig()
        config.add_config(text)
        self._people = Apprise(asset=AppriseAsset(app_id="edgevision", async_mode=False))
        self._people.add(config)
        if not len(self._people):
            raise OutputError(f"notify: {self._urls_file}: has no address that Apprise knows")
        return self

    def wanted(self, event: Mapping[str, Any], now: time) -> bool:
        """Whether people are to be told of `event` at the local time `now`."""
        if event["phase"] != "seen" or event["score"] < self._min_score:
            return False
        if self._labels and canonical(str(event["label"])) not in self._labels:
            return False
        if self._quiet is None:
            return True
        begin, end = self._quiet
        within = begin <= now < end if begin <= end else now >= begin or now < end
        return not within

    def _tell(self, event: Mapping[str, Any], line: str) -> None:
        del line
        if self._people is None or not self.wanted(event, datetime.now().astimezone().time()):
            return
        picture = None if self._picture_of is None else self._picture_of(str(event["id"]))
        told = self._people.notify(
            title=f"{event['name']} at {event['source']}",
            body=f"{event['name']}, {event['score']:.0%}, {event['time']}",
            attach=None if picture is None else str(picture),
        )
        if not told:
            raise OutputError("some of those who are to be told could not be reached")
