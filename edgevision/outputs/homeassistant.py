"""How Home Assistant gets to know a device: MQTT discovery, all of a device in one message.

https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from edgevision import __version__
from edgevision.outputs.topics import level

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edgevision.outputs.topics import Topics

SUPPORT: Final = "https://github.com/edgevision/edgevision"


@dataclass(frozen=True, slots=True)
class Device:
    """What Home Assistant is told of.

    Attributes:
        name: of the device.
        topics: where it tells.
        sources: names of its cameras.
        tasks: that have entities of their own.
        choices: tasks that may be switched to.
        watch: labels with a sensor of their own.
        snapshot: it sends pictures.
    """

    name: str
    topics: Topics
    sources: Sequence[str]
    tasks: Sequence[str]
    choices: Sequence[str]
    watch: Sequence[str] = ()
    snapshot: bool = False

    @property
    def id(self) -> str:
        """Unique among devices, and of letters that discovery's topic may have."""
        digest = hashlib.sha256(self.topics.base.encode()).hexdigest()
        return f"edgevision_{digest[:12]}"


Entity = dict[str, Any]

# Of a whole device, by the end of its id. What a template reads is in docs/mqtt.md.
_OF_DEVICE: Final[dict[str, Callable[[Device], Entity]]] = {
    "enabled": lambda device: {
        "platform": "switch",
        "name": "Recognition",
        "icon": "mdi:eye",
        "command_topic": f"{device.topics.base}/set/enabled",
        "state_topic": device.topics.health,
        "value_template": "{{ 'ON' if value_json.control.enabled else 'OFF' }}",
    },
    "task": lambda device: {
        "platform": "select",
        "name": "Task",
        "icon": "mdi:format-list-checks",
        "options": list(device.choices),
        "command_topic": f"{device.topics.base}/set/task",
        "state_topic": device.topics.health,
        "value_template": "{{ value_json.control.tasks[0] }}",
    },
    "fps": lambda device: {
        "platform": "sensor",
        "name": "Frames per second",
        "icon": "mdi:speedometer",
        "entity_category": "diagnostic",
        "state_class": "measurement",
        "unit_of_measurement": "fps",
        "state_topic": device.topics.health,
        "value_template": "{{ value_json.fps_now }}",
    },
    "temperature": lambda device: {
        "platform": "sensor",
        "name": "Temperature",
        "entity_category": "diagnostic",
        "device_class": "temperature",
        "state_class": "measurement",
        "unit_of_measurement": "°C",
        "state_topic": device.topics.health,
        "value_template": "{{ (value_json.board | default({})).temperature_c | default(none) }}",
    },
    "state": lambda device: {
        "platform": "sensor",
        "name": "State",
        "icon": "mdi:heart-pulse",
        "entity_category": "diagnostic",
        "device_class": "enum",
        "options": ["starting", "healthy", "degraded", "failed"],
        "state_topic": device.topics.health,
        "value_template": "{{ value_json.state }}",
    },
}

# Of each task on each source.
_OF_TASK: Final[dict[str, Callable[[Device, str, str], Entity]]] = {
    "label": lambda device, source, task: {
        "platform": "sensor",
        "name": f"{source} {task}",
        "icon": "mdi:tag",
        "state_topic": device.topics.state(source, task),
        "value_template": "{{ value_json.label if value_json.verdict == 'seen' else 'nothing' }}",
        "json_attributes_topic": device.topics.state(source, task),
    },
    "confidence": lambda device, source, task: {
        "platform": "sensor",
        "name": f"{source} {task} confidence",
        "icon": "mdi:percent",
        "state_class": "measurement",
        "unit_of_measurement": "%",
        "state_topic": device.topics.state(source, task),
        "value_template": "{{ (value_json.score * 100) | round(0) }}",
    },
    "event": lambda device, source, task: {
        "platform": "event",
        "name": f"{source} {task} sighting",
        "icon": "mdi:eye-check",
        "event_types": ["seen", "ended"],
        "state_topic": device.topics.event(source, task),
        # The entity wants event_type beside the event's own keys.
        "value_template": ("{{ dict(value_json, event_type=value_json.phase) | to_json }}"),
    },
}


def discovery(device: Device) -> dict[str, Any]:
    """The message that makes `device` and all of its entities known."""
    entities: dict[str, Entity] = {key: make(device) for key, make in _OF_DEVICE.items()}
    for source in device.sources:
        for task in device.tasks:
            for key, make_of_task in _OF_TASK.items():
                entities[_key(source, task, key)] = make_of_task(device, source, task)
            for label in device.watch:
                entities[_key(source, task, label)] = _occupancy(device, source, task, label)
        if device.snapshot:
            entities[_key(source, "snapshot")] = {
                "platform": "image",
                "name": f"{source} last sighting",
                "image_topic": device.topics.snapshot(source),
                "content_type": "image/jpeg",
            }
    return {
        "device": {
            "identifiers": [device.id],
            "name": device.name,
            "manufacturer": "edgevision",
            "model": "camera that recognises by itself",
            "sw_version": __version__,
        },
        "origin": {"name": "edgevision", "sw_version": __version__, "support_url": SUPPORT},
        "availability_topic": device.topics.availability,
        "qos": 1,
        "components": {
            key: {**entity, "unique_id": f"{device.id}_{key}"} for key, entity in entities.items()
        },
    }


def discovery_topic(prefix: str, device: Device) -> str:
    """Where the message goes; an empty one there removes the device."""
    return f"{prefix}/device/{device.id}/config"


def _occupancy(device: Device, source: str, task: str, label: str) -> Entity:
    is_there = f"value_json.verdict == 'seen' and value_json.label == {label!r}"
    return {
        "platform": "binary_sensor",
        "name": f"{source} {label.replace('_', ' ')}",
        "device_class": "occupancy",
        "state_topic": device.topics.state(source, task),
        "value_template": f"{{{{ 'ON' if {is_there} else 'OFF' }}}}",
    }


def _key(*parts: str) -> str:
    return "_".join(level(part) for part in parts).lower().replace(" ", "_")
