"""A systemd of its own, in which the service really runs."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import edgevision

BOOT = Path(__file__).with_name("boot.sh")
TOOLS = ("unshare", "nsenter", "systemctl", "systemd-sysusers")
# Where the copy has this Python, its packages, and the package under test.
PYTHON, PACKAGES, CODE = "/opt/python", "/opt/packages", "/opt/code"


def missing() -> str | None:
    """Why none can be booted here; None if one can."""
    if os.geteuid() != 0:
        return "needs root: it makes namespaces"
    absent = [tool for tool in TOOLS if shutil.which(tool) is None]
    if absent or not Path("/lib/systemd/systemd").exists():
        return f"needs Debian's package systemd ({', '.join(absent) or 'systemd'} is missing)"
    tried = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--net", "--cgroup", "true"],
        capture_output=True,
        check=False,
    )
    return None if tried.returncode == 0 else "this system makes no namespaces"


class Machine:
    """Booted on entering, thrown away on leaving.

    Args:
        folder: for the copy.
        project: whose units are installed.
    """

    def __init__(self, folder: Path, project: Path) -> None:
        self.folder = folder
        self._project = project
        self._log = (folder.parent / "boot.log").open("w", encoding="utf-8")

    def __enter__(self):
        binds = (
            f"{sys.base_prefix}:{PYTHON}",
            f"{sysconfig.get_path('purelib')}:{PACKAGES}",
            f"{Path(edgevision.__file__).parents[1]}:{CODE}",
        )
        flags = ("--mount", "--pid", "--fork", "--uts", "--ipc", "--net", "--cgroup")
        self._process = subprocess.Popen(
            ["unshare", *flags, "--kill-child", str(BOOT), str(self.folder), *binds],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        self._init = self._first_process()
        until = time.monotonic() + 30
        while self.run("systemctl", "is-active", "nothing.target").returncode != 0:
            if time.monotonic() > until:
                raise TimeoutError(Path(self._log.name).read_text(encoding="utf-8"))
            time.sleep(0.05)
        self._install()
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(30)
        self._log.close()

    def run(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """A command in the machine, as root."""
        enter = ["nsenter", "--target", str(self._init), "--all", "--root", "--wd", "--"]
        return subprocess.run(
            [*enter, *command],
            capture_output=True,
            text=True,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", **more},
            timeout=240,
            check=False,
        )

    def put(self, path: str, text: str, mode: str = "644") -> None:
        """A file in the machine."""
        script = f"mkdir -p \"$(dirname '{path}')\" && cat >'{path}' && chmod {mode} '{path}'"
        enter = ["nsenter", "--target", str(self._init), "--all", "--root", "--wd", "--"]
        subprocess.run([*enter, "sh", "-c", script], input=text, text=True, check=True)

    def send(self, folder: Path, to: str) -> None:
        """A folder of the host's, copied into the machine."""
        packed = subprocess.run(
            ["tar", "--create", "--directory", str(folder), "."], capture_output=True, check=True
        )
        enter = ["nsenter", "--target", str(self._init), "--all", "--root", "--wd", "--"]
        unpack = f"mkdir -p '{to}' && tar --extract --no-same-owner --directory '{to}'"
        subprocess.run([*enter, "sh", "-c", unpack], input=packed.stdout, check=True)

    def property(self, unit: str, name: str) -> str:
        """What systemd says of a unit."""
        return self.run("systemctl", "show", "--value", "--property", name, unit).stdout.strip()

    def wait_for(self, unit: str, name: str, values: set[str], seconds: float = 40.0) -> str:
        """The property once it has one of these values."""
        until = time.monotonic() + seconds
        while (value := self.property(unit, name)) not in values:
            if time.monotonic() > until:
                raise TimeoutError(f"{unit}: {name} is {value!r}; {self.log(unit)}")
            time.sleep(0.1)
        return value

    def log(self, unit: str) -> str:
        """What the unit wrote."""
        return self.run("cat", f"/var/log/{unit}.txt").stdout

    def _first_process(self) -> int:
        """The process that is number 1 in there, by its number out here."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        until = time.monotonic() + 30
        while not (pids := children.read_text(encoding="ascii").split()):
            if time.monotonic() > until or self._process.poll() is not None:
                raise TimeoutError(Path(self._log.name).read_text(encoding="utf-8"))
            time.sleep(0.02)
        return int(pids[0])

    def _install(self) -> None:
        units = self._project / "systemd"
        for name in ("edgevision.service", "edgevision@.service"):
            self.put(f"/etc/systemd/system/{name}", (units / name).read_text(encoding="utf-8"))
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        program = (
            "#!/bin/sh\n"
            f"PYTHONPATH={CODE}:{PACKAGES} PYTHONDONTWRITEBYTECODE=1 "
            f'exec {PYTHON}/bin/python{version} -m edgevision "$@"\n'
        )
        self.put("/opt/edgevision/current/bin/edgevision", program, "755")
        plain = program.replace(" -m edgevision", "")
        self.put("/opt/edgevision/current/bin/python", plain, "755")
        sysusers = (units / "edgevision.sysusers").read_text(encoding="utf-8")
        self.put("/usr/lib/sysusers.d/edgevision.conf", sysusers)
        made = self.run("systemd-sysusers", "edgevision.conf")
        assert made.returncode == 0, made.stderr
