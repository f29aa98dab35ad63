"""YAML text into plain values, with the line of every key and everything that is wrong."""

from __future__ import annotations

import re
from typing import Any

import yaml

from edgevision.config.origin import KeyPath, Layer, Origin, dotted, printable
from edgevision.errors import ConfigError

MOST_NODES = 10_000
MOST_LEVELS = 20
MOST_DIGITS = 100
"""Limits that no settings reach, so that aliases of aliases cannot fill the memory."""


def parse(text: str, name: str) -> Layer:
    """The settings in the YAML `text`; `name` is the file's name in messages.

    Raises:
        ConfigError: as `read`.
    """
    origins: dict[KeyPath, Origin] = {(): Origin("file", f"{name}:1")}
    node = _composed(text, name)
    if node is None:
        return Layer({}, origins)
    line = node.start_mark.line + 1
    if not isinstance(node, yaml.MappingNode):
        kind = "a list" if isinstance(node, yaml.SequenceNode) else "a single value"
        raise ConfigError(f"{name}:{line}: the file is {kind}; expected lines of `key: value`")
    reader = _Reader(name, origins)
    tree = reader.value(node, ())
    if reader.problems:
        raise ConfigError(*reader.problems)
    return Layer(tree, origins)


def scalar(text: str) -> Any:
    """The value of a YAML scalar or flow collection, as written in a variable.

    Raises:
        ConfigError: if it is no YAML; the problems have no place in front.
    """
    node = _composed(text, "")
    if node is None:
        return None
    reader = _Reader("", {})
    value = reader.value(node, ())
    if reader.problems:
        raise ConfigError(*reader.problems)
    return value


def _composed(text: str, name: str) -> yaml.Node | None:
    try:
        loader = _Loader(text)
        try:
            return loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        why = f"character U+{ord(text[error.position]):04X} is not allowed in YAML"
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        why = _explained(error)
    except (ValueError, OverflowError):
        # PyYAML turns numbers into characters without asking whether there are such ones.
        line, why = 1, "not YAML: an escape (\\U...) or directive (%) holds an impossible number"
    raise ConfigError(f"{name}:{line}: {why}" if name else why)


def _explained(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or error.context or "not YAML"
    if "'\\t'" in problem:
        return "a tab stands here; YAML is indented with spaces"
    if "mapping values are not allowed" in problem:
        return "a second `: ` on one line; expected one `key: value` a line, or quotes around text"
    if "sequence entries are not allowed" in problem:
        return 'a list begins here; expected a value (as text it is "-", in quotes)'
    if "expected a single document" in f"{error.context} {problem}":
        return "a second document (---) begins; expected one"
    context = f"{error.context}: " if error.context else ""
    return f"not YAML: {context}{problem}"


class _Loader(yaml.SafeLoader):
    """Composes nodes with YAML 1.2's numbers: 12:30 is text, 1e-3 a number, a date is text."""

    yaml_implicit_resolvers: dict[Any, Any] = {}  # noqa: RUF012 - PyYAML looks for it here
    levels = 0

    def compose_node(self, parent: Any, index: Any) -> yaml.Node | None:
        self.levels += 1
        if self.levels > MOST_LEVELS:
            mark = self.get_mark()
            raise yaml.MarkedYAMLError(None, None, f"nested over {MOST_LEVELS} levels deep", mark)
        node = super().compose_node(parent, index)
        self.levels -= 1
        return node


_TAG = "tag:yaml.org,2002:"
for _name, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"(?i:yes|no|true|false|on|off)", list("yYnNtTfFoO")),
    ("int", r"[-+]?[0-9]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
):
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(f"^(?:{_pattern})$"), _first)


class _Reader:
    """Turns nodes into plain values, noting where each stands and what is wrong with it."""

    def __init__(self, name: str, origins: dict[KeyPath, Origin]) -> None:
        self.name = name
        self.origins = origins
        self.problems: list[str] = []
        self.nodes = 0

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        self.nodes += 1
        if self.nodes > MOST_NODES or len(path) > MOST_LEVELS:
            raise ConfigError(f"{self.at(node)}unfolds into too much; write it without aliases (*)")
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.item(one, (*path, number)) for number, one in enumerate(node.value)]
        try:
            return _plain(node)
        except ValueError as error:
            self.problems.append(f"{self.at(node)}{error}")
            return None

    def item(self, node: yaml.Node, path: KeyPath) -> Any:
        self.origins[path] = Origin("file", self.at(node).removesuffix(": "), path)
        return self.value(node, path)

    def mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        for key_node, value_node in node.value:
            where = self.at(key_node)
            key = str(key_node.value)
            inner = (*path, key)
            if not isinstance(key_node, yaml.ScalarNode) or _halved(key):
                self.problems.append(f"{where}a key is no plain text")
            elif key == "<<":
                self.problems.append(f"{where}<<: merging is not read here; write the keys out")
            elif key in tree:
                line = self.origins[inner].where.rpartition(":")[2]
                self.problems.append(f"{where}{dotted(inner)}: stands twice, first on line {line}")
            else:
                self.origins[inner] = Origin("file", where.removesuffix(": "), inner)
                tree[key] = self.value(value_node, inner)
        return tree

    def at(self, node: yaml.Node) -> str:
        """The place to put in front of a problem; nothing for a variable's text."""
        return f"{self.name}:{node.start_mark.line + 1}: " if self.name else ""


def _plain(node: yaml.Node) -> Any:
    text = str(node.value)
    kind = node.tag.removeprefix(_TAG)
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() in ("yes", "true", "on")
    if len(text) > MOST_DIGITS and kind in ("int", "float"):
        raise ValueError(f"a number of over {MOST_DIGITS} digits")
    if kind == "int":
        return int(text, 16 if text.lower().startswith("0x") else 10)
    if kind == "float":
        return float(text)
    if kind != "str":
        raise ValueError(f"the tag {printable(node.tag)} is not read here; write a plain value")
    if _halved(text):
        raise ValueError("the text holds half of a surrogate pair; write the character itself")
    return text


def _halved(text: str) -> bool:
    """Whether `text` holds a lone surrogate, which no output can write."""
    return not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text)
