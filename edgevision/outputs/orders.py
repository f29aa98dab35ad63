"""Commands as they come over MQTT: a topic that says what, and a few bytes that say how."""

from __future__ import annotations

import json
from typing import Any, Final

from edgevision.inbox import MOST_BYTES

_SWITCH: Final = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}


def order_of(command: str, payload: bytes) -> Any:
    """What to offer to the inbox, which refuses what makes no sense and says why.

    A payload may be plain words, as Home Assistant sends them ("dogs", "0.5", "ON"), or a mapping
    in JSON with more: {"value": 0.5, "task": "dogs"}.

    Args:
        command: one of `topics.COMMANDS`.
        payload: as it came.
    """
    if len(payload) > MOST_BYTES:
        return payload
    action = command.rpartition("/")[2]
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return payload
    try:
        given = json.loads(text) if text.strip() else None
    except (ValueError, RecursionError):
        given = text.strip()
    if isinstance(given, dict):
        return {**given, "action": action}
    if action == "snapshot":
        return {"action": action}
    if action == "enabled":
        given = _SWITCH.get(text.strip().lower(), given)
    return {"action": action, "value": given}
