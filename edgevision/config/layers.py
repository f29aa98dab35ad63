"""Settings from their layers: defaults, then a YAML file, then the environment, then flags.

A later layer wins key by key. Each value keeps its origin, so that a message about a wrong value
names the line, variable or flag where it was written, and `config show` can tell.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_origin

from pydantic import ValidationError

from edgevision.config.file import find, read
from edgevision.config.migrate import upgraded
from edgevision.config.origin import KeyPath, Layer, Origin, printable
from edgevision.config.problems import nearest, problems, unknown_variable
from edgevision.config.schema import Settings
from edgevision.config.short import widen
from edgevision.config.text import scalar
from edgevision.config.types import Branch
from edgevision.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "EDGEVISION_"
RESERVED = frozenset(
    {
        "EDGEVISION_CONFIG",
        "EDGEVISION_MODEL_MIRROR",
        "EDGEVISION_MQTT_PASSWORD",
        "EDGEVISION_WEBHOOK_SECRET",
    }
)
"""Variables that are no settings: the config's path, where models are fetched from, a secret."""
RESERVED_PREFIXES = ("EDGEVISION_TEST_", "EDGEVISION_PI")
"""Those of the tests, and about a Pi in reach."""

FLAGS = {
    "task": "--task",
    "source": "--source",
    "source.uri": "--source",
    "source.loop": "--loop",
    "source.wait": "--wait",
    "region": "--region",
    "engine.threads": "--threads",
    "model": "--model",
    "model.use": "--model",
    "model.resolution": "--resolution",
    "model.budget_ms": "--budget-ms",
    "region.mirror": "--mirror",
    "web.enabled": "--web",
    "web.host": "--web",
    "web.port": "--web",
    "outputs.jsonl.path": "--events",
    "outputs.video.path": "--save",
    "outputs.snapshots.folder": "--save",
    "outputs.screen": "--display",
    "outputs.screen.where": "--display",
}
"""The flag under which a user knows a key; another key's flag is its name with dashes."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, the file that was read (or None), and where each given key comes from."""

    settings: Settings
    path: Path | None
    origins: Mapping[KeyPath, Origin]

    def origin(self, path: KeyPath) -> Origin:
        """Where the value of `path` comes from; of layer "default" if nobody gave it."""
        return self.origins.get(path, Origin("default", "default", path))


def load(path: Path | None, environ: Mapping[str, str], flags: Mapping[str, Any]) -> Settings:
    """The settings that hold.

    Args:
        path: the file that a flag names; None: the one that `file.find` finds, if any.
        environ: the environment, of which EDGEVISION_* is read.
        flags: values by dotted key ("engine.threads": 2); None is a flag that was not given.

    Raises:
        ConfigError: with every problem of every layer at once.
    """
    return trace(path, environ, flags).settings


def trace(path: Path | None, environ: Mapping[str, str], flags: Mapping[str, Any]) -> Loaded:
    """As `load`, with the origin of each value."""
    path = path or find(environ)
    tree: dict[str, Any] = {}
    origins: dict[KeyPath, Origin] = {}
    found: list[str] = []
    if path is not None:
        try:
            _lay(tree, origins, upgraded(read(path)), found)
        except ConfigError as error:
            found += error.problems
    for layer in (*_environment(environ, found), *_given_flags(flags)):
        _lay(tree, origins, layer, found)
    try:
        settings = Settings.model_validate(tree)
    except ValidationError as error:
        found += problems(error, origins)
    if found:
        raise ConfigError(*dict.fromkeys(found))
    return Loaded(settings, path, origins)


def _environment(environ: Mapping[str, str], found: list[str]) -> list[Layer]:
    layers = []
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in RESERVED or name.startswith(RESERVED_PREFIXES):
            continue
        path = tuple(name.removeprefix(PREFIX).lower().split("__"))
        text = environ[name]
        if path[0] not in Settings.model_fields or not all(path):
            found.append(unknown_variable(name, RESERVED))
        elif text.strip():
            try:
                value = _from_variable(path, text)
            except ConfigError as error:
                found += [f"environment: {printable(name)}: {why}" for why in error.problems]
            else:
                layers.append(
                    _layer(path, value, Origin("environment", f"environment: {printable(name)}"))
                )
    return layers


def _given_flags(flags: Mapping[str, Any]) -> list[Layer]:
    layers = []
    # A whole branch first, then what another flag says of its keys, in whatever order they came.
    for key, value in sorted(flags.items(), key=lambda given: given[0].count(".")):
        if value is not None:
            flag = FLAGS.get(key, "--" + key.replace(".", "-").replace("_", "-"))
            plain = _plain(value)
            layers.append(
                _layer(tuple(key.split(".")), plain, Origin("flag", f"flag {printable(flag)}"))
            )
    return layers


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    return [_plain(one) for one in value] if isinstance(value, (list, tuple)) else value


def _layer(path: tuple[str, ...], value: Any, origin: Origin) -> Layer:
    """One value as a layer of its own, so that variables are laid over each other in order."""
    tree = value
    for key in reversed(path):
        tree = {key: tree}
    place = replace(origin, path=path)
    return Layer(tree, {path[:size]: place for size in range(1, len(path) + 1)})


def _from_variable(path: tuple[str, ...], text: str) -> Any:
    """A variable's value: a text as it stands where one is wanted, else YAML."""
    text = text.strip()
    if _takes_text(path) and text[0] not in "[{\"'":
        return None if text in ("null", "~") else text
    return scalar(text)


def _takes_text(path: tuple[str, ...]) -> bool:
    place: Any = Settings
    for key in path:
        if get_origin(place) is dict:
            place = get_args(place)[1]
            continue
        branch = next((one for one in _kinds(place) if _is_branch(one)), None)
        field = None if branch is None else branch.model_fields.get(key)
        place = None if field is None else field.annotation
    return not _kinds(place).isdisjoint({str, Path}) or path in {(key,) for key in _SHORT}


def _is_branch(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Branch)


def _kinds(annotation: Any) -> set[Any]:
    """The classes in a type, those of a Literal's values included."""
    if isinstance(annotation, type) and not get_args(annotation):
        return {annotation}
    inner = get_args(annotation)
    return set().union(*map(_kinds, inner)) if inner else {type(annotation)}


_BRANCHES = [key for key, field in Settings.model_fields.items() if _is_branch(field.annotation)]
_SHORT = ("task", "source", "region", "model")


def _lay(
    tree: dict[str, Any], origins: dict[KeyPath, Origin], layer: Layer, found: list[str]
) -> None:
    """Lay `layer` over `tree`: mappings are merged key by key, everything else is replaced."""
    if isinstance(layer.tree.get("model"), str):
        # Labels and heads belong to the network beside which they were written.
        tree.pop("model", None)
        _forget(origins, ("model",))
    wide = _short_forms(layer, found)
    # One of the two is given; the later layer's takes the place of the other.
    if "sources" in wide.tree:
        tree.pop("source", None)
        _forget(origins, ("source",))
    elif isinstance(wide.tree.get("source"), dict) and "uri" in wide.tree["source"]:
        tree.pop("sources", None)
        _forget(origins, ("sources",))
    if () in wide.origins:
        origins[()] = wide.origins[()]
    _merge(tree, wide.tree, (), origins, wide.origins)


def _short_forms(layer: Layer, found: list[str]) -> Layer:
    """`layer` with short forms written out, empty branches filled and one of `sources` moved."""
    tree = dict(layer.tree)
    origins = dict(layer.origins)
    for key in _BRANCHES:
        tree.update({key: {}} if key in tree and tree[key] is None else {})
        branch = tree.get(key)
        if isinstance(branch, dict):
            tree[key] = {name: _filled(key, name, value) for name, value in branch.items()}
    wide = widen(tree)
    for key in _SHORT:
        if isinstance(tree.get(key), str):
            inner = wide[key] if isinstance(wide[key], dict) else range(len(wide[key]))
            for name in inner:
                origins[key, name] = replace(origins[key,], path=(key, name))
    if "sources" in wide and "source" in wide:
        where = origins["sources",].where
        found.append(f"{where}: sources: source is given as well; expected one of the two")
        del wide["sources"]
    elif wide.get("sources") == []:
        found.append(f"{origins['sources',].where}: sources: is empty; expected one or more")
    elif isinstance(wide.get("sources"), list) and len(wide["sources"]) == 1:
        wide["source"] = wide.pop("sources")[0]
        for path in [path for path in origins if path[:2] == ("sources", 0)]:
            moved: KeyPath = ("source", *path[2:])
            origins[moved] = replace(origins[path], path=moved)
    return Layer(wide, origins)


def _filled(branch: str, name: str, value: Any) -> Any:
    """What a key with nothing behind it means: an output that is on, a mapping without keys."""
    if branch == "outputs":
        return True if value is None else value
    if (branch, name) in {("decide", "tasks"), ("model", "heads")}:
        value = {} if value is None else value
    if (branch, name) == ("decide", "tasks") and isinstance(value, dict):
        return {task: {} if rule is None else rule for task, rule in value.items()}
    return value


def _merge(
    under: dict[str, Any],
    over: Mapping[str, Any],
    path: KeyPath,
    origins: dict[KeyPath, Origin],
    places: Mapping[KeyPath, Origin],
) -> None:
    for key, value in over.items():
        inner = (*path, key)
        if not (isinstance(value, dict) and isinstance(under.get(key), dict)):
            _forget(origins, inner)
            under[key] = {} if isinstance(value, dict) else value
            origins[inner] = nearest(places, inner)
        if isinstance(value, dict):
            _merge(under[key], value, inner, origins, places)
        elif isinstance(value, list):
            size = len(inner)
            origins.update({at: place for at, place in places.items() if at[:size] == inner})


def _forget(origins: dict[KeyPath, Origin], path: KeyPath) -> None:
    for inner in [inner for inner in origins if inner[: len(path)] == path]:
        del origins[inner]
