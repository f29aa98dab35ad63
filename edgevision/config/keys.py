"""The tree of settings as a list of keys, for messages, the commented default file and the docs.

Made from the JSON Schema that pydantic gives, since ranges and words stand there in one form. It
is built when first asked for: a start with right settings does not pay for it.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgevision.config.schema import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Key:
    """A key: its path (`*` for any name), its node of the JSON Schema, and whether it has keys."""

    path: tuple[str, ...]
    node: Node
    branch: bool


@functools.cache
def schema() -> Node:
    """The JSON Schema (draft 2020-12) of the tree, with its short forms."""
    plain = _plain_schema()
    tree: Node = {"$schema": "https://json-schema.org/draft/2020-12/schema", **plain}
    properties = dict(plain["properties"])
    for key in ("task", "source", "region", "model"):
        long = {name: part for name, part in properties[key].items() if name != "description"}
        says = properties[key]["description"]
        properties[key] = {
            "description": says,
            "anyOf": [{"type": "string"}, long, {"type": "null"}],
        }
    listed = properties["sources"]
    one = {"anyOf": [{"type": "string"}, listed["items"]]}
    properties["sources"] = {**listed, "items": one}
    privacy = dict(plain["$defs"]["Privacy"])
    masks = privacy["properties"]["masks"]
    points = plain["$defs"]["Mask"]["properties"]["points"]
    short = {"anyOf": [masks["items"], points]}
    privacy["properties"] = {**privacy["properties"], "masks": {**masks, "items": short}}
    output = dict(plain["$defs"]["Outputs"])
    output["properties"] = {
        name: {**part, "anyOf": [*part["anyOf"], {"type": "boolean"}]}
        for name, part in output["properties"].items()
    }
    return {
        **tree,
        "properties": properties,
        "$defs": {**plain["$defs"], "Outputs": output, "Privacy": privacy},
    }


@functools.cache
def _plain_schema() -> Node:
    return Settings.model_json_schema()


def resolved(part: Node) -> Node:
    """`part` with its reference followed and without "or nothing"; its own words come first."""
    words_first = {key: one for key, one in part.items() if key not in ("$ref", "anyOf", "allOf")}
    if "anyOf" in part:
        inner = next(one for one in part["anyOf"] if one.get("type") != "null")
        return {**resolved(inner), **words_first, "nullable": True}
    if "allOf" in part:
        # The first versions of pydantic 2 put a reference with words beside it so.
        return {**resolved(part["allOf"][0]), **words_first}
    if "$ref" in part:
        target: Node = _plain_schema()["$defs"][part["$ref"].rpartition("/")[2]]
        return {**target, **words_first}
    return part


def node(path: tuple[str | int, ...]) -> Node:
    """The node of `path`, or an empty one if there is no such key."""
    here = _plain_schema()
    for key in path:
        here = resolved(_step(here, key))
    return here


def _step(here: Node, key: str | int) -> Node:
    if isinstance(key, int):
        listed = here.get("prefixItems", ())
        part: Node = listed[key] if key < len(listed) else here.get("items", {})
        return part
    properties = here.get("properties", {})
    inner: Node = properties.get(key) or _any_name(here)
    return inner


def _any_name(here: Node) -> Node:
    """The node that holds for every name in a mapping whose names the user chooses."""
    patterns: dict[str, Node] = here.get("patternProperties", {})
    return next(iter(patterns.values()), {})


def known_keys(path: tuple[str | int, ...]) -> list[str]:
    """The keys that may stand under `path`."""
    return list(node(path).get("properties", ()))


def every_key() -> Iterator[Key]:
    """Every key of the tree, a branch before its keys."""
    yield from _under((), _plain_schema())


def _under(path: tuple[str, ...], here: Node) -> Iterator[Key]:
    inner = dict(here.get("properties", {}))
    if "patternProperties" in here:
        inner["*"] = _any_name(here)
    for name, part in inner.items():
        found = resolved(part)
        yield Key((*path, name), found, branch=found.get("type") == "object")
        yield from _under((*path, name), found)


def variables() -> list[str]:
    """The EDGEVISION_* variable of each key that needs no name of the user's."""
    paths = [key.path for key in every_key() if "*" not in key.path]
    return ["EDGEVISION_" + "__".join(path).upper() for path in paths]


def words(part: Node) -> str:
    """What a value of this node may be: "a whole number from 1 to 64"."""
    empty = ", or null" if part.get("nullable") else ""
    return f"{_kind(part)}{empty}"


def _kind(part: Node) -> str:
    if "enum" in part:
        return f"one of {', '.join(str(one) for one in part['enum'])}"
    kind = part.get("type")
    if "const" in part or kind is None:
        return str(part.get("const", "another key"))
    if kind == "array":
        return _list(part)
    text = "a name of letters, digits, - _ ." if part.get("maxLength") == _NAME else "text"
    return {
        "integer": f"a whole number{_range(part)}",
        "number": f"a number{_range(part)}",
        "string": "a path" if part.get("format") == "path" else text,
        "boolean": "true or false",
        "object": "a mapping",
    }[kind]


def _list(part: Node) -> str:
    if "prefixItems" in part:
        return f"a list of {len(part['prefixItems'])}, each {_kind(part['prefixItems'][0])}"
    kind = part["items"].get("type")
    if kind == "array":
        return f"a list of {part['minItems']} or more, each {_list(part['items'])}"
    if kind == "integer":
        return f"a list of whole numbers{_range(part['items'])}"
    return "a list of names" if kind == "string" else "a list of mappings"


_NAME = 64


def _range(part: Node) -> str:
    low, high = part.get("minimum"), part.get("maximum")
    over = part.get("exclusiveMinimum")
    if over is not None:
        return f" over {over:g}, up to {high:.15g}" if high is not None else f" over {over:g}"
    if low is None or high is None:
        return ""
    steps = f", in steps of {part['multipleOf']}" if "multipleOf" in part else ""
    return f" from {low:.15g} to {high:.15g}{steps}"
