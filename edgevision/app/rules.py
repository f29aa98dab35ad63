"""When scores of a task become a sighting: what is set, else the task's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgevision.errors import ConfigError
from edgevision.pipeline.sighting import Rules

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edgevision.config.schema import Settings
    from edgevision.protocols import Task


def build_rules(settings: Settings, tasks: Iterable[Task]) -> dict[str, Rules]:
    """The rules of each of `tasks`.

    Raises:
        ConfigError: if a release is over its threshold.
    """
    return {task.name: rules_of(settings, task) for task in tasks}


def rules_of(settings: Settings, task: Task) -> Rules:
    """The rules of `task`: what is set, else the task's own."""
    own = settings.decide.of(task.name)
    threshold = task.threshold if own.threshold is None else own.threshold
    release = min(task.release, threshold) if own.release is None else own.release
    if release > threshold:
        raise ConfigError(
            f"decide.release: {release} is over the threshold {threshold} of task {task.name}; "
            "give one that is at most that"
        )
    return Rules(
        threshold=threshold,
        release=release,
        presence=own.presence,
        window_s=task.window_s if own.window_s is None else own.window_s,
        min_hits=own.min_hits,
        hold_s=own.hold_s,
        cooldown_s=own.cooldown_s,
        top=own.top,
    )
