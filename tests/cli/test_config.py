from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from edgevision.cli.main import main
from edgevision.config import layers
from edgevision.config.schema import Settings


@pytest.fixture
def edgevision(tmp_path, monkeypatch, capsys):
    """Run a command line in an empty folder and home: exit code, output, error output."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "EDGEVISION_CONFIG"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            main(list(arguments))
        return (left.value.code, *capsys.readouterr())

    return run


def test_show_tells_each_value_and_where_it_comes_from(edgevision, monkeypatch):
    Path("edgevision.yaml").write_text("engine:\n  threads: 2\noutputs: {screen: , console: off}\n")
    monkeypatch.setenv("EDGEVISION_LOG__LEVEL", "debug")
    code, out, _ = edgevision("config", "show")
    lines = dict(line.split("  # ") for line in out.splitlines() if not line.startswith("#"))
    shown = {key.rstrip(): where for key, where in lines.items()}
    assert code == 0
    assert out.startswith("# file: edgevision.yaml\n")
    assert shown["engine.threads: 2"] == "edgevision.yaml:2"
    assert shown["log.level: debug"] == "environment: EDGEVISION_LOG__LEVEL"
    assert shown["outputs.console: false"] == "edgevision.yaml:3"
    assert shown["outputs.screen.width: 1280"] == "default"
    assert shown["task: [dogs]"] == "default"


def test_show_prints_yaml_that_means_the_same(edgevision):
    Path("a.yaml").write_text("task: [classify, dogs]\nsources: [{uri: 'v4l2:0', name: door}]\n")
    _, out, _ = edgevision("config", "show", "--config", "a.yaml")
    flags = {key: value for key, value in yaml.safe_load(out).items() if value is not None}
    assert layers.load(None, {"HOME": "/nonexistent"}, flags) == layers.load(Path("a.yaml"), {}, {})


def test_show_as_json(edgevision):
    Path("a.yaml").write_text("engine: {threads: 2}\n")
    code, out, _ = edgevision("config", "show", "--config", "a.yaml", "--json")
    shown = json.loads(out)
    assert code == 0
    assert shown["file"] == "a.yaml"
    assert shown["settings"]["engine.threads"] == {"value": 2, "from": "a.yaml:1"}
    assert shown["settings"]["outputs.jsonl"] == {"value": False, "from": "default"}


@pytest.mark.parametrize(
    "uri",
    [
        "rtsp://me:hush@cam/1",
        "rtsp://hush@cam/1",
        "rtsp://me:hu/hush@cam/1",
        "http://cam/v?user=me&password=hush&x=1",
        "rtsp://cam/user=me_password=hush_channel=1.sdp",
        "http://cam/v?access_token=hush",
    ],
)
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_passwords_in_addresses_are_dots(edgevision, uri, form):
    Path("edgevision.yaml").write_text(f"source: {uri}\n")
    code, out, _ = edgevision("config", "show", *form)
    assert code == 0
    assert "hush" not in out
    assert "...." in out
    assert "cam/" in out


def test_check_says_ok_and_what_would_be_better(edgevision):
    Path("a.yaml").write_text("task: dogs\n")
    assert edgevision("config", "check", "a.yaml") == (
        0,
        "a.yaml: ok\na.yaml: has no version; put the line `version: 1` first\n",
        "",
    )
    Path("a.yaml").write_text("version: 1\n")
    assert edgevision("config", "check", "a.yaml") == (0, "a.yaml: ok\n", "")
    assert edgevision("config", "check", "a.yaml", "--write") == (0, "a.yaml: ok\n", "")
    assert [path.name for path in Path().glob("a.*")] == ["a.yaml"]


def test_check_without_a_file_says_that_there_is_none(edgevision):
    code, out, _ = edgevision("config", "check")
    assert code == 0
    assert "no file" in out


def test_check_prints_all_problems_and_exits_with_2(edgevision, monkeypatch):
    Path("a.yaml").write_text("tsk: dogs\nengine: {threads: 0}\n")
    monkeypatch.setenv("EDGEVISION_ENGIN__THREADS", "2")
    code, out, err = edgevision("config", "check", "a.yaml")
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        (
            "edgevision: environment: EDGEVISION_ENGIN__THREADS: no such setting;"
            " did you mean EDGEVISION_ENGINE__THREADS?"
        ),
        "edgevision: a.yaml:1: tsk: no such key; did you mean task?",
        "edgevision: a.yaml:2: engine.threads: 0 is given; expected a whole number from 1 to 64",
    ]


@pytest.mark.parametrize("command", ["show", "check"])
def test_a_file_that_is_no_text_is_one_line(edgevision, command):
    Path("edgevision.yaml").write_bytes(b"\xff\xfe\x00")
    code, out, err = edgevision("config", command)
    assert (code, out) == (2, "")
    assert err.startswith("edgevision: edgevision.yaml:1: byte 0xff is not UTF-8")
    assert len(err.splitlines()) == 1


def test_default_prints_a_file_that_is_the_defaults(edgevision):
    code, out, _ = edgevision("config", "default")
    assert code == 0
    Path("a.yaml").write_text(out)
    assert layers.load(Path("a.yaml"), {}, {}) == Settings()
    assert edgevision("config", "check", "a.yaml")[1] == "a.yaml: ok\n"


def test_schema_prints_a_json_schema_that_takes_the_defaults(edgevision):
    code, out, _ = edgevision("config", "schema")
    assert code == 0
    validator = jsonschema.Draft202012Validator(json.loads(out))
    _, default, _ = edgevision("config", "default")
    assert validator.is_valid(yaml.safe_load(default))
    assert not validator.is_valid({"engine": {"threads": 65}})
