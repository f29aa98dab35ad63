"""A broker apart from any run: is it there, and how a device is taken from it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgevision import outputs
from edgevision.app.sending import choices, extras
from edgevision.errors import ConfigError
from edgevision.kinds import Kind, load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgevision.config.schema import Settings

_ONCE = {"once": Kind("edgevision.outputs.visit:once", "one visit to a broker", "mqtt")}
_FORGOTTEN = b""
"""An empty retained message takes the one before it away."""


def check(settings: Settings, environ: Mapping[str, str]) -> str:
    """Connect as a run would, and leave again; where that was.

    Raises:
        ConfigError: if no broker is set up, or a file of it cannot be read.
        ExtraError: if its package is not installed.
        OutputError: why it cannot be used, in its own words.
    """
    output = _output(settings, environ)
    load(_ONCE, "once", "output")(output.address, [])
    return str(output.address)


def unregister(settings: Settings, environ: Mapping[str, str]) -> list[str]:
    """Take away all that the broker keeps of this device; the topics.

    Home Assistant then forgets it, too.

    Raises:
        ConfigError, ExtraError, OutputError: as for `check`.
    """
    output = _output(settings, environ)
    topics: list[str] = output.kept_topics(
        [one.name for one in settings.every_source], choices(settings)
    )
    messages = [(topic, _FORGOTTEN) for topic in topics]
    load(_ONCE, "once", "output")(output.address, messages)
    return topics


def _output(settings: Settings, environ: Mapping[str, str]) -> Any:
    options = settings.outputs.mqtt
    if options is None:
        raise ConfigError("outputs.mqtt is not set up; see docs/mqtt.md")
    given = {**options.model_dump(), **extras("mqtt", settings, environ)}
    return load(outputs.KINDS, "mqtt", "output")(**given)
