"""What a person or another system asks of the running program, and what it is answered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from edgevision.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable

Action = Literal[
    "task", "threshold", "enabled", "freeze", "snapshot", "relabel", "pin", "reload", "stop"
]
Origin = Literal["keys", "http", "mqtt", "signal", "cli"]
Value = str | float | bool | tuple[str, ...] | None

ACTIONS: Final[tuple[Action, ...]] = get_args(Action)

_MOST_TASKS: Final = 16
_MOST_LETTERS: Final = 64
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_EVENT: Final = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_KEYS: Final = ("action", "value", "task", "source", "event")
# What else than a value an action takes.
_TAKES: Final[dict[str, frozenset[str]]] = {
    "threshold": frozenset({"task"}),
    "snapshot": frozenset({"source"}),
    "relabel": frozenset({"event"}),
    "pin": frozenset({"event"}),
}


@dataclass(frozen=True, slots=True)
class Command:
    """One request.

    task        value: the names of the tasks to run from now on; None: the next one
    threshold   value: 0..1, of `task`; None: of every task that runs
    enabled     value: False: frames are read, and nothing is inferred
    freeze      value: True: the answer stands still; None: the other way than now
    snapshot    a picture of the next frame, of `source`; None: of every source
    relabel     value: what the sighting `event` really shows
    pin         value: True: the sighting `event` is kept for ever; False: as long as others
    reload      read the settings again
    stop        end well

    Attributes:
        action: what is to be done.
        origin: by which door it came.
        value: as above.
        task, source: names; None where the action takes none, or for all.
        event: the id of a sighting, a ULID.
    """

    action: Action
    origin: Origin
    value: Value = None
    task: str | None = None
    source: str | None = None
    event: str | None = None

    @classmethod
    def from_dict(cls, given: Any, origin: Origin) -> Command:
        """A command from outside, as JSON has it.

        Raises:
            CommandError: if it is not exactly such a command; one line says why.
        """
        if not isinstance(given, dict):
            raise CommandError(f"a command is a mapping, not {_shown(given)}")
        unknown = [key for key in given if key not in _KEYS]
        if unknown:
            raise CommandError(f"a command has no {_shown(unknown[0])}; known: {', '.join(_KEYS)}")
        action = given.get("action")
        if not isinstance(action, str) or action not in ACTIONS:
            raise CommandError(f"no action {_shown(action)}; known: {', '.join(ACTIONS)}")
        extra = {key: given[key] for key in _KEYS[2:] if given.get(key) is not None}
        stray = [key for key in extra if key not in _TAKES.get(action, frozenset())]
        if stray:
            raise CommandError(f"{action} takes no {stray[0]}")
        if "event" in _TAKES.get(action, frozenset()):
            extra["event"] = _event(action, given.get("event"))
        for key in ("task", "source"):
            if key in extra:
                extra[key] = _name(action, key, extra[key])
        return cls(action, origin, _VALUES[action](action, given.get("value")), **extra)


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a command was accepted; `reason` says what was done, or why not, in one line."""

    accepted: bool
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """JSON types."""
        return {"accepted": self.accepted, "reason": self.reason}


def _nothing(action: str, given: Any) -> None:
    if given is not None:
        raise CommandError(f"{action} takes no value, and {_shown(given)} is given")


def _switch(action: str, given: Any) -> bool:
    if not isinstance(given, bool):
        raise CommandError(f"{action}: {_shown(given)} is given; expected true or false")
    return given


def _switch_or_nothing(action: str, given: Any) -> bool | None:
    return None if given is None else _switch(action, given)


def _share(action: str, given: Any) -> float:
    number = isinstance(given, (int, float)) and not isinstance(given, bool)
    # A number that is none (NaN) is in no range.
    if not number or not 0 <= given <= 1:
        raise CommandError(f"{action}: {_shown(given)} is given; expected a number from 0 to 1")
    return float(given)


def _tasks(action: str, given: Any) -> tuple[str, ...] | None:
    if given is None:
        return None
    listed = given
    if isinstance(given, str) and len(given) <= _MOST_TASKS * (_MOST_LETTERS + 2):
        listed = [name.strip() for name in given.split(",")]
    if not isinstance(listed, (list, tuple)) or not 0 < len(listed) <= _MOST_TASKS:
        raise CommandError(
            f"{action}: {_shown(given)} is given; expected a task's name, or 1 to {_MOST_TASKS}"
        )
    names = tuple(_name(action, "task", one) for one in listed)
    if len(set(names)) < len(names):
        raise CommandError(f"{action}: a task stands twice in the list")
    return names


def _label(action: str, given: Any) -> str:
    text = given.strip() if isinstance(given, str) and len(given) <= _MOST_LETTERS else ""
    if not text or not text.isprintable():
        raise CommandError(
            f"{action}: {_shown(given)} is given; expected a label of 1 to {_MOST_LETTERS} letters"
        )
    return text


_VALUES: Final[dict[str, Callable[[str, Any], Value]]] = {
    "task": _tasks,
    "threshold": _share,
    "enabled": _switch,
    "freeze": _switch_or_nothing,
    "snapshot": _nothing,
    "relabel": _label,
    "pin": _switch,
    "reload": _nothing,
    "stop": _nothing,
}


def _name(action: str, what: str, given: Any) -> str:
    if not isinstance(given, str) or not _NAME.fullmatch(given):
        raise CommandError(f"{action}: {_shown(given)} is no name of a {what}")
    return given


def _event(action: str, given: Any) -> str:
    if not isinstance(given, str) or not _EVENT.fullmatch(given):
        raise CommandError(f"{action}: {_shown(given)} is no id of an event, 26 digits and letters")
    return given


def _shown(value: Any) -> str:
    """A wrong value in a few words: it may be huge, binary or deep."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        text = value[: _MOST_LETTERS + 1]
        cut = "…" if len(text) > _MOST_LETTERS else ""
        return f"{text[:_MOST_LETTERS]!r}{cut}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, int):
        # Python refuses to write numbers of thousands of digits.
        return str(value) if value.bit_length() < _MOST_LETTERS else "a huge number"
    return f"a {type(value).__name__}"
