"""scripts/install and scripts/uninstall into a folder, with small wheels that behave or do not."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import sys

def main():
    if "run" in sys.argv:
        print("{}")
        sys.exit(CODE)
    print("VERSION")
"""


def make_wheel(folder: Path, version: str, code: int = 0, program: str = PROGRAM) -> Path:
    """A wheel with a program `edgevision` that ends with `code` when it is to run."""
    info = f"edgevision-{version}.dist-info"
    files = {
        "edgevision/__init__.py": "",
        "edgevision/small.py": program.replace("CODE", str(code)).replace("VERSION", version),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: edgevision\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[console_scripts]\nedgevision = edgevision.small:main\n",
    }
    rows = []
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        rows.append(f"{name},sha256={digest.decode()},{len(text)}")
    path = folder / f"edgevision-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
        wheel.writestr(f"{info}/RECORD", "\n".join([*rows, f"{info}/RECORD,,"]) + "\n")
    return path


@pytest.fixture
def call(project, tmp_path):
    environment = {**os.environ, "PYTHON": sys.executable, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    environment.pop("PYTHONPATH", None)

    def run(script: str, *flags: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(project / "scripts" / script), "--root", str(tmp_path / "root"), *flags],
            env=environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    return run


def every_file(root: Path) -> dict[str, int]:
    """Every file and link but those of the environments, with the time of its last change."""
    return {
        str(path.relative_to(root)): path.lstat().st_mtime_ns
        for path in sorted(root.rglob("*"))
        if "versions/" not in str(path) and (path.is_symlink() or path.is_file())
    }


def served(root: Path) -> str:
    program = root / "opt/edgevision/current/bin/edgevision"
    told = subprocess.run([program], env={}, capture_output=True, text=True, check=True)
    return told.stdout.strip()


def test_a_rehearsal_changes_nothing(call, tmp_path):
    told = call("install", "--dry-run", "--wheel", str(make_wheel(tmp_path, "1.0")))

    assert told.returncode == 0, told.stderr
    assert "/etc/systemd/system/edgevision.service" in told.stderr
    assert not (tmp_path / "root").exists()


def test_installed_changed_nothing_upgraded_rolled_back_and_taken_away(call, project, tmp_path):
    root = tmp_path / "root"
    first = make_wheel(tmp_path, "1.0")
    told = call("install", "--wheel", str(first))
    assert told.returncode == 0, told.stderr
    assert served(root) == "1.0"
    for name in ("edgevision.service", "edgevision@.service"):
        installed = root / "etc/systemd/system" / name
        assert installed.read_bytes() == (project / "systemd" / name).read_bytes()
    assert (root / "etc/udev/rules.d/60-edgevision.rules").exists()
    assert (root / "etc/sysusers.d/edgevision.conf").exists()
    venv = (root / "opt/edgevision/current/pyvenv.cfg").read_text(encoding="utf-8")
    assert "include-system-site-packages = true" in venv

    # A second time changes nothing, and neither does it touch settings of one's own.
    settings = root / "etc/edgevision/edgevision.yaml"
    settings.write_text("version: 1\ntask: classify\n", encoding="utf-8")
    before = every_file(root)
    told = call("install", "--wheel", str(first))
    assert (told.returncode, every_file(root)) == (0, before)
    assert "nothing was changed" in told.stderr

    # One that does not work does not take over.
    told = call("install", "--wheel", str(make_wheel(tmp_path, "2.0", code=3)))
    assert told.returncode == 1
    assert "does not work here" in told.stderr
    assert (served(root), every_file(root)) == ("1.0", before)
    assert len(list((root / "opt/edgevision/versions").iterdir())) == 1

    told = call("install", "--wheel", str(make_wheel(tmp_path, "3.0")))
    assert told.returncode == 0, told.stderr
    assert served(root) == "3.0"
    assert settings.read_text(encoding="utf-8") == "version: 1\ntask: classify\n"
    assert len(list((root / "opt/edgevision/versions").iterdir())) == 2

    told = call("uninstall")
    assert told.returncode == 0, told.stderr
    left = [path for path in every_file(root) if (root / path).is_file()]
    assert left == ["etc/edgevision/edgevision.yaml"]
    assert call("uninstall", "--purge").returncode == 0
    assert not settings.exists()
    assert "nothing of edgevision" in call("uninstall").stderr


@pytest.mark.parametrize(
    ("script", "flags"),
    [("install", ["--nonsense"]), ("install", ["--wheel", "/no/such.whl"]), ("uninstall", ["-x"])],
)
def test_what_is_written_wrong_is_told_in_a_line(call, script, flags):
    told = call(script, *flags)

    assert told.returncode == 2
    assert told.stderr.count("\n") == 1
