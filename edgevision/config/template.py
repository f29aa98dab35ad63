"""Settings as a YAML file that explains itself: a comment above every key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from edgevision.config.keys import Node, known_keys, node, words
from edgevision.config.text import scalar

if TYPE_CHECKING:
    from collections.abc import Collection

    from edgevision.config.schema import Settings

EXAMPLES = {
    ("outputs", "jsonl", "path"): "events.jsonl",
    ("outputs", "video", "path"): "out.mp4",
    ("outputs", "snapshots", "folder"): "snapshots",
    ("outputs", "clips", "folder"): "clips",
    ("outputs", "mqtt", "host"): "broker.local",
    ("outputs", "webhook", "url"): "https://example.org/events",
    ("outputs", "notify", "urls_file"): "apprise.conf",
}
"""What is shown, as a comment, for keys that have no default."""


def commented(settings: Settings, only: Collection[str] = ()) -> str:
    """`settings` as YAML that loads back equal, with each key's description and range above it.

    Args:
        settings: what to write.
        only: the top-level keys to write; empty: all.
    """
    values = settings.model_dump(mode="json")
    # The default of `sources` is an example in a comment: a file gives one of the two.
    several = values.pop("sources")
    if len(several) > 1:
        del values["source"]
    else:
        values["source"] = settings.the_source.model_dump(mode="json")
    lines: list[str] = []
    for name in known_keys(()):
        if name in values and (not only or name in only):
            lines += ["", *_key((name,), values[name], "")]
        if name == "sources" and len(several) > 1:
            lines += ["", f"# {node(('sources',))['description']}", "sources:"]
            lines += [f"  - {flow(_given(one))}" for one in several]
        elif name == "sources" and not only:
            lines += ["", f"# {node(('sources',))['description']}", "# sources: [{uri: auto}]"]
    return "\n".join(lines[1:]) + "\n"


def _key(path: tuple[str, ...], value: Any, indent: str) -> list[str]:
    part = node(path)
    name = path[-1]
    if part.get("type") != "object":
        return [f"{indent}# {_says(part)}", f"{indent}{name}: {flow(value)}"]
    head = f"{indent}# {part['description']}"
    if "properties" not in part:
        return [head, f"{indent}{name}: {flow(_given(value))}"]
    if value is None:
        # An output that is off is shown with its keys, ready to lose the marks in front.
        shown = {key: _default((*path, key)) for key in part["properties"]}
        keys = _branch(path, shown, f"{indent}#   ")
        return [head, f"{indent}{name}: false", f"{indent}# {name}:", *keys]
    return [head, f"{indent}{name}:", *_branch(path, value, f"{indent}  ")]


def _branch(path: tuple[str, ...], values: dict[str, Any], indent: str) -> list[str]:
    lines = []
    for name, value in values.items():
        lines += _key((*path, name), value, indent)
    return lines


def _default(path: tuple[str, ...]) -> Any:
    if path in EXAMPLES:
        return EXAMPLES[path]
    part = node(path)
    if "properties" in part:
        return {key: _default((*path, key)) for key in part["properties"]}
    return part["default"]


def _given(value: Any) -> Any:
    """A mapping of the user's own names without what nobody gave."""
    if not isinstance(value, dict):
        return value
    return {name: _given(one) for name, one in value.items() if one is not None}


def _says(part: Node) -> str:
    return f"{part['description']} ({words(part)})"


def flow(value: Any) -> str:
    """`value` on one line of YAML that `file.scalar` reads back as it is."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(one) for one in value) + "]"
    if not isinstance(value, str):
        return "null" if value is None else str(value).lower()
    if re.fullmatch(r"[A-Za-z0-9/._][A-Za-z0-9/._:?=&~@+-]*", value) and scalar(value) == value:
        return value
    return yaml.safe_dump(value, default_style='"', allow_unicode=True, width=10**6).strip()
