"""Flags that several commands share, and the settings that they make."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgevision.app.logs import start_log
from edgevision.config.layers import load
from edgevision.kinds import Kind
from edgevision.kinds import load as load_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edgevision.config.schema import Settings

# It brings all that times networks: only a budget needs it.
_CHOICE = {"budget": Kind("edgevision.app.choose:choose", "the best network within a budget")}


class FloatRange(click.FloatRange):
    """As click's, which takes NaN: a comparison with it is never true, so no bound keeps it out."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number, within its bounds."""
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value} is not a number", param, ctx)
        return number


config_flag = click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="YAML file with settings; see docs/configuration.md",
)
task_flag = click.option(
    "--task",
    metavar="TASK[,TASK]",
    help="what to recognise: dogs, classify, landmarks, what you taught it, or several of them",
)
model_flag = click.option(
    "--model", metavar="ID|PATH", help="an id of `edgevision models list`, or a .tflite file"
)
threads_flag = click.option(
    "--threads",
    "engine__threads",
    type=click.IntRange(1, 64),
    help="threads of the interpreter (default 1)",
)
resolution_flag = click.option(
    "--resolution",
    "model__resolution",
    type=int,
    metavar="PIXELS",
    help="side of the network's input, a multiple of 32, where it can be resized",
)
region_flag = click.option(
    "--region",
    metavar="REGION",
    help="where to look: auto, full, motion, zoom, or zone:X,Y,W,H in 0..1 of the frame",
)
mirror_flag = click.option(
    "--mirror/--no-mirror",
    "region__mirror",
    default=None,
    help="look at the mirror image, too, and take the mean (default: tasks dogs and classify do)",
)
json_flag = click.option("--json", "as_json", is_flag=True, help="print JSON")


def settings_from(config: Path | None, **flags: Any) -> Settings:
    """Defaults, then the YAML file, then the environment, then those of `flags` that are given.

    Args:
        config: the file, or None to look in the usual places.
        flags: by key, with `__` for a dot; None if not given.

    Raises:
        ConfigError: with every problem there is.
    """
    settings = load(config, os.environ, _by_key(flags))
    start_log(settings.log.level, settings.log.format)
    return settings


def _by_key(flags: Mapping[str, Any]) -> dict[str, Any]:
    return {key.replace("__", "."): value for key, value in flags.items() if value is not None}


def chosen_settings(config: Path | None, **flags: Any) -> Settings:
    """As `settings_from`, with the network chosen where a budget stands in its place.

    Raises:
        ConfigError: with every problem there is.
        ModelError: if no network keeps the budget.
    """
    settings = settings_from(config, **flags)
    if settings.model.budget_ms is None:
        return settings
    chosen: Settings = load_kind(_CHOICE, "budget", "model")(settings, os.environ)
    return chosen


def read_again(
    began: Settings, config: Path | None, flags: Mapping[str, Any]
) -> Callable[[Path | None], Settings]:
    """What reads the settings of a run anew: from its file, or from one in its place.

    Flags and environment are laid over it as at the start. Where a budget stands for the network,
    the one that was chosen at the start stays.
    """
    given = _by_key(flags)

    def read(path: Path | None) -> Settings:
        fresh = load(path or config, os.environ, given)
        if fresh.model.budget_ms is None:
            return fresh
        region = fresh.region.model_copy(update={"mirror": began.region.mirror})
        return fresh.model_copy(update={"model": began.model, "region": region})

    return read


def all_of(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Several of these flags as one decorator, in the order of `--help`."""

    def decorate(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate
