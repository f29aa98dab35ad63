from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from edgevision.config import keys, layers
from edgevision.config.file import find
from edgevision.config.schema import Settings
from edgevision.errors import ConfigError

NOWHERE = {"HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent"}


@pytest.fixture
def written(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "edgevision.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def problems(path: Path | None, environ=NOWHERE, flags=None) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        layers.load(path, environ, flags or {})
    assert caught.value.exit_code == 2
    return caught.value.problems


def test_nothing_given_is_the_defaults(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert layers.load(None, NOWHERE, {}) == Settings()
    assert Settings().task == ("dogs",)
    assert Settings().the_source.uri == "auto"
    assert Settings().outputs.console is not None
    assert Settings().outputs.jsonl is None


def test_every_problem_is_told_at_once_with_its_place(written):
    path = written(
        "task: dogs\n"
        "source:\n"
        "  nme: x\n"
        "engine: {threads: 99, device: gpu}\n"
        "region: zoned\n"
        "decide:\n"
        "  treshold: 0.3\n"
        "outputs:\n"
        "  video:\n"
        "device: {port: 80}\n"
    )
    environ = {
        **NOWHERE,
        "EDGEVISION_ENGINE_THREADS": "2",
        "EDGEVISION_LOG__LEVEL": "inf",
        "EDGEVISION_DECIDE__TASKS__DOGS__TOP": "1000",
    }
    assert problems(path, environ, {"store.enabled": "x", "source": ""}) == (
        (
            "environment: EDGEVISION_ENGINE_THREADS: no such setting;"
            " did you mean EDGEVISION_ENGINE__THREADS?"
        ),
        f"{path}:3: source.nme: no such key; did you mean name?",
        (
            f"{path}:4: engine.device: gpu is not in this version; expected one of auto, cpu,"
            " edgetpu, usb, pci, :0, :1, :2, :3"
        ),
        f"{path}:4: engine.threads: 99 is given; expected a whole number from 1 to 64",
        (
            f"{path}:5: region.kind: 'zoned' is given; expected one of auto, full, centre,"
            " zone, motion, zoom; did you mean zone?"
        ),
        f"{path}:7: decide.treshold: no such key; did you mean threshold?",
        f"{path}:9: outputs.video.path: is missing; expected a path",
        f"{path}:10: device: is not in this version",
        "flag --source: '' is given; expected text",
        (
            "environment: EDGEVISION_DECIDE__TASKS__DOGS__TOP: 1000 is given;"
            " expected a whole number from 1 to 100, or null"
        ),
        "flag --store-enabled: 'x' is given; expected true or false",
        (
            "environment: EDGEVISION_LOG__LEVEL: 'inf' is given; expected one of debug, info,"
            " warning, error; did you mean info?"
        ),
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("version: 2\nnew: 1\n", "1: version: 2 is newer than 1, which edgevision "),
        ("version: 0\n", "1: version: 0 is given; expected 1 to 1"),
        ("version: one\n", "1: version: 'one' is given; expected 1"),
        ("task: []\n", "1: task: a list of 0 is given; expected a list of names"),
        ("task: [dogs, dogs]\n", "1: task: a value stands twice in the list"),
        ("task:\n", "1: task: nothing is given; expected a list of names"),
        ("task:\n- dogs\n- 7\n", "3: task[1]: 7 is given; expected a name"),
        ("source: 5\n", "1: source: 5 is given; expected a mapping"),
        ("sources: [a, b]\n", "1: sources[1].name: two sources are called camera;"),
        ("sources: []\n", "1: sources: is empty; expected one or more"),
        ("source: a\nsources: [b]\n", "2: sources: source is given as well"),
        ("sources:\n- uri: a\n  loop: 1\n", "3: source.loop: 1 is given; expected true or false"),
        ("source: {uri: a, name: a/b}\n", "1: source.name: 'a/b' is given; expected a name of"),
        ("source: {uri: a, stall_s: .inf}\n", "1: source.stall_s: '.inf' is given; expected"),
        ("source: {uri: a, stall_s: 1e999}\n", "1: source.stall_s: inf is given; expected"),
        ("region: zone\n", "1: region.zone: kind zone needs a zone: [x, y, width, height]"),
        ("region: {kind: zone, zone: [0.5, 0, 0.6, 1]}\n", "1: region.zone: the zone leaves"),
        ("region: {zone: [0, 0, 0, 1]}\n", "1: region.zone: the zone leaves the frame or is empty"),
        ("region: 'zone:0.1,0.2'\n", "1: region.zone: is too short; expected a list of 4"),
        ("region: 'zone:0.1,a,0.5,0.5'\n", "1: region.zone[1]: 'a' is given; expected a number"),
        ("region: {zone: [0, 0, 1, 1, 1]}\n", "1: region.zone: a list of 5 is given; expected a"),
        ("engine: {threads: true}\n", "1: engine.threads: true is given; expected a whole number"),
        ("engine: {threads: 1.5}\n", "1: engine.threads: 1.5 is given; expected a whole number"),
        ("engine: {threads: two}\n", "1: engine.threads: 'two' is given; expected a whole number"),
        ("decide: {threshold: 60}\n", "1: decide.threshold: 60 is given; expected a number from 0"),
        ("decide: {threshold: 0.3, release: 0.5}\n", "1: decide.release: release 0.5 is over"),
        (
            "decide:\n  release: 0.5\n  tasks:\n    dogs: {threshold: 0.3}\n",
            "4: decide.tasks.dogs: release 0.5 is over threshold 0.3",
        ),
        ("decide: {tasks: {a/b: {}}}\n", "1: decide.tasks.a/b: the name 'a/b' does not do"),
        ("decide: {tasks: {dogs: {mode: frames}}}\n", "1: decide.tasks.dogs.mode: no such key"),
        ("outputs: [jsonl]\n", "1: outputs: a list of 1 is given; expected a mapping"),
        ("outputs: {jsonl: true}\n", "1: outputs.jsonl.path: is missing; expected a path"),
        ("outputs: {webhook: {}}\n", "1: outputs.webhook.url: is missing"),
        ("outputs: {mqtt: {}}\n", "1: outputs.mqtt.host: is missing; expected text"),
        ("outputs: {jsnl: {}}\n", "1: outputs.jsnl: no such key; did you mean jsonl?"),
        (
            "privacy: {masks: [[[0, 0], [1, 1]]]}\n",
            "1: privacy.masks[0].points: a list of 2 is given; expected a list of 3 or more, each",
        ),
        ("model: {labels: 3}\n", "1: model.labels: 3 is given; expected a path, or null"),
        ("model: {labels: ~no-such-user/a}\n", "1: model.labels: there is no such user's home"),
        ('model: {labels: "a\\0b"}\n', "1: model.labels: a path holds no control characters"),
        ("geo: {mode: gallery}\n", "1: geo.mode: mode gallery needs geo.gallery"),
        ("geo: {mode: fused}\n", "1: geo.mode: mode fused needs geo.gallery, geo.planet or both"),
        (
            "source: rtsp://me:hush@cam/1 2\nengine: rtsp://me:hush@cam/1\n",
            "2: engine: 'rtsp://....@cam/1' is given; expected a mapping",
        ),
    ],
)
def test_a_wrong_value_is_one_line_that_says_what_would_do(written, text, says):
    path = written(text)
    found = problems(path)
    assert len(found) == 1
    assert found[0].startswith(f"{path}:{says}")
    assert "hush" not in found[0]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("EDGEVISION_MODEL_MIROR", "x", "no such setting; did you mean EDGEVISION_MODEL_MIRROR?"),
        ("EDGEVISION_TREADS", "x", "no such setting; "),
        ("EDGEVISION_", "x", "no such setting; "),
        ("EDGEVISION_ENGINE__", "x", "no such setting; did you mean EDGEVISION_ENGINE?"),
        (
            "EDGEVISION_ENGINE__TREADS",
            "2",
            "no such setting; did you mean EDGEVISION_ENGINE__THREA",
        ),
        ("EDGEVISION_DEVICE__NAME", "2", "is not in this version"),
        ("EDGEVISION_WEB__HOST", "camera", "'camera' is no address; expected one such as 127.0"),
        ("EDGEVISION_OUTPUTS__HOMEASSISTANT__URL", "2", "is not in this version"),
        ("EDGEVISION_REGION__ZONE", "[1, ", "not YAML: "),
        ("EDGEVISION_REGION__ZONE", "!!binary aa", "the tag tag:yaml.org,2002:binary is not read"),
        ("EDGEVISION_SOURCE", "{uri: 1}", "source.uri: 1 is given; expected text"),
        ("EDGEVISION_LOG", "info", "'info' is given; expected a mapping"),
        ("EDGEVISION_VERSION", "2", "2 is given; expected 1"),
        ("EDGEVISION_OUTPUTS__VIDEO__FPS", "5", "outputs.video.path: is missing; expected a path"),
        ("EDGEVISION_SOURCE__URI", "a\x07b", "'a\\x07b' is given; expected text"),
    ],
)
def test_a_wrong_variable_is_named(name, value, says):
    found = problems(None, {**NOWHERE, name: value})
    assert len(found) == 1
    assert found[0].startswith(f"environment: {name}: {says}")


def test_reserved_and_empty_variables_are_no_settings():
    environ = {
        **NOWHERE,
        "EDGEVISION_TEST_DATA": "x",
        "EDGEVISION_MODEL_MIRROR": "x",
        "EDGEVISION_PI": "x",
        "EDGEVISION_PI_HOST": "x",
        "EDGEVISION_ENGINE__THREADS": "",
        "PATH": "x",
    }
    assert layers.load(None, environ, {}) == Settings()


@pytest.mark.parametrize(
    ("name", "value", "path", "expected"),
    [
        ("TASK", "classify,dogs", "task", ("classify", "dogs")),
        ("TASK", "[classify, dogs]", "task", ("classify", "dogs")),
        ("SOURCE", "rtsp://h/a #b", "source.uri", "rtsp://h/a #b"),
        ("SOURCE", "{uri: 'file:x', loop: yes}", "source.loop", True),
        ("SOURCE__NAME", "1", "source.name", "1"),
        ("SOURCES", "[file:x]", "the_source.uri", "file:x"),
        ("REGION", "zone:0.1,0.2,0.5,0.5", "region.zone", (0.1, 0.2, 0.5, 0.5)),
        ("REGION__ZONE", "[0.1, 0.2, 0.5, 0.5]", "region.zone", (0.1, 0.2, 0.5, 0.5)),
        ("MODEL", "no", "model.use", "no"),
        ("MODEL__LABELS", "null", "model.labels", None),
        ("OUTPUTS__CONSOLE", "off", "outputs.console", None),
        ("OUTPUTS__VIDEO__PATH", "1", "outputs.video.path", Path("1")),
        ("OUTPUTS__JSONL", '{path: "-"}', "outputs.jsonl.path", Path("-")),
        ("DECIDE__THRESHOLD", "6e-1", "decide.threshold", 0.6),
        ("ENGINE__XNNPACK", "no", "engine.xnnpack", False),
        ("LOG__LEVEL", "debug", "log.level", "debug"),
    ],
)
def test_variables_are_read_as_what_is_wanted(name, value, path, expected):
    found: Any = layers.load(None, {**NOWHERE, f"EDGEVISION_{name}": value}, {})
    for key in path.split("."):
        found = getattr(found, key)
    assert found == expected


def test_short_forms_and_empty_branches(written):
    path = written(
        "task: classify, dogs\nsource: v4l2:0\nregion: motion\nmodel: big\nengine:\n"
        "decide:\n  tasks:\noutputs:\n  screen:\n  console: false\n"
    )
    found = layers.load(path, NOWHERE, {})
    assert found.task == ("classify", "dogs")
    assert (found.source.uri, found.region.kind, found.model.use) == ("v4l2:0", "motion", "big")
    assert found.outputs.screen is not None
    assert found.outputs.console is None


def test_several_sources_are_kept_in_order_and_a_flag_takes_their_place(written):
    path = written("sources:\n- {uri: v4l2:0, name: door}\n- {uri: file:x, name: yard}\n")
    loaded = layers.trace(path, NOWHERE, {})
    assert [one.name for one in loaded.settings.every_source] == ["door", "yard"]
    assert loaded.origin(("sources", 1, "uri")).where == f"{path}:3"
    flagged = layers.trace(path, NOWHERE, {"source.uri": "file:y"}).settings
    assert [one.uri for one in flagged.every_source] == ["file:y"]
    assert layers.load(path, {**NOWHERE, "EDGEVISION_SOURCES": "[file:z]"}, {}).the_source.uri == (
        "file:z"
    )


def test_one_of_sources_is_the_source(written):
    path = written("sources:\n- uri: v4l2:0\n  name: door\n")
    assert layers.load(path, NOWHERE, {}).the_source.name == "door"
    loaded = layers.trace(path, NOWHERE, {"source": "file:x"})
    assert (loaded.settings.the_source.uri, loaded.settings.the_source.name) == ("file:x", "door")
    assert loaded.origin(("source", "uri")).where == "flag --source"
    assert loaded.origin(("source", "name")).where == f"{path}:3"


def test_a_model_named_in_short_leaves_the_labels_of_another_behind(written):
    path = written("model: {use: a.tflite, labels: a.txt, heads: {dogs: a.npz}}\n")
    assert layers.load(path, NOWHERE, {}).model.labels == Path("a.txt")
    other = layers.load(path, NOWHERE, {"model": "b.tflite"}).model
    assert (other.use, other.labels, other.heads) == ("b.tflite", None, {})
    kept = layers.load(path, NOWHERE, {"model.use": "b.tflite"}).model
    assert (kept.use, kept.labels) == ("b.tflite", Path("a.txt"))


def test_a_flag_turns_on_what_the_file_has_off_and_the_other_way(written):
    path = written("outputs: {jsonl: false, video: {path: a.mp4, fps: 5}}\n")
    flags = {"outputs.jsonl.path": Path("e.jsonl"), "outputs.video": False, "task": None}
    outputs = layers.load(path, NOWHERE, flags).outputs
    assert outputs.jsonl is not None
    assert outputs.jsonl.path == Path("e.jsonl")
    assert outputs.video is None


def test_decide_of_a_task_is_its_own_rule_over_the_general_one(written):
    path = written("decide:\n  min_hits: 5\n  tasks:\n    dogs: {threshold: 0.7, hold_s: 0}\n")
    decide = layers.load(path, NOWHERE, {}).decide
    dogs = decide.of("dogs")
    assert (dogs.threshold, dogs.hold_s, dogs.min_hits) == (0.7, 0.0, 5)
    assert (decide.of("classify").threshold, decide.of("classify").hold_s) == (None, 2.0)


def test_the_file_is_found_where_it_is_said_to_be(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "home"
    own = home / ".config" / "edgevision" / "edgevision.yaml"
    xdg = tmp_path / "xdg" / "edgevision" / "edgevision.yaml"
    environ = {"HOME": str(home)}
    for path in (own, xdg):
        path.parent.mkdir(parents=True)
    own.write_text("task: classify\n")
    xdg.write_text("task: dogs\n")
    assert find(environ) == own
    assert find({**environ, "XDG_CONFIG_HOME": str(tmp_path / "xdg")}) == xdg
    assert find({**environ, "XDG_CONFIG_HOME": "xdg"}) == own
    (tmp_path / "edgevision.yaml").write_text("task: [dogs, classify]\n")
    assert layers.load(None, environ, {}).task == ("dogs", "classify")
    named = {**environ, "EDGEVISION_CONFIG": str(own)}
    assert layers.load(None, named, {}).task == ("classify",)
    assert layers.load(xdg, named, {}).task == ("dogs",)
    gone = {**environ, "EDGEVISION_CONFIG": "gone.yaml"}
    assert "gone.yaml: there is no such file" in problems(None, gone)[0]


# Layering, for every key there is.

OTHERS = {
    "outputs.webhook.url": ["http://a", "http://b", "https://c"],
    "outputs.notify.labels": [["a"], ["b"], ["c", "d"]],
    "outputs.notify.quiet": [["22:00", "07:00"], ["00:00", "01:00"], ["12:00", "13:00"]],
    "outputs.mqtt.watch": [["a"], ["b"], ["c", "d"]],
    "web.host": ["127.0.0.2", "::1", "127.0.0.3"],
    "web.names": [["a"], ["b"], ["c", "d"]],
    "task": ["classify", "mine", "other"],
    "region.kind": ["full", "motion", "zoom"],
    "region.zone": [[0.0, 0.0, 1.0, 0.5], [0.0, 0.0, 0.5, 1.0], [0.5, 0.5, 0.5, 0.5]],
    "decide.release": [0.1, 0.2, 0.3],
    "decide.threshold": [0.7, 0.8, 0.9],
    "model.resolution": [128, 160, 192],
    "model.budget_ms": [10.0, 20.0, 30.0],
    "governor.resolutions": [[224], [224, 192], [128]],
}


def three_values(key: keys.Key) -> list[Any]:
    """A value of the file, one of the environment and one of a flag."""
    path = ".".join(key.path)
    if path in OTHERS:
        return OTHERS[path]
    if "enum" in key.node:
        return (key.node["enum"] * 3)[:3]
    low = key.node.get("minimum", 1)
    return {
        "integer": [low, low + 1, low + 2],
        "number": [low + 0.25, low + 0.5, low + 0.75],
        "boolean": [True, False, True],
        "string": ["one", "two", "three"],
        "object": [{"a": "x"}, {"a": "y"}, {"a": "z"}],
    }[key.node.get("type", "string")]


LEAVES = [
    key
    for key in keys.every_key()
    if not ("*" in key.path or key.path in {("version",), ("sources",), ("privacy", "masks")})
    and not (key.branch and "properties" in key.node)
    and key.path != ("decide", "tasks")
]


@pytest.mark.parametrize("key", LEAVES, ids=lambda key: ".".join(key.path))
def test_a_later_layer_wins_for_every_key(written, key):
    in_file, in_environment, in_flag = three_values(key)
    tree: Any = in_file
    for part in reversed(key.path):
        tree = {part: tree}
    if key.path[0] == "outputs" and "path" not in key.path and "folder" not in key.path:
        required = {"video": {"path": "a"}, "jsonl": {"path": "a"}, "snapshots": {"folder": "a"}}
        required.update(clips={"folder": "a"}, mqtt={"host": "a"}, notify={"urls_file": "a"})
        required["webhook"] = {"url": "http://a"}
        given = tree["outputs"][key.path[1]]
        tree["outputs"][key.path[1]] = {**required.get(key.path[1], {}), **given}
    if key.path == ("geo", "mode"):
        tree["geo"].update(gallery="a", planet="b")
    path = written(yaml.safe_dump(tree))
    name = "EDGEVISION_" + "__".join(key.path).upper()
    environ = {**NOWHERE, name: json.dumps(in_environment)}
    flags = {".".join(key.path): in_flag}

    def value(loaded: layers.Loaded) -> Any:
        found = loaded.settings.model_dump(mode="json")
        for part in key.path:
            found = found[part]
        return found[0] if key.path == ("task",) else found

    first = layers.trace(path, NOWHERE, {})
    second = layers.trace(path, environ, {})
    third = layers.trace(path, environ, flags)
    assert [value(first), value(second), value(third)] == [in_file, in_environment, in_flag]
    leaf = (*key.path, "a") if key.branch else key.path
    assert first.origin(leaf).where.startswith(f"{path}:")
    assert second.origin(leaf).where == f"environment: {name}"
    assert third.origin(leaf).layer == "flag"


# Anything at all gives settings or lines.

ANYTHING = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

WORDS = sorted({part for key in keys.every_key() for part in key.path} | {"dogs", "zone:0,0,1,1"})
plain = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(WORDS)
    | st.text(max_size=8)
)
tree = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
trees = st.dictionaries(st.sampled_from(list(Settings.model_fields)), tree, max_size=6)


def loads(path: Path | None, environ: dict[str, str], flags: dict[str, Any]) -> None:
    try:
        found = layers.load(path, environ, flags)
    except ConfigError as error:
        for line in error.problems:
            assert line.isprintable()
            assert "Traceback" not in line
            line.encode()
    else:
        assert isinstance(found, Settings)


@ANYTHING
@given(trees)
def test_any_tree_in_the_file_loads_or_is_told(tmp_path, tree):
    path = tmp_path / "edgevision.yaml"
    path.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8", errors="replace")
    loads(path, NOWHERE, {})


@ANYTHING
@given(st.binary(max_size=200))
def test_any_bytes_in_the_file_load_or_are_told(tmp_path, data):
    path = tmp_path / "edgevision.yaml"
    path.write_bytes(data)
    loads(path, NOWHERE, {})


@ANYTHING
@given(
    st.dictionaries(
        st.sampled_from(keys.variables()) | st.text(max_size=12).map("EDGEVISION_".__add__),
        st.text(st.characters(codec=None), max_size=20) | tree.map(json.dumps),
        max_size=4,
    )
)
def test_any_environment_loads_or_is_told(environ):
    environ = {
        name: text
        for name, text in environ.items()
        if name not in layers.RESERVED and not name.startswith(layers.RESERVED_PREFIXES)
    }
    loads(None, {**NOWHERE, **environ}, {})


@ANYTHING
@example(flags={"[key]": []})
@given(
    st.dictionaries(
        st.sampled_from([".".join(key.path) for key in keys.every_key()]) | st.text(max_size=8),
        tree,
        max_size=4,
    )
)
def test_any_flags_load_or_are_told(flags):
    loads(None, NOWHERE, flags)


def test_the_store_lies_in_the_state_folder_unless_it_is_said_otherwise(written):
    usual = layers.load(written("store: {}\n"), NOWHERE, {}).store
    named = layers.load(written("store: {path: ~/a.sqlite}\n"), NOWHERE, {}).store
    inside = Path("edgevision/events.sqlite")
    assert usual.file({"HOME": "/h"}) == Path("/h/.local/state") / inside
    assert usual.file({"HOME": "/h", "XDG_STATE_HOME": "/s"}) == Path("/s") / inside
    assert usual.file({"HOME": "/h", "XDG_STATE_HOME": "s"}) == Path("/h/.local/state") / inside
    assert named.file({"HOME": "/h"}) == Path("~/a.sqlite").expanduser()


def test_the_order_of_flags_does_not_count():
    flags = {"model.resolution": 160, "model": "mobilenet_v2"}
    for ordered in (flags, dict(reversed(flags.items()))):
        model = layers.load(None, {"HOME": "/nonexistent"}, ordered).model
        assert (model.use, model.resolution) == ("mobilenet_v2", 160)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "web: {enabled: true, host: 0.0.0.0}\n",
            "1: web.host: 0.0.0.0 can be reached by others, and nobody has to log in; expected ",
        ),
        (
            "web: {enabled: true, tls: {cert: a.pem}}\n",
            "1: web.tls: cert and key go together; expected both or neither",
        ),
    ],
)
def test_a_page_for_others_is_guarded(written, text, says):
    (told,) = problems(written(text))
    assert says in told
    path = written(
        text.replace("host: 0.0.0.0", "host: 0.0.0.0, token_file: a").replace(
            "{cert: a.pem}", "{cert: a, key: b}"
        )
    )
    assert layers.load(path, NOWHERE, {}).web.enabled
