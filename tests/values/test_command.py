from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ulid import ULID

from edgevision.errors import CommandError
from edgevision.values.command import ACTIONS, Command

IDENTITY = "01KQHT2VR80000000000000101"
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=200) | st.binary()
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)
KEYS = st.sampled_from(["action", "value", "task", "source", "event", "origin", "x"])
NEARLY = st.fixed_dictionaries(
    {"action": st.sampled_from(ACTIONS) | ANYTHING},
    optional={
        "value": ANYTHING,
        "task": st.sampled_from(["dogs", ""]) | ANYTHING,
        "source": st.sampled_from(["yard", "../yard"]) | ANYTHING,
        "event": st.just(IDENTITY) | ANYTHING,
    },
)


@pytest.mark.parametrize(
    ("wire", "command"),
    [
        ({"action": "task"}, Command("task", "http")),
        ({"action": "task", "value": "dogs"}, Command("task", "http", ("dogs",))),
        ({"action": "task", "value": "dogs, birds"}, Command("task", "http", ("dogs", "birds"))),
        ({"action": "task", "value": ["a", "b"]}, Command("task", "http", ("a", "b"))),
        ({"action": "threshold", "value": 1}, Command("threshold", "http", 1.0)),
        (
            {"action": "threshold", "value": 0.4, "task": "dogs"},
            Command("threshold", "http", 0.4, task="dogs"),
        ),
        ({"action": "enabled", "value": False}, Command("enabled", "http", value=False)),
        ({"action": "freeze", "value": None}, Command("freeze", "http")),
        ({"action": "snapshot", "source": "yard"}, Command("snapshot", "http", source="yard")),
        (
            {"action": "relabel", "value": " collie ", "event": IDENTITY},
            Command("relabel", "http", "collie", event=IDENTITY),
        ),
        (
            {"action": "pin", "value": True, "event": IDENTITY},
            Command("pin", "http", value=True, event=IDENTITY),
        ),
        ({"action": "reload"}, Command("reload", "http")),
        ({"action": "stop", "value": None, "task": None}, Command("stop", "http")),
    ],
)
def test_what_is_right_becomes_a_command(wire, command):
    assert Command.from_dict(wire, "http") == command


@pytest.mark.parametrize(
    ("wire", "reason"),
    [
        (None, "a command is a mapping, not nothing"),
        (["task"], "a command is a mapping, not a list"),
        (b"\x00\xff", "a command is a mapping, not a bytes"),
        ({}, "no action nothing; known: task"),
        ({"action": "format_disk"}, "no action 'format_disk'"),
        ({"action": ["task"]}, "no action a list"),
        ({"action": "x" * 10_000}, "no action 'xxxx"),
        ({"action": "stop", "colour": 1}, "a command has no 'colour'"),
        ({"action": "stop", 5: 1}, "a command has no 5"),
        ({"action": "stop", "value": 1}, "stop takes no value, and 1 is given"),
        ({"action": "stop", "task": "dogs"}, "stop takes no task"),
        ({"action": "enabled"}, "enabled: nothing is given; expected true or false"),
        ({"action": "enabled", "value": 1}, "enabled: 1 is given; expected true or false"),
        ({"action": "enabled", "value": "ON"}, "enabled: 'ON' is given"),
        ({"action": "threshold", "value": True}, "threshold: true is given; expected a number"),
        ({"action": "threshold", "value": 1.01}, "threshold: 1.01 is given"),
        ({"action": "threshold", "value": float("nan")}, "threshold: nan is given"),
        ({"action": "threshold", "value": 10**5000}, "threshold: a huge number is given"),
        ({"action": "threshold", "value": 0.5, "task": "../x"}, "'../x' is no name of a task"),
        ({"action": "threshold", "value": 0.5, "task": 7}, "threshold: 7 is no name of a task"),
        ({"action": "task", "value": ""}, "task: '' is no name of a task"),
        ({"action": "task", "value": "a,,b"}, "task: '' is no name of a task"),
        ({"action": "task", "value": "dogs,dogs"}, "task: a task stands twice in the list"),
        ({"action": "task", "value": []}, "task: a list is given; expected a task's name"),
        ({"action": "task", "value": ["a"] * 17}, "task: a list is given; expected a task's name"),
        ({"action": "task", "value": "a," * 900}, "task: 'a,a,"),
        ({"action": "task", "value": "a\x00b"}, "task: 'a\\x00b' is no name of a task"),
        ({"action": "pin", "value": True}, "pin: nothing is no id of an event"),
        ({"action": "pin", "value": True, "event": "1 OR 1"}, "pin: '1 OR 1' is no id of an event"),
        ({"action": "relabel", "value": "\n", "event": IDENTITY}, "expected a label"),
        ({"action": "relabel", "value": "x" * 65, "event": IDENTITY}, "expected a label"),
        ({"action": "snapshot", "source": {"uri": "file:x"}}, "a dict is no name of a source"),
    ],
)
def test_what_is_wrong_is_refused_with_a_reason(wire, reason):
    with pytest.raises(CommandError) as refusal:
        Command.from_dict(wire, "mqtt")
    assert reason in str(refusal.value)


@given(ANYTHING | st.dictionaries(KEYS, ANYTHING) | NEARLY)
@example({"action": "task", "value": [[]]})
@example({"action": "task", "value": "\ud800"})
@example({"action": "threshold", "value": float("inf")})
def test_anything_becomes_a_command_or_one_short_line(wire):
    try:
        command = Command.from_dict(wire, "mqtt")
    except CommandError as error:
        reason = str(error)
        assert len(reason) < 400
        assert "\n" not in reason
        return
    assert command.action == wire["action"]
    assert command.origin == "mqtt"
    assert hash(command) is not None
    if command.action == "threshold":
        assert 0 <= command.value <= 1
    if command.action == "task":
        assert command.value is None or all(isinstance(name, str) for name in command.value)
    again = {
        "action": command.action,
        "value": list(command.value) if isinstance(command.value, tuple) else command.value,
        "task": command.task,
        "source": command.source,
        "event": command.event,
    }
    assert Command.from_dict(again, "mqtt") == command


def test_ids_are_those_of_real_events():
    wire = {"action": "pin", "value": False, "event": str(ULID())}
    assert Command.from_dict(wire, "http").event == wire["event"]
