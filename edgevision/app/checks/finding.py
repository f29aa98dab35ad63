"""What a check found, and the device it looked at."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

from edgevision.errors import EngineError
from edgevision.zoo.registry import embedded

Status = Literal["OK", "WARN", "FAIL"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer of one check.

    Attributes:
        status: FAIL: the main job will not work; WARN: it will work worse than it could.
        found: what is there, one line.
        fix: what to do about it, a command where there is one; None if nothing is wrong.
    """

    status: Status
    found: str
    fix: str | None = None


def _cannot_load(library: str) -> bool:
    del library
    return False


def _no_library() -> tuple[list[str], str]:
    raise EngineError("no libedgetpu.so.1")


def _no_try() -> str:
    return "no network for it is here to try"


def _may_write(path: Path) -> bool:
    return os.access(path, os.W_OK)


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def _utc_now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(frozen=True, slots=True)
class Device:
    """Where checks look, so that they can be shown another device than this one.

    Attributes:
        root: of the file system; its sys/, proc/, dev/ and etc/ are looked at.
        environ: the environment's variables.
        python: version of the interpreter.
        packages: version by name of each installed Python package, lower case.
        models: the embedded networks by id.
        loads: tells whether the shared library of that name can be loaded.
        lists_edgetpus: the buses of the Edge TPUs that libedgetpu sees, and its version; an
            `EngineError` if it cannot be asked.
        tries_edgetpu: says how an inference there went; an `EngineError` if it did not.
        may_write: tells whether this user may write to a device file.
        page_size: of the kernel, in bytes.
        throttling: what `vcgencmd get_throttled` prints, or None if there is no such program.
        config: the configuration file that a flag names; None: the one that is found.
        free_bytes: free space on the disk of a folder.
        now: the clock.
    """

    root: Path = Path("/")
    environ: Mapping[str, str] = field(default_factory=dict)
    python: tuple[int, int, int] = sys.version_info[:3]
    packages: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, Path] = field(default_factory=embedded)
    loads: Callable[[str], bool] = _cannot_load
    lists_edgetpus: Callable[[], tuple[list[str], str]] = _no_library
    tries_edgetpu: Callable[[], str] = _no_try
    may_write: Callable[[Path], bool] = _may_write
    page_size: int = 4096
    throttling: str | None = None
    config: Path | None = None
    free_bytes: Callable[[Path], int] = _free_bytes
    now: Callable[[], datetime] = _utc_now

    def read(self, path: str) -> str | None:
        """The text of a small file under `root`, stripped; None if it cannot be read."""
        try:
            return (self.root / path).read_text(encoding="utf-8", errors="replace").strip("\0\n ")
        except OSError:
            return None


Check = Callable[[Device], Finding]
