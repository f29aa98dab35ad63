"""What changes from one set of settings to another, and what is opened again for it: pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from edgevision.config.origin import DOTS, masked
from edgevision.config.problems import secret

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from edgevision.config.schema import Settings

How = Literal["in place", "engine", "source", "output", "restart"]

_SAID: Final[dict[How, str]] = {
    "in place": "in place",
    "engine": "the engine is built anew beside the running one",
    "source": "the source is opened again",
    "output": "the output is opened again",
    "restart": "holds from the next start",
}

_HOW: Final[dict[str, How]] = {
    "task": "in place",
    "decide": "in place",
    "decide.mode": "restart",
    "geo": "in place",
    "region": "in place",
    "region.mirror": "engine",
    "engine": "engine",
    "model": "engine",
    "model.labels": "in place",
    "model.heads": "in place",
    "model.budget_ms": "restart",
    "source.uri": "source",
    "source.stall_s": "source",
    "privacy.masks": "source",
    "outputs": "output",
    "store.retention": "in place",
    "log.level": "in place",
}
REOPENED: Final = frozenset({"console", "jsonl", "screen", "snapshots", "clips"})
"""Outputs that can be opened again without a loss: a video would begin anew over itself."""


@dataclass(frozen=True, slots=True)
class Change:
    """A setting that is to change.

    Attributes:
        key: as in "engine.threads".
        old, new: its values in JSON types, secrets hidden.
        how: what it takes.
    """

    key: str
    old: Any
    new: Any
    how: How

    @property
    def part(self) -> str:
        """The top of the key; of an output, its name."""
        words = self.key.split(".")
        return words[1] if words[0] == "outputs" and len(words) > 1 else words[0]

    def to_dict(self) -> dict[str, Any]:
        """JSON types."""
        return {"key": self.key, "old": self.old, "new": self.new, "how": self.how}


def from_dict(given: Mapping[str, Any]) -> Change:
    """What `Change.to_dict` gave."""
    return Change(given["key"], given["old"], given["new"], given["how"])


def in_words(change: Change) -> str:
    """The change in a line, and what it takes."""
    values = f"{_word(change.old)} -> {_word(change.new)}"
    return f"{change.key}: {values} ({_SAID[change.how]})"


def changes(old: Settings, new: Settings, *, kept: Collection[str] = ()) -> tuple[Change, ...]:
    """What changes from `old` to `new`, in the order of the settings.

    Args:
        old, new: checked.
        kept: tops of keys ("engine", "source") that this run can change only by a new start.
    """
    before, after = _leaves(old), _leaves(new)
    keys = [*before, *(key for key in after if key not in before)]
    return tuple(
        Change(
            key,
            _shown(key, before.get(key)),
            _shown(key, after.get(key)),
            _how(key, old, new, kept),
        )
        for key in keys
        if before.get(key) != after.get(key)
    )


def without_restarts(old: Settings, new: Settings, planned: Collection[Change]) -> Settings:
    """`new`, but as `old` where a change holds only from the next start."""
    before, tree = _tree(old), _tree(new)
    for change in planned:
        if change.how == "restart":
            _copy(before, tree, change.key.split("."))
    return type(new).model_validate(tree)


def _how(key: str, old: Settings, new: Settings, kept: Collection[str]) -> How:
    words = key.split(".")
    if words[0] in kept:
        return "restart"
    if words[0] == "outputs":
        both = getattr(old.outputs, words[1], None) and getattr(new.outputs, words[1], None)
        return "output" if words[1] in REOPENED and both is not None else "restart"
    for size in range(len(words), 0, -1):
        how = _HOW.get(".".join(words[:size]))
        if how is not None:
            return how
    return "restart"


def _tree(settings: Settings) -> dict[str, Any]:
    tree = settings.model_dump(mode="json")
    # One of the two is a copy of nothing.
    del tree["source" if tree.get("sources") else "sources"]
    return tree


def _leaves(settings: Settings) -> dict[str, Any]:
    return dict(_under("", _tree(settings)))


def _under(path: str, tree: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        key = f"{path}.{name}" if path else name
        if isinstance(value, dict) and value:
            yield from _under(key, value)
        elif value != {}:
            yield key, value


def _copy(source: dict[str, Any], target: dict[str, Any], words: list[str]) -> None:
    """Give `target` at `words` what `source` has there, or has not."""
    first, *rest = words
    if rest and isinstance(source.get(first), dict) and isinstance(target.get(first), dict):
        _copy(source[first], target[first], rest)
    elif first in source:
        target[first] = source[first]
    else:
        target.pop(first, None)


def _shown(key: str, value: Any) -> Any:
    if value is not None and secret(key):
        return DOTS
    if isinstance(value, str):
        return masked(value)
    return value


def _word(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_word, value))
    return str(value)
