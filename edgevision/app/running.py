"""What commands do to a run: the settings that hold now, and the parts that they change."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from edgevision import tasks
from edgevision.app.rebuild import Rebuilt, rebuild
from edgevision.app.recogniser import build_recogniser
from edgevision.app.rules import build_rules
from edgevision.config.deciding import Rule
from edgevision.errors import CommandError, ConfigError, ModelError
from edgevision.pipeline.commands import Ready
from edgevision.store import marks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from edgevision.app.build import Network
    from edgevision.config.schema import Settings
    from edgevision.inbox import Inbox
    from edgevision.pipeline.outlet import Outlet
    from edgevision.pipeline.step import Step
    from edgevision.pipeline.switches import Switches
    from edgevision.protocols import Source
    from edgevision.values.command import Action, Command

# To say where a picture was taken is off unless it is asked for.
_ONLY_BY_NAME: Final = frozenset({"landmarks"})


@dataclass(frozen=True, slots=True)
class Parts:
    """What a run has that commands change.

    Attributes:
        step, switches, source: of the loop.
        outlets: those that take every report.
        store: the events' database, or None.
        inbox: where commands come in.
    """

    step: Step
    switches: Switches
    source: Source
    outlets: Sequence[Outlet]
    store: Path | None
    inbox: Inbox


class Running:
    """The settings and the network of a run as they are now; changed between frames only.

    Args:
        settings, network: with which it began.
        parts: of the run.
    """

    def __init__(self, settings: Settings, network: Network, parts: Parts) -> None:
        self.settings = settings
        self.network = network
        self.parts = parts
        # What the key for the next task goes through.
        self.configured = settings.task
        self._rules = build_rules(settings, network.tasks)

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
        return {"task": self._change_tasks, "relabel": self._mark, "pin": self._mark}

    def to_dict(self) -> dict[str, Any]:
        """What commands may change, as it is now, with JSON types."""
        return {
            "enabled": self.parts.switches.enabled,
            "frozen": self.parts.switches.frozen,
            "held": not self.parts.switches.moving.is_set(),
            "tasks": list(self._rules),
            "thresholds": {task: rules.threshold for task, rules in self._rules.items()},
        }

    def take_over(self, rebuilt: Rebuilt, *, looks: bool) -> None:
        """Go on with settings that were read again; between two frames.

        Args:
            rebuilt: what serves them.
            looks: whether frames are looked at in another way than before.
        """
        self.configured = rebuilt.settings.task
        if looks:
            self._put_in(rebuilt)
        else:
            self.settings = rebuilt.settings

    def _put_in(self, rebuilt: Rebuilt) -> None:
        step, old = self.parts.step, self.network
        network = rebuilt.network
        if network.engine is old.engine:
            # The governor may have put another one in its place.
            network = network.with_engine(step.engine)
        self.settings, self.network = rebuilt.settings, network
        self._rules = build_rules(rebuilt.settings, network.tasks)
        step.change(build_recogniser(rebuilt.settings, network), self._decide)

    def _decide(self) -> None:
        self.parts.step.decider.change(dict(self._rules), self.network.engine.spec)

    def _change_tasks(self, command: Command) -> Ready:
        wanted = command.value
        if isinstance(wanted, tuple):
            return self._with_tasks(wanted)
        for names in self._round():
            # This network may have no head for it.
            with suppress(ConfigError, ModelError):
                return self._with_tasks(names)
        raise CommandError(f"this network has no other task than {', '.join(self.settings.task)}")

    def _with_tasks(self, names: tuple[str, ...]) -> Ready:
        settings = self.settings.model_copy(update={"task": names})
        rebuilt = rebuild(settings, self.network)

        def put_in() -> str:
            # A threshold may have been set meanwhile.
            now = self.settings.model_copy(update={"task": names})
            self._put_in(rebuilt.of(now))
            return f"looking for {', '.join(names)}"

        return Ready(put_in, rebuilt.give_up)

    def _round(self) -> list[tuple[str, ...]]:
        """The choices after the present one: those configured together and one by one, else all."""
        shipped = (name for name in tasks.KINDS if name not in _ONLY_BY_NAME)
        listed = self.configured if len(self.configured) > 1 else (*self.configured, *shipped)
        choices = list(dict.fromkeys([self.configured, *((name,) for name in listed)]))
        now = self.settings.task
        at = choices.index(now) if now in choices else -1
        return [one for one in choices[at + 1 :] + choices[: at + 1] if one != now]

    def _enable(self, command: Command) -> str:
        on = bool(command.value)
        self.parts.switches.enable(on=on)
        return "frames are inferred" if on else "frames are read and not inferred"

    def _freeze(self, command: Command) -> str:
        switches = self.parts.switches
        on = not switches.frozen if command.value is None else bool(command.value)
        switches.freeze(on=on)
        return "the answer stands still" if on else "the answer goes on"

    def _set_threshold(self, command: Command) -> str:
        threshold = command.value
        if not isinstance(threshold, float):
            raise CommandError("threshold: expected a number from 0 to 1")
        names = list(self._rules) if command.task is None else [command.task]
        settings = self.settings
        for name in names:
            if name not in self._rules:
                raise CommandError(f"task {name!r} does not run; running: {', '.join(self._rules)}")
            settings = _with_threshold(settings, name, threshold)
        self.settings, self._rules = settings, build_rules(settings, self.network.tasks)
        self._decide()
        return f"threshold {threshold:g} for {', '.join(names)}"

    def _take_picture(self, command: Command) -> str:
        source, names = command.source, [one.name for one in self.settings.every_source]
        if source not in (None, *names):
            raise CommandError(f"there is no source {source!r}; there is {', '.join(names)}")
        stored = self.settings.privacy.store_images
        if stored != "always":
            raise CommandError(f"privacy.store_images is {stored}: no picture is taken on request")
        takers = [one.name for one in self.parts.outlets if one.ask_picture(source)]
        if not takers:
            raise CommandError("no output keeps pictures; set outputs.snapshots.folder")
        return f"the next frame goes to {', '.join(takers)}"

    def _mark(self, command: Command) -> Ready:
        """Put down in the database what a person says of a sighting."""
        path, event = self.parts.store, command.event
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


def _with_threshold(settings: Settings, task: str, threshold: float) -> Settings:
    """`settings` with that threshold; a release that is set follows if it must."""
    decide = settings.decide
    release = decide.of(task).release
    update = {"threshold": threshold}
    if release is not None and release > threshold:
        update["release"] = threshold
    rule = decide.tasks.get(task, Rule()).model_copy(update=update)
    changed = decide.model_copy(update={"tasks": {**decide.tasks, task: rule}})
    return settings.model_copy(update={"decide": changed})
