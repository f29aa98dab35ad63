"""What commands do to a run: the settings that hold now, and the parts that they change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from edgevision.errors import CommandError, ConfigError
from edgevision.pipeline.commands import Ready
from edgevision.store import marks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from edgevision.config.schema import Settings
    from edgevision.pipeline.outlet import Outlet
    from edgevision.pipeline.sighting import Rules
    from edgevision.pipeline.step import Step
    from edgevision.pipeline.switches import Switches
    from edgevision.protocols import Source
    from edgevision.values.command import Action, Command


class Running:
    """The parts of a run that commands change, between frames.

    Args:
        settings: with which it began.
        step, rules, switches, source: of the loop.
        outlets: those that take every report.
        store: the events' database, or None.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        step: Step,
        rules: Mapping[str, Rules],
        switches: Switches,
        source: Source,
        outlets: Sequence[Outlet],
        store: Path | None,
    ) -> None:
        self.settings = settings
        self._step = step
        self._rules = dict(rules)
        self._switches = switches
        self._source = source
        self._outlets = outlets
        self._store = store

    def quick(self) -> dict[Action, Callable[[Command], str]]:
        """What is done at once, by action."""
        return {
            "enabled": self._enable,
            "freeze": self._freeze,
            "threshold": self._set_threshold,
            "snapshot": self._take_picture,
        }

    def slow(self) -> dict[Action, Callable[[Command], Ready]]:
        """What is made beside the loop, by action."""
        return {"relabel": self._mark, "pin": self._mark}

    def to_dict(self) -> dict[str, Any]:
        """What commands may change, as it is now, with JSON types."""
        return {
            "enabled": self._switches.enabled,
            "frozen": self._switches.frozen,
            "tasks": list(self._rules),
            "thresholds": {task: rules.threshold for task, rules in self._rules.items()},
        }

    def _enable(self, command: Command) -> str:
        on = bool(command.value)
        self._switches.enable(on=on)
        return "frames are inferred" if on else "frames are read and not inferred"

    def _freeze(self, command: Command) -> str:
        on = not self._switches.frozen if command.value is None else bool(command.value)
        self._switches.freeze(on=on)
        return "the answer stands still" if on else "the answer goes on"

    def _set_threshold(self, command: Command) -> str:
        threshold = command.value
        if not isinstance(threshold, float):
            raise CommandError("threshold: expected a number from 0 to 1")
        names = list(self._rules) if command.task is None else [command.task]
        for name in names:
            self._check_runs(name)
            rules = self._rules[name]
            release = min(rules.release, threshold)
            self._rules[name] = replace(rules, threshold=threshold, release=release)
        self._step.decider.change(dict(self._rules), self._step.engine.spec)
        return f"threshold {threshold:g} for {', '.join(names)}"

    def _take_picture(self, command: Command) -> str:
        source = command.source
        if source not in (None, self._source.name):
            raise CommandError(f"there is no source {source!r}; there is {self._source.name}")
        takers = [one.name for one in self._outlets if one.ask_picture(source)]
        if not takers:
            raise CommandError("no output keeps pictures; set outputs.snapshots.folder")
        return f"the next frame goes to {', '.join(takers)}"

    def _mark(self, command: Command) -> Ready:
        """Put down in the database what a person says of a sighting."""
        path, event = self._store, command.event
        if path is None:
            raise ConfigError("no events are kept; set store.enabled")
        if event is None:
            raise CommandError(f"{command.action}: no event is named")
        if command.action == "pin":
            (marks.pin if command.value else marks.unpin)(path, event)
            said = "kept for ever" if command.value else "kept as long as others"
        else:
            said = f"shows {marks.relabel(path, event, str(command.value))}"
        return Ready(lambda: f"{event}: {said}")

    def _check_runs(self, task: str) -> None:
        if task not in self._rules:
            raise CommandError(f"task {task!r} does not run; running: {', '.join(self._rules)}")
