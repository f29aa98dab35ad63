"""Whether Home Assistant itself takes what edgevision tells it of a device; run by its Python.

    python3.13 -m venv /tmp/homeassistant
    /tmp/homeassistant/bin/pip install 'homeassistant>=2025.2' 'paho-mqtt>=2.1'
    PYTHONPATH=. /tmp/homeassistant/bin/python scripts/check_homeassistant.py

Home Assistant's own code reads the discovery message, checks each component by its platform's
schema, and renders each template with a message as a run sends it. Nothing of ours judges.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from importlib import import_module
from typing import Any, Final

from edgevision.outputs.homeassistant import Device, discovery
from edgevision.outputs.topics import Topics

TOPICS: Final = Topics("edgevision", "front door")
DEVICE: Final = Device(
    "front door",
    TOPICS,
    ["camera", "yard.2"],
    ["dogs", "classify"],
    ["dogs", "classify", "landmarks"],
    ["golden_retriever", "beagle"],
    snapshot=True,
)
STATE: Final = {"verdict": "seen", "label": "beagle", "score": 0.913, "reason": "3 of 3 frames"}
MESSAGES: Final[dict[str, dict[str, Any]]] = {
    TOPICS.health: {
        "state": "healthy",
        "fps_now": 9.5,
        "board": {"temperature_c": 51.5},
        "control": {"enabled": True, "tasks": ["dogs"]},
    },
    TOPICS.state("camera", "dogs"): STATE,
    TOPICS.event("camera", "dogs"): {"schema": 1, "phase": "seen", "label": "beagle"},
}
EXPECTED: Final = {
    "enabled": "ON",
    "task": "dogs",
    "fps": 9.5,
    "temperature": 51.5,
    "state": "healthy",
    "camera_dogs_label": "beagle",
    "camera_dogs_confidence": 91,
    "camera_dogs_event": {**MESSAGES[TOPICS.event("camera", "dogs")], "event_type": "seen"},
    "camera_dogs_beagle": "ON",
    "camera_dogs_golden_retriever": "OFF",
}
"""What Home Assistant has to read out of `MESSAGES`, by component."""


async def check() -> list[str]:
    """What Home Assistant does not take, a line each."""
    core = import_module("homeassistant.core")
    reading = import_module("homeassistant.components.mqtt.discovery")
    template = import_module("homeassistant.helpers.template")
    told = json.dumps(discovery(DEVICE))
    with tempfile.TemporaryDirectory() as folder:
        hass = core.HomeAssistant(folder)
        read = reading._parse_device_payload(hass, told, DEVICE.id, None)  # noqa: SLF001 - it has no public door
        if not read:
            return ["the message as a whole is refused; Home Assistant's log says why"]
        wrong = []
        for key, component in read["components"].items():
            wrong += _refused(reading, read, key, dict(component))
            if key in EXPECTED:
                shown = _rendered(template.Template(component["value_template"], hass), component)
                if shown != EXPECTED[key]:
                    wrong.append(f"{key}: shows {shown!r}, expected {EXPECTED[key]!r}")
        await hass.async_stop(force=True)
    if missing := EXPECTED.keys() - read["components"].keys():
        wrong.append(f"not told of: {', '.join(sorted(missing))}")
    return wrong


def _refused(reading: Any, read: Any, key: str, component: dict[str, Any]) -> list[str]:
    """Why the schema of its platform refuses `component`, completed as Home Assistant does it."""
    invalid = import_module("voluptuous").Invalid
    platform = component.pop("platform")
    component |= {"device": read["device"], "origin": read["origin"]}
    reading._merge_common_device_options(component, read)  # noqa: SLF001 - as above
    schema = import_module(f"homeassistant.components.mqtt.{platform}").DISCOVERY_SCHEMA
    try:
        schema(component)
    except invalid as error:
        return [f"{key}: {platform}: {error}"]
    return []


def _rendered(template: Any, component: dict[str, Any]) -> Any:
    message = json.dumps(MESSAGES[component["state_topic"]])
    shown = template.async_render_with_possible_json_value(message)
    try:
        return json.loads(shown)
    except ValueError:
        return shown


def main() -> int:
    """Say what Home Assistant says; 1 if it refuses anything."""
    try:
        version = import_module("homeassistant.const").__version__
    except ImportError as error:
        print(f"Home Assistant is not in this Python: {error}", file=sys.stderr)
        return 3
    wrong = asyncio.run(check())
    for line in wrong:
        print(line)
    count = len(discovery(DEVICE)["components"])
    print(f"Home Assistant {version}: {count} components, {len(wrong)} refused")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
