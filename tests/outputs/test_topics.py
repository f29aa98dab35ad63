"""Topics, orders and what Home Assistant is told: pure."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.errors import CommandError
from edgevision.outputs.homeassistant import Device, discovery, discovery_topic
from edgevision.outputs.orders import order_of
from edgevision.outputs.topics import COMMANDS, Topics, level
from edgevision.values.command import Command


@given(st.text(max_size=40))
def test_any_name_is_one_level_of_a_topic(name):
    found = level(name)
    assert found
    assert not set(found) & set("/+# \t\n\0")


@given(st.sampled_from(COMMANDS), st.binary(max_size=200))
def test_whatever_comes_is_a_command_or_is_refused(command, payload):
    ordered = order_of(command, payload)
    with suppress(CommandError):
        made = Command.from_dict(ordered, "mqtt")
        assert made.action == command.rpartition("/")[2]


@pytest.mark.parametrize(
    ("command", "payload", "expected"),
    [
        ("set/enabled", b"ON", {"action": "enabled", "value": True}),
        ("set/enabled", b"false", {"action": "enabled", "value": False}),
        ("set/threshold", b" 0.5 ", {"action": "threshold", "value": 0.5}),
        ("set/task", b"dogs,classify", {"action": "task", "value": "dogs,classify"}),
        ("set/task", b'["dogs"]', {"action": "task", "value": ["dogs"]}),
        ("set/task", b'{"action": "stop", "value": 1}', {"action": "task", "value": 1}),
        ("cmd/snapshot", b"PRESS", {"action": "snapshot"}),
        ("cmd/snapshot", b'{"source": "door"}', {"action": "snapshot", "source": "door"}),
    ],
)
def test_plain_words_and_json_do(command, payload, expected):
    assert order_of(command, payload) == expected


def test_topics_lead_back_to_their_commands():
    topics = Topics("home/cameras", "front door")
    assert topics.base == "home/cameras/front_door"
    assert [topics.command(topic) for topic in topics.commands()] == list(COMMANDS)
    assert topics.command("home/cameras/front_door/set/other") == ""
    assert topics.command("other/set/task") == ""


def test_every_entity_of_a_device_has_an_id_of_its_own_and_reads_its_topics():
    topics = Topics("edgevision", "door")
    device = Device(
        "door", topics, ["a", "b"], ["dogs"], ["dogs", "classify"], ["pug"], snapshot=True
    )
    told = discovery(device)
    components = told["components"]
    ids = [one["unique_id"] for one in components.values()]
    assert len(set(ids)) == len(ids) == 5 + 2 * (3 + 1 + 1)
    assert all(one["platform"] for one in components.values())
    assert components["task"]["options"] == ["dogs", "classify"]
    assert components["a_dogs_event"]["state_topic"] == topics.event("a", "dogs")
    other = discovery_topic("homeassistant", Device("x", Topics("edgevision", "x"), [], [], []))
    assert discovery_topic("homeassistant", device) != other
