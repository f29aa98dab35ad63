"""Checks of what is reached over the network, and only if it is set up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgevision.app import brokers
from edgevision.app.checks.finding import Finding
from edgevision.config.layers import trace
from edgevision.errors import ConfigError, EdgevisionError, ExtraError

if TYPE_CHECKING:
    from edgevision.app.checks.finding import Device


def mqtt(device: Device) -> Finding:
    """Whether the broker lets us in."""
    try:
        settings = trace(device.config, device.environ, {}).settings
    except ConfigError:
        return Finding(
            "WARN", "not looked at: the configuration is wrong", "edgevision config check"
        )
    if settings.outputs.mqtt is None:
        return Finding("OK", "not set up")
    try:
        return Finding("OK", f"{brokers.check(settings, device.environ)} lets us in")
    except ExtraError as error:
        return Finding("FAIL", str(error), "pip install 'edgevision[mqtt]'")
    except EdgevisionError as error:
        fix = "start the broker, or mend outputs.mqtt; no event is lost meanwhile"
        return Finding("FAIL", str(error), fix)
