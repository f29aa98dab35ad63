from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.fixture
def settings(tmp_path):
    path = tmp_path / "web.yaml"
    path.write_text("web: {users_file: people, token_file: token}\n")
    return path


def typed(folder, environment, text, *words):
    command = [sys.executable, "-m", "edgevision", "web", *words]
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_password_is_kept_as_a_hash(tmp_path, environment, settings):
    done = typed(tmp_path, environment, "correct horse\n", "password", "anna", "--config", settings)
    assert done.returncode == 0, done.stderr
    kept = (tmp_path / "people").read_text()
    assert kept.startswith("anna:operator:scrypt$")
    assert "horse" not in kept + done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("anna", "short\n", "a password has 8 to 1024 letters"),
        ("a:b", "correct horse\n", "'a:b' is no name"),
        ("anna", "", "a password has"),
    ],
)
def test_what_will_not_do_is_told(settings, environment, name, text, says):
    folder = settings.parent
    done = typed(folder, environment, text, "password", name, "--config", settings)
    assert done.returncode == 2
    assert says in done.stderr
    assert not (folder / "people").exists()


def test_a_token_is_new_each_time(tmp_path, environment, settings):
    tokens = set()
    for _ in range(2):
        done = typed(tmp_path, environment, "", "token", "--config", settings)
        assert done.returncode == 0, done.stderr
        tokens.add((tmp_path / "token").read_text())
    assert len(tokens) == 2
    assert (tmp_path / "token").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("[::]:80", ":: can be reached by others, and nobody has to log in"),
        ("0.0.0.0:x", "flag --web: '0.0.0.0:x' is given; expected HOST:PORT or PORT"),
        ("camera:1", "'camera' is no address"),
        ("70000", "70000 is given; expected a whole number from 0 to 65535"),
    ],
)
def test_an_unguarded_or_wrong_address_is_refused(edgevision, where, says):
    assert says in edgevision("run", "--source", "synthetic:", "--web", where).refused()
