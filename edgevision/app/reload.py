"""Takes changed settings while a run goes on: only what they change is made anew."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgevision.app.build import build_output
from edgevision.app.governed import is_governed
from edgevision.app.plan import Change, changes, in_words, without_restarts
from edgevision.app.rebuild import rebuild
from edgevision.app.sourcing import bare_source, opener
from edgevision.errors import EdgevisionError
from edgevision.pipeline.commands import Ready
from edgevision.pipeline.supervise import Supervised

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from edgevision.app.rebuild import Rebuilt
    from edgevision.app.running import Running
    from edgevision.config.schema import Settings
    from edgevision.pipeline.exchange import Exchangeable
    from edgevision.values.command import Command

    Reread = Callable[[Path | None], Settings]

log = logging.getLogger(__name__)

# Settings whose change needs another recogniser, or rules for the one there is.
_LOOKING = frozenset({"task", "region", "model", "engine", "decide", "geo"})


@dataclass(frozen=True, slots=True)
class Plan:
    """What settings would change.

    Attributes:
        settings: as they would be from now on, less what holds only from the next start.
        changes: everything, what holds only from the next start included.
    """

    settings: Settings
    changes: tuple[Change, ...]

    def needs(self, how: str) -> bool:
        """Whether anything changes so."""
        return any(one.how == how for one in self.changes)


class Reload:
    """The command `reload`.

    Args:
        running: the run.
        reread: reads the settings again, from the file that is given instead of the run's own.
        outputs: those that can be exchanged, by name.
    """

    def __init__(
        self, running: Running, reread: Reread, outputs: Mapping[str, Exchangeable]
    ) -> None:
        self._running = running
        self._reread = reread
        self._outputs = outputs

    def plan(self, path: Path | None = None) -> Plan:
        """What a reload would change now.

        Raises:
            ConfigError: if the settings are wrong.
        """
        old, new = self._running.settings, self._reread(path)
        planned = changes(old, new, kept=self._kept(old, new))
        return Plan(without_restarts(old, new, planned), planned)

    def describe(self, path: Path | None) -> dict[str, Any]:
        """As `plan`, in JSON types."""
        return {"changes": [one.to_dict() for one in self.plan(path).changes]}

    def __call__(self, command: Command) -> Ready:
        """Make what the changed settings need, beside the loop.

        Raises:
            EdgevisionError: what is wrong with them; then all stays as it was.
        """
        del command
        plan, before = self.plan(), self._running.settings
        rebuilt = rebuild(plan.settings, self._running.network, engine=plan.needs("engine"))
        settings, failures = self._reopen(before, plan)
        if any(one.key == "log.level" for one in plan.changes):
            logging.getLogger().setLevel(settings.log.level.upper())
        rebuilt = rebuilt.of(settings)

        def put_in() -> str:
            looks = any(one.part in _LOOKING and one.how != "restart" for one in plan.changes)
            self._running.take_over(rebuilt, looks=looks or bool(rebuilt.renewed))
            return _told(plan, rebuilt, failures)

        return Ready(put_in, rebuilt.give_up)

    def _kept(self, old: Settings, new: Settings) -> Collection[str]:
        """What this run can change only by a new start."""
        kept = set()
        source = self._running.parts.source
        if (old.every_source, old.privacy.masks) != (new.every_source, new.privacy.masks):
            alone = isinstance(source, Supervised) and len(new.every_source) == 1
            live = alone and bare_source(new, new.the_source).live
            kept |= set() if live else {"source", "sources", "privacy"}
        if is_governed(old) or is_governed(new):
            # The governor's ladder was made for this network.
            kept |= {"engine", "model", "governor"}
        return kept

    def _reopen(self, before: Settings, plan: Plan) -> tuple[Settings, list[str]]:
        """Exchange outputs and source; the settings with which that came out, and what failed."""
        settings, failures = plan.settings, []
        # One that privacy turns off is not there.
        named = (one.part for one in plan.changes if one.how == "output")
        for name in dict.fromkeys(name for name in named if name in self._outputs):
            failure = self._exchange(settings, name)
            if failure is not None:
                failures.append(f"outputs.{name} stays as it was: {failure}")
                kept = {name: getattr(before.outputs, name)}
                outputs = settings.outputs.model_copy(update=kept)
                settings = settings.model_copy(update={"outputs": outputs})
        source = self._running.parts.source
        if plan.needs("source") and isinstance(source, Supervised):
            wanted = settings.the_source
            source.change(opener(settings, wanted), wanted.stall_s)
        return settings, failures

    def _exchange(self, settings: Settings, name: str) -> EdgevisionError | None:
        """Open the output `name` again; why that failed, or None."""
        try:
            parts = self._running.parts
            output = build_output(settings, name, parts.store, parts.inbox)
            self._outputs[name].exchange(output)
        except EdgevisionError as error:
            return error
        return None


def _told(plan: Plan, rebuilt: Rebuilt, failures: list[str]) -> str:
    said = [f"{name}: taught anew" for name in rebuilt.renewed]
    said += [in_words(one) for one in plan.changes]
    return "; ".join([*said, *failures]) or "nothing has changed"
