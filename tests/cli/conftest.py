from __future__ import annotations

import json
import subprocess
import sys

import av
import numpy as np
import pytest


class Done:
    """How a command of edgevision ended."""

    def __init__(self, done: subprocess.CompletedProcess) -> None:
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    @property
    def events(self) -> list[dict]:
        return [json.loads(line) for line in self.out.splitlines() if line.startswith("{")]

    def refused(self, code: int = 2) -> str:
        """The one line with which it was refused."""
        assert self.code == code, self.err
        lines = [line for line in self.err.splitlines() if line.startswith("edgevision: ")]
        assert "Traceback" not in self.err
        assert len(lines) == 1, self.err
        return lines[0]


@pytest.fixture
def edgevision(tmp_path, environment):
    """Runs a command line in a process of its own: `edgevision("run", "--task", "dogs")`."""

    def call(*arguments: object, **variables: str) -> Done:
        words = [sys.executable, "-m", "edgevision", *map(str, arguments)]
        done = subprocess.run(
            words,
            cwd=tmp_path,
            env={**environment, **variables},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        return Done(done)

    return call


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    """A video of a bright square that crosses a dark ground, 50 frames of 320x240."""
    path = tmp_path_factory.mktemp("clip") / "square.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height = 320, 240
        for number in range(50):
            pixels = np.full((240, 320, 3), 40, np.uint8)
            pixels[90:150, 5 * number : 5 * number + 60] = (250, 30, 30)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
