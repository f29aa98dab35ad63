"""The page, the examples, the schema and the commented file all tell the same tree."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from edgevision.config import keys, layers
from edgevision.config.schema import LATER, Settings
from edgevision.config.template import commented, flow
from edgevision.config.text import parse, scalar
from edgevision.errors import ConfigError

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((PROJECT / "config").glob("*.yaml"))
PAGE = PROJECT / "docs" / "configuration.md"
HOME = {"HOME": "/nonexistent"}


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def rows() -> dict[str, list[str]]:
    """The cells behind each key of the page's tables."""
    found = {}
    for line in PAGE.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| `"):
            assert cells[0] not in found
            found[cells[0].strip("`")] = cells[1:]
    return found


def expected_rows() -> dict[str, list[str]]:
    found = {}
    for key in keys.every_key():
        path = ".".join(key.path)
        output = len(key.path) == 2 and key.path[0] == "outputs"
        if "*" in key.path or (key.branch and "properties" in key.node and not output):
            continue
        if output:
            default = "on" if getattr(Settings().outputs, key.path[1]) is not None else "off"
            found[path] = [default, "true, false or its keys", key.node["description"]]
        else:
            given = f"`{flow(key.node['default'])}`" if "default" in key.node else "required"
            found[path] = [given, keys.words(key.node), key.node["description"]]
    return found


def test_the_page_has_every_key_with_its_default_range_and_words():
    assert rows() == expected_rows()


def test_the_page_names_the_keys_of_one_task_and_what_comes_later():
    text = PAGE.read_text("utf-8")
    rule = re.search(r"Under `decide\.tasks\.NAME` stand (.*?) once more", text, re.DOTALL)
    assert re.findall(r"`(\w+)`", rule[1]) == keys.known_keys(("decide", "tasks", "any"))
    later = re.search(r"The keys (`.*?) are kept for what comes\nlater", text, re.DOTALL)
    assert set(re.findall(r"`(\w+)`", later[1])) == LATER[""]


@pytest.mark.parametrize("text", blocks("yaml"))
def test_each_piece_of_yaml_on_the_page_loads(tmp_path, text):
    path = tmp_path / "edgevision.yaml"
    path.write_text(text)
    assert layers.load(path, HOME, {}) != Settings()


def test_the_errors_on_the_page_are_those_of_the_program(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("edgevision.yaml").write_text(
        "version: 1\nengine:\n  treads: 2\n\n\ndecide:\n  threshold: 60\n"
    )
    with pytest.raises(ConfigError) as caught:
        layers.load(None, {**HOME, "EDGEVISION_LOG__LEVEL": "inf"}, {})
    shown = [line.removeprefix("edgevision: ") for line in blocks("text")[0].splitlines()[1:]]
    assert list(caught.value.problems) == shown


def test_each_example_is_named_on_the_page_or_there_at_all():
    assert len(EXAMPLES) >= 4


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_each_example_loads_and_explains_every_line(path):
    assert layers.load(path, HOME, {}) != Settings()
    for line in path.read_text("utf-8").splitlines():
        assert re.search(r"(^| )# \S", line), line


def test_the_commented_file_of_the_defaults_loads_back_equal(tmp_path):
    path = tmp_path / "edgevision.yaml"
    path.write_text(commented(Settings()), encoding="utf-8")
    assert layers.load(path, HOME, {}) == Settings()


def test_the_commented_file_tells_every_key():
    text = commented(Settings())
    assert text.isascii()
    for key in keys.every_key():
        if "*" not in key.path:
            assert re.search(rf"^ *(# +)?{key.path[-1]}:", text, re.MULTILINE), key.path
            assert key.node["description"] in text
    # With the marks taken from the outputs' keys, all of them are on.
    on = re.sub(r"^  # ( +\w+:|  # | ?\w+:$)", r"  \1", text, flags=re.MULTILINE)
    on = re.sub(r"^  \w+: false\n(?=  +\w+:$)", "", on, flags=re.MULTILINE)
    tree = parse(on, "F").tree
    assert set(tree["outputs"]) == set(keys.known_keys(("outputs",)))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_commented_file_of_any_settings_loads_back_equal(tmp_path, path):
    given = layers.load(path, HOME, {})
    copy = tmp_path / "copy.yaml"
    copy.write_text(commented(given), encoding="utf-8")
    assert layers.load(copy, HOME, {}) == given


@pytest.mark.parametrize(
    "value",
    [
        "no",
        "1e-3",
        "a b",
        "-",
        "",
        "ü",
        "😀",
        'say "x"',
        "a: b",
        "#",
        "null",
        "C:\\x",
        "a,b",
        "[",
        "~",
    ],
)
def test_text_is_written_so_that_it_is_read_back(value):
    assert scalar(flow(value)) == value
    assert scalar(flow([value, {value: value}])) == [value, {value: value}]


@pytest.mark.parametrize(
    "text",
    [commented(Settings()), *[path.read_text("utf-8") for path in EXAMPLES], *blocks("yaml")],
)
def test_the_json_schema_takes_what_the_program_takes(text):
    schema = json.loads(json.dumps(keys.schema()))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(text))


@pytest.mark.parametrize(
    "tree", [{"tsk": 1}, {"engine": {"threads": 0}}, {"outputs": {"jsonl": 1}}]
)
def test_the_json_schema_refuses_what_the_program_refuses(tree):
    assert not jsonschema.Draft202012Validator(keys.schema()).is_valid(tree)
    with pytest.raises(ConfigError):
        layers.load(None, HOME, dict(tree))
