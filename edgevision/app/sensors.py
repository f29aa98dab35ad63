"""Heat and power of the board: thermal zones, the Pi's firmware, the Jetson's tegrastats."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Ask = Callable[[Sequence[str]], str | None]

THROTTLING: Final = (
    "too little voltage",
    "capped clock",
    "throttled clock",
    "soft limit of heat",
)
"""The bits of `vcgencmd get_throttled`: now; the same 16 places higher: since the start."""

_SINCE: Final = 16
_ASK_SECONDS: Final = 2.0
# What the firmware tells to programs that may not run vcgencmd: the same word without "0x".
_FIRMWARE: Final = "sys/devices/platform/soc/soc:firmware/get_throttled"
# These are not the processor's: a PMIC on a Jetson reads 100 degrees for ever.
_NOT_THE_CHIP: Final = re.compile(r"pmic|batt|wifi|iwl|tdiode", re.IGNORECASE)
_TEGRASTATS: Final = re.compile(r"(\w+)@(-?\d+(?:\.\d+)?)C")
# By the name in the device tree: degrees at which to begin giving up speed, some five before the
# firmware does it. A Pi's slows down from 80 on (a 3B+ from 60), an Orin's from 99.
_WARM: Final = (
    ("Raspberry Pi 3 Model B Plus", 57.0),
    ("Raspberry Pi 3 Model A Plus", 57.0),
    ("Raspberry Pi", 75.0),
    ("Orin", 90.0),
    ("Jetson", 85.0),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the board says of itself.

    Attributes:
        temperature_c: of its hottest sensor; None where there is none.
        now, since_start: of `THROTTLING`, what holds now, and what has held since the start.
    """

    temperature_c: float | None = None
    now: tuple[str, ...] = ()
    since_start: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON types."""
        return {
            "temperature_c": self.temperature_c,
            "throttled": bool(self.now),
            "throttled_now": list(self.now),
            "throttled_since_start": list(self.since_start),
        }


def ask(command: Sequence[str]) -> str | None:
    """What a program prints, stripped; None if there is no such program or it fails.

    One that prints for ever, as tegrastats does, is ended after two seconds.
    """
    program = shutil.which(command[0])
    if program is None:
        return None
    try:
        told = subprocess.run(
            [program, *command[1:]], capture_output=True, timeout=_ASK_SECONDS, check=True
        ).stdout
    except subprocess.TimeoutExpired as late:
        told = late.stdout or b""
    except (OSError, subprocess.SubprocessError):
        return None
    return told.decode("utf-8", errors="replace").strip()


class Sensors:
    """Reads the board's sensors.

    Args:
        root: of the file system.
        ask: runs a program and gives what it prints; None if it cannot.
    """

    def __init__(self, root: Path = Path("/"), ask: Ask = ask) -> None:
        self._root = root
        self._ask = ask
        zones = sorted((root / "sys/class/thermal").glob("thermal_zone*"))
        self._zones = [zone / "temp" for zone in zones if not self._is_elsewhere(zone)]
        self._asks_firmware = True
        self._asks_tegra = not self._zones

    def read(self) -> Reading:
        """What they say now."""
        word = self._throttling_word()
        return Reading(
            temperature_c=self._temperature(),
            now=tuple(what for bit, what in enumerate(THROTTLING) if word >> bit & 1),
            since_start=tuple(
                what for bit, what in enumerate(THROTTLING) if word >> (_SINCE + bit) & 1
            ),
        )

    def warm_from_c(self) -> float | None:
        """Degrees from which this board should give up speed; None for a board not known."""
        model = _text(self._root / "proc/device-tree/model") or ""
        return next((limit for name, limit in _WARM if name in model), None)

    def _temperature(self) -> float | None:
        texts = (_text(zone) for zone in self._zones)
        degrees = [int(text) / 1000 for text in texts if text and text.lstrip("-").isdecimal()]
        if not degrees and self._asks_tegra:
            told = self._ask(["tegrastats", "--interval", "500"])
            self._asks_tegra = told is not None
            degrees = [
                float(value)
                for name, value in _TEGRASTATS.findall(told or "")
                if not _NOT_THE_CHIP.search(name)
            ]
        return round(max(degrees), 1) if degrees else None

    def _throttling_word(self) -> int:
        told = _text(self._root / _FIRMWARE)
        if told is None and self._asks_firmware:
            told = self._ask(["vcgencmd", "get_throttled"])
            self._asks_firmware = told is not None
        digits = (told or "").rpartition("=")[2]
        try:
            return int(digits or "0", 16)
        except ValueError:
            return 0

    @staticmethod
    def _is_elsewhere(zone: Path) -> bool:
        return bool(_NOT_THE_CHIP.search(_text(zone / "type") or ""))


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip("\0\n ")
    except OSError:
        return None
