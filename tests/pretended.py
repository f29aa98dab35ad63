"""What a test tells the Edge TPU's stand-in to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class FakeEdgeTpu:
    """Devices that exist in the environment of processes that are started with `environment`.

    Args:
        folder: for its files; made.
        library: the folder of libedgetpu.so.1.
        twins: the folder of the networks for the CPU.
    """

    def __init__(self, folder: Path, library: Path, twins: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self._control = folder / "control"
        self._log = folder / "log"
        self.environment = {
            "LD_LIBRARY_PATH": str(library),
            "FAKE_EDGETPU_TWINS": str(twins),
            "FAKE_EDGETPU_CONTROL": str(self._control),
            "FAKE_EDGETPU_LOG": str(self._log),
        }
        self.say("ok")

    def say(self, word: str) -> None:
        """`ok`, `slow MS`, `hang`, `crash`, `abort`, `error` or `absent`, from the next call on."""
        new = self._control.with_suffix(".new")
        new.write_text(word + "\n", encoding="utf-8")
        new.replace(self._control)

    @property
    def runs(self) -> list[dict[str, str]]:
        """Device and process of every inference that it carried through."""
        if not self._log.exists():
            return []
        rows = [line.split() for line in self._log.read_text(encoding="utf-8").splitlines()]
        return [{"pid": row[1], "device": row[2]} for row in rows]
