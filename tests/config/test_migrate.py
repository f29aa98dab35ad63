from __future__ import annotations

import pytest

from edgevision.config.file import read
from edgevision.config.migrate import STEPS, rewrite, upgraded
from edgevision.config.schema import VERSION
from edgevision.errors import ConfigError


def rename_sensitivity(tree):
    sensitivity = tree.pop("sensitivity", 0.5)
    return {**tree, "decide": {"threshold": 1 - sensitivity}}


def split_sources(tree):
    cameras = tree.pop("cameras", [])
    return {**tree, "sources": [{"uri": uri} for uri in cameras]}


CHAIN = {1: rename_sensitivity, 2: split_sources}
OLD = "# my settings\ntask: dogs # breeds\nsensitivity: 0.25\ncameras: [v4l2:0]\n"


def test_there_is_a_step_from_every_version_to_the_next():
    assert sorted(STEPS) == list(range(1, VERSION))


def test_the_chain_is_taken_in_memory_and_leaves_the_file(tmp_path):
    path = tmp_path / "edgevision.yaml"
    path.write_text(OLD)
    layer = upgraded(read(path), steps=CHAIN, newest=3)
    assert layer.tree == {
        "task": "dogs",
        "decide": {"threshold": 0.75},
        "sources": [{"uri": "v4l2:0"}],
        "version": 3,
    }
    assert layer.origins[("task",)].where == f"{path}:2"
    assert path.read_text() == OLD


def test_the_chain_starts_at_the_version_of_the_file(tmp_path):
    path = tmp_path / "edgevision.yaml"
    path.write_text("version: 2\nsensitivity: 1\n")
    layer = upgraded(read(path), steps=CHAIN, newest=3)
    assert layer.tree == {"version": 3, "sensitivity": 1, "sources": []}


def test_rewriting_keeps_what_was_there_with_its_comments(tmp_path):
    path = tmp_path / "edgevision.yaml"
    path.write_text(OLD)
    path.chmod(0o600)
    backup = rewrite(path, steps=CHAIN, newest=3)
    assert backup == tmp_path / "edgevision.yaml.v1.bak"
    assert backup.read_text() == OLD
    assert backup.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_mode & 0o777 == 0o600
    assert read(path).tree["decide"] == {"threshold": 0.75}
    assert read(path).tree["version"] == 3
    assert backup.name in path.read_text()
    assert sorted(file.name for file in tmp_path.iterdir()) == [path.name, backup.name]


def test_rewriting_again_does_nothing(tmp_path):
    path = tmp_path / "edgevision.yaml"
    path.write_text(OLD)
    rewrite(path, steps=CHAIN, newest=3)
    text = path.read_text()
    assert rewrite(path, steps=CHAIN, newest=3) is None
    assert path.read_text() == text


def test_the_first_backup_of_a_version_stays(tmp_path):
    path = tmp_path / "edgevision.yaml"
    path.write_text(OLD)
    rewrite(path, steps=CHAIN, newest=3)
    path.write_text("task: classify\n")
    with pytest.raises(ConfigError, match=r"edgevision\.yaml\.v1\.bak is there already"):
        rewrite(path, steps=CHAIN, newest=3)
    assert (tmp_path / "edgevision.yaml.v1.bak").read_text() == OLD
    assert path.read_text() == "task: classify\n"


def test_a_step_that_fails_leaves_everything_as_it_was(tmp_path):
    def broken(tree):
        raise KeyError("x")

    path = tmp_path / "edgevision.yaml"
    path.write_text(OLD)
    with pytest.raises(KeyError):
        rewrite(path, steps={1: broken}, newest=2)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert path.read_text() == OLD


def test_a_disk_that_refuses_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "edgevision.yaml"
    path.write_text(OLD)
    # A folder in the backup's place refuses root as well, which permissions do not.
    (tmp_path / "edgevision.yaml.v1.bak").mkdir()
    with pytest.raises(ConfigError, match="is there already"):
        rewrite(path, steps=CHAIN, newest=3)
    assert path.read_text() == OLD


def test_a_newer_file_is_refused_with_what_would_do(tmp_path):
    path = tmp_path / "edgevision.yaml"
    path.write_text("# from next year\nversion: 9\nthings: 1\n")
    with pytest.raises(ConfigError) as caught:
        upgraded(read(path), steps=CHAIN, newest=3)
    assert str(caught.value).startswith(f"{path}:2: version: 9 is newer than 3, which edgevision ")
    assert "install" in str(caught.value)
