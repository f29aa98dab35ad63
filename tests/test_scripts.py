from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

SCRIPTS = (
    "scripts/test",
    "scripts/demo",
    "scripts/security",
    "scripts/fleet_cluster",
    "scripts/install",
    "scripts/uninstall",
    "scripts/environment.sh",
    ".ci/run",
)


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/bash\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


class Checkout:
    """A checkout with spaces in its name, and a PATH with little more than a test puts on it."""

    def __init__(self, folder: Path, project: Path) -> None:
        self.folder = folder / "a check out"
        self.path = folder / "bin"
        self.path.mkdir()
        (self.folder / "scripts").mkdir(parents=True)
        shutil.copy(project / "scripts" / "environment.sh", self.folder / "scripts")
        for tool in ("dirname", "sha256sum", "cat", "touch", "rm", "tail", "id", "grep", "find"):
            self.put(tool, shutil.which(tool) or tool)
        for tool in ("sort", "xargs", "cut", "mkdir", "tr"):
            self.put(tool, shutil.which(tool) or tool)

    def put(self, name: str, target: str | Path) -> None:
        (self.path / name).unlink(missing_ok=True)
        (self.path / name).symlink_to(target)

    def run(self, commands: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                shutil.which("bash") or "bash",
                "-c",
                f"set -euo pipefail; source scripts/environment.sh; {commands}",
                "script",
            ],
            cwd=self.folder,
            env={"PATH": str(self.path), **environment},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def checkout(tmp_path, project):
    return Checkout(tmp_path, project)


@pytest.fixture
def python(tmp_path):
    """This Python, as a program that a test can break."""
    return program(tmp_path / "python" / "python3", f'exec "{sys.executable}" "$@"')


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_are_well_formed(project, name):
    assert subprocess.run(["bash", "-n", str(project / name)], check=False).returncode == 0
    if not name.endswith(".sh"):
        assert os.access(project / name, os.X_OK)
        assert "set -euo pipefail" in (project / name).read_text(encoding="utf-8")


def test_shellcheck_finds_nothing(project):
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")

    told = subprocess.run(
        ["shellcheck", "-x", *SCRIPTS], cwd=project, capture_output=True, text=True, check=False
    )

    assert (told.returncode, told.stdout) == (0, "")


def test_the_newest_python_that_really_runs_is_taken(checkout, python):
    checkout.put("python3", python)
    program(checkout.path / "python3.13", "echo 'not this one: python3.13 not found'; exit 127")

    found = checkout.run("find_python")

    assert (found.returncode, found.stdout.strip()) == (0, str(checkout.path / "python3"))
    checkout.put("python3.12", python)
    assert checkout.run("find_python").stdout.strip() == str(checkout.path / "python3.12")


def test_a_python_that_is_asked_for_and_will_not_do(checkout, python):
    checkout.put("python3", python)
    old = program(checkout.path / "python2.7", "exit 1")

    found = checkout.run("choose_python", PYTHON=str(old))

    assert found.returncode == 2
    assert found.stderr.count("\n") == 1
    assert f"PYTHON={old} is no Python 3.10 to 3.13" in found.stderr
    assert checkout.run("find_python", PYTHON=str(python)).stdout.strip() == str(python)


def test_without_python_and_without_apt(checkout):
    found = checkout.run("choose_python")

    assert found.returncode == 2
    assert found.stderr.count("\n") == 1
    assert "needs Python 3.10 to 3.13" in found.stderr


def without_ensurepip(checkout: Checkout) -> None:
    """A Python as Debian's is without python3-venv; the package's apt-get mends it."""
    mended = checkout.folder / "mended"
    program(
        checkout.path / "python3",
        f'if [[ "$*" == *ensurepip* && ! -f "{mended}" ]]; then\n'
        "    echo 'No module named ensurepip' >&2; exit 1\n"
        f'fi\nexec "{sys.executable}" "$@"',
    )
    program(
        checkout.path / "apt-get",
        f'echo "$*" >>"{checkout.folder}/asked"\n'
        f'[[ -f "{checkout.folder}/updated" ]] || {{ [[ $1 != update ]] ||'
        f' touch "{checkout.folder}/updated"; [[ $1 == update ]]; exit; }}\n'
        f'touch "{mended}"',
    )


def test_missing_venv_is_named_in_one_line_to_a_user(checkout):
    without_ensurepip(checkout)
    (checkout.path / "id").unlink()
    program(checkout.path / "id", "echo 1000")

    found = checkout.run("choose_python")

    assert found.returncode == 2
    assert found.stderr.count("\n") == 1
    assert "sudo apt-get install -y python3-venv" in found.stderr
    assert not (checkout.folder / "asked").exists()


def test_missing_venv_is_installed_by_root_after_an_update_if_need_be(checkout):
    without_ensurepip(checkout)
    (checkout.path / "id").unlink()
    program(checkout.path / "id", "echo 0")

    found = checkout.run('choose_python; echo "$python"')

    assert found.returncode == 0, found.stderr
    assert found.stdout.strip() == str(checkout.path / "python3")
    asked = (checkout.folder / "asked").read_text(encoding="utf-8").splitlines()
    assert [line.split()[0] for line in asked] == ["install", "update", "install"]
    assert all("python3-venv" in line for line in asked if line.startswith("install"))


def test_a_python_that_apt_cannot_mend(checkout):
    program(checkout.path / "python3", f'[[ "$*" != *ensurepip* ]] && exec "{sys.executable}" "$@"')
    program(checkout.path / "apt-get", "exit 0")
    (checkout.path / "id").unlink()
    program(checkout.path / "id", "echo 0")

    found = checkout.run("choose_python")

    assert found.returncode == 2
    assert "set PYTHON to one that can" in found.stderr


@pytest.mark.parametrize(
    ("status", "numpy", "constraints"),
    [
        ("install ok installed", "1.24.2", ["numpy<2", "opencv-python-headless<4.12"]),
        ("install ok installed", "2.2.4", []),
        ("deinstall ok config-files", "1.24.2", []),
    ],
)
def test_constraints_beside_the_systems_camera_library(checkout, status, numpy, constraints):
    """Debian bookworm has numpy 1.24 and trixie 2.2; picamera2 is compiled against each."""
    program(checkout.path / "dpkg-query", f"printf '%s' '{status}'")
    program(checkout.path / "python3", f"echo {numpy}")

    assert checkout.run("constraints_for python3").stdout.splitlines() == constraints


def test_no_constraints_without_dpkg(checkout):
    program(checkout.path / "python3", "echo 1.24.2")

    told = checkout.run("constraints_for python3")

    assert (told.returncode, told.stdout) == (0, "")


def test_the_systems_python_is_taken_beside_its_camera_library(checkout, python):
    if not Path("/usr/bin/python3").exists():
        pytest.skip("this system has no /usr/bin/python3")
    checkout.put("python3.13", python)
    program(checkout.path / "dpkg-query", "printf 'install ok installed'")

    found = checkout.run("find_python").stdout.strip()

    supported = checkout.run("is_supported /usr/bin/python3").returncode == 0
    assert found == ("/usr/bin/python3" if supported else str(checkout.path / "python3.13"))


def test_an_environment_is_made_once_and_again_if_it_was_interrupted(checkout, python):
    checkout.put("python3", python)
    made = checkout.folder / ".venv"
    command = "choose_python; make_main_environment"

    first = checkout.run(command)
    assert first.returncode == 0, first.stderr
    assert "Making .venv with Python 3." in first.stderr
    (made / "mark").touch()
    assert checkout.run(command).stderr == ""
    assert (made / "mark").exists()

    for cut_short in ((made / ".made-with").unlink, (made / ".installing").touch):
        cut_short()
        (made / "mark").touch()
        assert checkout.run(command).returncode == 0
        assert not (made / "mark").exists()
        assert (made / ".made-with").exists()


def test_the_environment_sees_the_systems_packages_beside_its_camera_library(checkout, python):
    program(checkout.path / "dpkg-query", "printf 'install ok installed'")

    ran = checkout.run("choose_python; make_main_environment", PYTHON=str(python))

    assert ran.returncode == 0, ran.stderr
    settings = (checkout.folder / ".venv" / "pyvenv.cfg").read_text(encoding="utf-8")
    assert "include-system-site-packages = true" in settings


def test_a_step_that_fails_shows_where_its_output_is(checkout):
    program(checkout.path / "oven", "echo no flour; exit 7")

    ran = checkout.run("step 'Baking bread' oven; echo never")

    assert ran.returncode == 1
    assert "no flour" in ran.stderr
    assert "failed: Baking bread" in ran.stderr
    assert str(checkout.folder / ".venv-setup" / "log") in ran.stderr
    assert ran.stdout == ""


def test_a_digest_changes_with_content_and_name(checkout):
    source = checkout.folder / "source"
    source.mkdir()
    (source / "a file.py").write_text("1", encoding="utf-8")

    def digest() -> str:
        told = checkout.run("digest_of source")
        assert told.returncode == 0, told.stderr
        return told.stdout

    before = digest()
    (source / "__pycache__").mkdir()
    (source / "__pycache__" / "a.pyc").write_text("compiled", encoding="utf-8")
    assert digest() == before
    (source / "a file.py").write_text("2", encoding="utf-8")
    changed = digest()
    (source / "a file.py").rename(source / "b.py")
    assert len({before, changed, digest()}) == 3


TOOLS = (".venv/bin/ruff", ".venv/bin/mypy", ".venv/bin/lint-imports")


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        (None, None),
        ("scripts/test", "tests"),
        (".venv/bin/ruff", "lint formatting"),
        (".venv/bin/mypy", "types"),
        ("scripts/pi_check", "arm64"),
        (".venv/bin/lint-imports", "floors"),
    ],
)
def test_ci_runs_every_check_and_fails_if_one_does(tmp_path, project, broken, named):
    summary = "===== 3 passed in 0.10s ====="
    root = tmp_path / "a clone"
    (root / ".ci").mkdir(parents=True)
    shutil.copy(project / ".ci" / "run", root / ".ci")
    for name in ("scripts/test", "scripts/pi_check", *TOOLS):
        said = summary if name == "scripts/test" else f"ran {name}"
        program(root / name, f"echo '{said}'; exit {1 if name == broken else 0}")

    ran = subprocess.run(
        ["bash", str(root / ".ci" / "run")], cwd="/", capture_output=True, text=True, check=False
    )

    assert (ran.returncode != 0) == (broken is not None)
    assert ran.stdout.splitlines()[-1] == summary
    for name in ("scripts/pi_check", *TOOLS):
        assert f"ran {name}" in ran.stdout
    assert (f"failed: {named}" in ran.stdout) == (named is not None)


def test_the_demos_clip_is_made_without_a_network(tmp_path, project):
    clip = tmp_path / "a new folder" / "clip.mp4"

    made = subprocess.run(
        [sys.executable, str(project / "scripts" / "demo_clip.py"), str(clip)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "http_proxy": "http://[::1]:1", "https_proxy": "http://[::1]:1"},
    )

    assert made.returncode == 0, made.stderr
    assert [path.name for path in clip.parent.iterdir()] == ["clip.mp4"]
    with av.open(str(clip)) as container:
        rate = container.streams.video[0].average_rate
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert (len(frames), rate, frames[0].shape) == (225, 25, (720, 1280))
    # The camera moves within a photo, and each photo is another one.
    apart = [np.abs(frames[0].astype(int) - frames[at]).mean() for at in (37, 112, 187)]
    assert min(apart) > 5


def test_the_service_is_well_formed(tmp_path, project):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    unit = tmp_path / "edgevision.service"
    text = (project / "systemd" / "edgevision.service").read_text(encoding="utf-8")
    command = "/opt/edgevision/current/bin/edgevision"
    assert f"ExecStart={command} run --config /etc/edgevision/edgevision.yaml" in text
    assert "RestartPreventExitStatus=2" in text
    # The program need not be installed where this test runs.
    unit.write_text(text.replace(command, shutil.which("true") or "/bin/true"), encoding="utf-8")

    told = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
    )

    assert (told.returncode, told.stderr) == (0, "")
