"""Looks at this device and tells what stands in the way of the main job, and how to mend it.

A new check is a function from `Device` to `Finding` in edgevision/app/checks, and a row here.
"""

from __future__ import annotations

import ctypes
import os
from functools import partial
from importlib import metadata
from typing import TYPE_CHECKING

from edgevision.app import accelerators
from edgevision.app.checks import edgetpu, hardware, network, software, system
from edgevision.app.checks.finding import Check, Device, Finding
from edgevision.app.sensors import ask
from edgevision.config.layers import trace
from edgevision.config.schema import Settings
from edgevision.engines.edgetpu import listed
from edgevision.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CHECKS: Mapping[str, Check] = {
    "Python": software.python,
    "runtime": software.runtime,
    "XNNPACK": software.xnnpack,
    "models": software.models,
    "numbers": software.numbers,
    "OpenCV": software.one_opencv,
    "cameras": hardware.cameras,
    "wiring": hardware.camera_trouble,
    "packages": edgetpu.system_packages,
    "Edge TPU": edgetpu.edge_tpu,
    "TPU driver": edgetpu.driver,
    "display": hardware.display,
    "heat": hardware.heat,
    "governor": hardware.governor,
    "disk": system.disk,
    "memory": system.memory,
    "clock": system.clock,
    "MQTT": network.mqtt,
    "config": system.config,
}


def examine(device: Device, checks: Mapping[str, Check] = CHECKS) -> dict[str, Finding]:
    """What each check found, in the order of the table."""
    return {name: _found(check, device) for name, check in checks.items()}


def this_device(config: Path | None = None) -> Device:
    """The device that this program runs on."""
    packages: dict[str, str] = {}
    for one in metadata.distributions():
        # The first on the path is the one that is imported.
        packages.setdefault((one.metadata["Name"] or "").lower().replace("_", "-"), one.version)
    settings = _settings(config)
    return Device(
        environ=os.environ,
        packages=packages,
        loads=_loads,
        lists_edgetpus=partial(listed, settings.engine.child_python),
        tries_edgetpu=partial(accelerators.try_one, settings),
        page_size=os.sysconf("SC_PAGE_SIZE"),
        throttling=ask(["vcgencmd", "get_throttled"]),
        config=config,
    )


def _found(check: Check, device: Device) -> Finding:
    try:
        return check(device)
    except Exception as error:  # noqa: BLE001 - on a sick device anything may fail, and the rest counts
        return Finding("FAIL", f"the check itself failed: {error!r}", "report this with its output")


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _settings(config: Path | None) -> Settings:
    try:
        return trace(config, os.environ, {}).settings
    except ConfigError:
        # Told by its own check.
        return Settings()
