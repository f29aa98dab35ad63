"""Looks at this device and tells what stands in the way of the main job, and how to mend it.

A new check is a function from `Device` to `Finding` in edgevision/app/checks, and a row here.
"""

from __future__ import annotations

import ctypes
import os
from importlib import metadata
from typing import TYPE_CHECKING

from edgevision.app.checks import hardware, network, software, system
from edgevision.app.checks.finding import Check, Device, Finding
from edgevision.app.sensors import ask

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
    "Edge TPU": hardware.edge_tpu,
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
    return Device(
        environ=os.environ,
        packages=packages,
        loads=_loads,
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
