"""Where on a broker a device tells what, and where it listens.

ROOT/DEVICE/availability          "online" or "offline", retained; "offline" is the last will
ROOT/DEVICE/health                all numbers, every now and then, retained
ROOT/DEVICE/SOURCE/TASK/state     what is seen now and why, retained
ROOT/DEVICE/SOURCE/TASK/event     each sighting, in both phases
ROOT/DEVICE/SOURCE/snapshot       a JPEG of the newest sighting, retained; if set up
ROOT/DEVICE/set/task, set/threshold, set/enabled, cmd/snapshot      commands
ROOT/DEVICE/answer                how each of them was answered
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

COMMANDS: Final = ("set/task", "set/threshold", "set/enabled", "cmd/snapshot")


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one device.

    Attributes:
        root: what all devices have in common; it may have several levels.
        device: the device's own name.
    """

    root: str
    device: str

    @property
    def base(self) -> str:
        """Under which everything of this device stands."""
        return f"{self.root}/{level(self.device)}"

    @property
    def availability(self) -> str:
        """Whether the device is there."""
        return f"{self.base}/availability"

    @property
    def health(self) -> str:
        """Its numbers."""
        return f"{self.base}/health"

    @property
    def answer(self) -> str:
        """Answers to commands."""
        return f"{self.base}/answer"

    def state(self, source: str, task: str) -> str:
        """What `task` sees on `source` now."""
        return f"{self.base}/{level(source)}/{level(task)}/state"

    def event(self, source: str, task: str) -> str:
        """Sightings of `task` on `source`."""
        return f"{self.base}/{level(source)}/{level(task)}/event"

    def snapshot(self, source: str) -> str:
        """The newest sighting's picture."""
        return f"{self.base}/{level(source)}/snapshot"

    def commands(self) -> list[str]:
        """The topics to listen on."""
        return [f"{self.base}/{command}" for command in COMMANDS]

    def command(self, topic: str) -> str:
        """The command that `topic` stands for, one of `COMMANDS`; "" if it is none."""
        command = topic.removeprefix(f"{self.base}/")
        return command if command in COMMANDS else ""


def level(name: str) -> str:
    """`name` as one level of a topic: without what has a meaning there, and never empty."""
    return re.sub(r"[/+#\x00-\x1f\x7f\s]+", "_", name).strip("_$") or "_"
