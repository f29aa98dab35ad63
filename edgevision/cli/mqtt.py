"""`edgevision mqtt`: what a broker knows of this device."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import click

from edgevision.app import brokers
from edgevision.cli.flags import config_flag, json_flag, settings_from
from edgevision.cli.group import Group

if TYPE_CHECKING:
    from pathlib import Path


@click.group(cls=Group)
def mqtt() -> None:
    """Look after what a broker knows of this device; see docs/mqtt.md."""


@mqtt.command()
@config_flag
@json_flag
def unregister(*, config: Path | None, as_json: bool) -> None:
    """Remove this device from the broker and from Home Assistant.

    Events that wait to be sent stay where they are. A device that runs comes back at once: stop it
    first.
    """
    topics = brokers.unregister(settings_from(config), os.environ)
    if as_json:
        print(json.dumps({"removed": topics}))
    else:
        print(f"removed {len(topics)} messages that the broker kept, the device among them")


@mqtt.command()
@config_flag
@json_flag
def check(*, config: Path | None, as_json: bool) -> None:
    """Connect to the broker as a run would, and tell whether it lets us in."""
    where = brokers.check(settings_from(config), os.environ)
    print(json.dumps({"broker": where}) if as_json else f"{where} lets us in")
