from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.config.file import read
from edgevision.config.text import parse, scalar
from edgevision.errors import ConfigError


def refused(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        parse(text, "F.yaml")
    return caught.value.problems


def test_each_key_and_item_knows_its_line():
    layer = parse("a: 1\nb:\n  c: x\n  d:\n    - 1\n    - {e: 2}\n", "F.yaml")
    assert layer.tree == {"a": 1, "b": {"c": "x", "d": [1, {"e": 2}]}}
    assert layer.origins["b", "c"].where == "F.yaml:3"
    assert layer.origins["b", "d", 1].where == "F.yaml:6"
    assert layer.origins["b", "d", 1, "e"].where == "F.yaml:6"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-1", 0.1),
        ("-3", -3),
        ("010", 10),
        ("0x1F", 31),
        ("12:30", "12:30"),
        ("2026-01-01", "2026-01-01"),
        ("off", False),
        ("Yes", True),
        ("~", None),
        ("", None),
        ("v4l2:0", "v4l2:0"),
        ("rtsp://host/a#b", "rtsp://host/a#b"),
        ("[1, a, {b: no}]", [1, "a", {"b": False}]),
        ('"1"', "1"),
        (".5", 0.5),
        ("1_000", "1_000"),
    ],
)
def test_scalars_mean_what_a_user_expects(text, value):
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\n\tb: 2\n", 2, "tab"),
        ("a: b: c\n", 1, "second `: `"),
        ("a: [1,\n", 2, "not YAML"),
        ("a: 'x\n", 2, "not YAML"),
        ("a: 1\n---\nb: 1\n", 2, "second document"),
        ("- a\n- b\n", 1, "a list"),
        ("just words\n", 1, "single value"),
        ("a: 1\nb:\n  c: 1\n  c: 2\n", 4, "b.c: stands twice, first on line 3"),
        ("a: 1\nb: *no\n", 2, "undefined alias"),
        ("a: !!python/object:os.system {}\nb: !!binary aGk=\n", 2, "tag"),
        ("a: &x {b: 1}\nc: {<<: *x}\n", 2, "<<"),
        ("? [a]\n: 1\n", 1, "a key is no plain text"),
        ("a: \x07\n", 1, "U+0007"),
        ("a: 1\nb: \x00\n", 2, "U+0000"),
        ('a: "\\U99999999"\n', 1, "impossible"),
        ('a: "\\ud800"\n', 1, "surrogate"),
        ("a: " + "9" * 5000 + "\n", 1, "digits"),
        ("a:\n  path: -\n", 2, "in quotes"),
        ("a: " + "[" * 500 + "]" * 500 + "\n", 1, "levels deep"),
        ("a: &a [*a]\n", 1, "unfolds into too much"),
    ],
)
def test_bad_yaml_is_one_clear_line(text, line, words):
    problems = refused(text)
    assert len(problems) == 1
    assert problems[0].startswith(f"F.yaml:{line}: ")
    assert words in problems[0]
    assert "\n" not in problems[0]


def test_several_problems_of_form_come_together():
    problems = refused("a: 1\na: 2\nb: !!set {}\nc: !foo 1\n<<: 3\n")
    assert [line.split(": ")[0] for line in problems] == ["F.yaml:2", "F.yaml:4", "F.yaml:5"]


def test_an_alias_bomb_is_stopped():
    lines = ["a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    for name, inner in zip("bcdefghi", "abcdefgh", strict=True):
        lines.append(f"{name}: &{name} [" + ", ".join([f"*{inner}"] * 10) + "]")
    problems = refused("\n".join(lines))
    assert len(problems) == 1
    assert "unfolds into too much" in problems[0]


def test_aliases_within_reason_are_read():
    assert parse("a: &x [1, 2]\nb: *x\n", "F").tree == {"a": [1, 2], "b": [1, 2]}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"task: dogs\nname: caf\xe9\n", ":2: byte 0xe9 is not UTF-8"),
        ("task: dogs\n".encode("utf-16"), ":1: byte 0xff is not UTF-8"),
        (b"", ":1: is empty"),
        (b" \n\n", ":1: is empty"),
        (b"# " + b"x" * 1_100_000, ": is over 1000000 bytes"),
    ],
)
def test_bad_bytes_are_one_clear_line(tmp_path, data, says):
    path = tmp_path / "edgevision.yaml"
    path.write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}{says}")


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.yaml: there is no such file"):
        read(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="is a folder"):
        read(tmp_path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read(tmp_path / "a\0b")


def test_comments_alone_and_a_byte_order_mark_are_fine(tmp_path):
    path = tmp_path / "edgevision.yaml"
    path.write_bytes(b"\xef\xbb\xbf# nothing yet\n")
    assert read(path).tree == {}
    path.write_bytes(b"\xef\xbb\xbftask: dogs\r\n")
    assert read(path).tree == {"task": "dogs"}


@given(
    st.text(alphabet=st.characters(codec=None), max_size=60) | st.text("ab:-[]{}&*!|>'\"%#\n\t ,?<")
)
def test_any_text_is_read_or_refused_in_lines(text):
    try:
        parse(text, "F.yaml")
    except ConfigError as error:
        assert all(line.startswith("F.yaml:") for line in error.problems)  # noqa: PT017
        assert all("\n" not in line for line in error.problems)  # noqa: PT017
    try:
        scalar(text)
    except ConfigError as error:
        assert error.problems  # noqa: PT017
