"""The Edge TPU, behind a process of its own: what the driver does to that one ends no service.

A libedgetpu of another TensorFlow than the runtime's segfaults, a loose cable aborts the process,
and a device may never answer; none of that can be caught where it happens. `edgetpu_child.py` runs
there; pictures and outputs lie in memory that both share, and one byte asks for an inference.
"""

from __future__ import annotations

import json
import logging
import mmap
import os
import select
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from edgevision.engines.signature import by_role, spec_of, the_input
from edgevision.errors import EngineError
from edgevision.values.tensor import Features, ModelSpec, Tensor

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from edgevision.values.tensor import TensorSpec

log = logging.getLogger(__name__)

CHILD = Path(__file__).with_name("edgetpu_child.py")
OPENING_SECONDS = 20.0
"""That Python, the runtime, the driver and the first inference may take together."""

# A hello is some hundred bytes; more than this is no child of ours.
_LONGEST_LINE = 1 << 20
_KEPT_WORDS = 2000
# The child ends itself after so much more than its parent waits, should that one have gone.
_SLACK = 2.0


def listed(python: Path | None = None, seconds: float = 10.0) -> tuple[list[str], str]:
    """Which devices libedgetpu sees, "usb" or "pci" each, and its version; asked in a child.

    Raises:
        EngineError: if the library does not load, or takes the child along.
    """
    command = [str(python or sys.executable), str(CHILD), "--list"]
    try:
        ran = subprocess.run(command, capture_output=True, timeout=seconds, check=False)
        told = json.loads(ran.stdout or b"{}")
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise EngineError(f"the Edge TPU's devices cannot be listed: {error}") from error
    if ran.returncode < 0:
        by = signal.Signals(-ran.returncode).name
        raise EngineError(f"libedgetpu ended the process that asked for its devices with {by}")
    if "devices" not in told:
        why = told.get("error") or ran.stderr.decode(errors="replace").strip()[-200:]
        raise EngineError(f"the Edge TPU's devices cannot be listed: {why}")
    return list(told["devices"]), str(told["library"])


class EdgeTpu:
    """One network on one device, used by one thread at a time; an error leaves it to be closed.

    Args:
        path: the .tflite file, compiled for the Edge TPU.
        name, sha256: for events.
        device: "edgetpu" for the first one, "usb", "pci", ":0", ":1"; "cpu": the child runs the
            network on its CPU, by which the cost of the isolation is measured.
        python: that runs the child; None: this one.
        invoke_seconds: that an inference may take.
        opening_seconds: until it has to be ready.

    Attributes:
        runtime, library: of the child, with their versions; "" for no library.
        input: (height, width, 3), in the memory that is shared.

    Raises:
        EngineError: if the child does not start, or it has no runtime, library or device.
        ModelError: if it is no image network.
    """

    def __init__(
        self,
        path: Path,
        name: str,
        sha256: str,
        *,
        device: str = "edgetpu",
        python: Path | None = None,
        invoke_seconds: float = 2.0,
        opening_seconds: float = OPENING_SECONDS,
    ) -> None:
        self.device = device
        self._seconds = invoke_seconds
        self._said = b""
        self.input: npt.NDArray[Any] = np.empty(0)
        self._room: mmap.mmap | None = None
        self._outputs: dict[str, tuple[npt.NDArray[Any], TensorSpec]] = {}
        memory = os.memfd_create("edgevision-edgetpu", os.MFD_CLOEXEC)
        try:
            self._child = _start(python, path, memory, device, (opening_seconds, invoke_seconds))
            try:
                hello = self._ask(opening_seconds)
                self._room = mmap.mmap(memory, hello["size"])
                self._read_hello(hello, path, name, sha256)
            except BaseException:
                self.close()
                raise
        finally:
            os.close(memory)

    def infer(self, fill: Callable[[npt.NDArray[Any]], None]) -> Features:
        """One inference; `fill` writes into the shared memory.

        Raises:
            EngineError: if the child died, does not answer in time, or its runtime fails.
        """
        fill(self.input)
        return self.run()

    def run(self) -> Features:
        """The inference on what lies in `input`; as `infer` otherwise."""
        self.invoke()
        return Features(
            **{
                role: Tensor(stored.reshape(spec.shape).copy(), spec)
                for role, (stored, spec) in self._outputs.items()
            }
        )

    def invoke(self) -> None:
        """The bare inference on what lies in `input`.

        Raises:
            EngineError: if the child died, does not answer in time, or its runtime fails.
        """
        try:
            self._asking.write(b"\n")
        except (OSError, ValueError):
            raise EngineError(self._died()) from None
        self._ask(self._seconds)

    def close(self) -> None:
        """End the child, whatever it does; its memory goes with it."""
        with suppress(OSError):
            self._asking.close()
        if self._child.poll() is None:
            self._child.kill()
        try:
            self._child.wait(_SLACK)
        except subprocess.TimeoutExpired:
            # In the kernel's hands: it goes when its USB transfer ends.
            log.warning("process %d of the Edge TPU cannot be ended now", self._child.pid)
        for pipe in (self._child.stdout, self._child.stderr):
            if pipe is not None:
                pipe.close()
        # The memory goes with the last view of it.
        self.input = np.empty(0)
        self._outputs, self._room = {}, None

    @property
    def pid(self) -> int:
        """Of the child."""
        return self._child.pid

    @property
    def _asking(self) -> Any:
        return self._child.stdin

    def _read_hello(self, hello: dict[str, Any], path: Path, name: str, sha256: str) -> None:
        inputs, outputs = (
            [{**told, "dtype": np.dtype(told["dtype"]).type} for told in hello[role]]
            for role in ("inputs", "outputs")
        )
        image = the_input(inputs, path)
        roles = by_role(outputs, path)
        specs = {role: spec_of(told, keeps_axes=role == "map") for role, told in roles.items()}
        self.runtime: str = hello["runtime"]
        self.library: str = hello["library"]
        self.spec = ModelSpec(name, sha256, spec_of(image), **specs)
        self.input = self._view(image)[0]
        self._outputs = {role: (self._view(told), specs[role]) for role, told in roles.items()}

    def _view(self, told: dict[str, Any]) -> npt.NDArray[Any]:
        shape = tuple(told["shape"])
        room: Any = self._room
        flat = np.frombuffer(room, told["dtype"], int(np.prod(shape)), told["at"])
        return flat.reshape(shape)

    def _ask(self, seconds: float) -> dict[str, Any]:
        """The child's next line.

        Raises:
            EngineError: if it tells of an error, ends or says nothing in time.
        """
        until, line = monotonic() + seconds, b""
        answers, words = self._child.stdout, self._child.stderr
        if answers is None or words is None:
            raise EngineError(f"Edge TPU {self.device}: closed")
        waiting = select.poll()
        waiting.register(answers, select.POLLIN)
        waiting.register(words, select.POLLIN)
        while not line.endswith(b"\n"):
            ready = dict(waiting.poll(max(0.0, until - monotonic()) * 1000))
            if not ready:
                raise EngineError(f"Edge TPU {self.device}: no answer within {seconds:g} s")
            if words.fileno() in ready:
                said = os.read(words.fileno(), 65536)
                self._said = (self._said + said)[-_KEPT_WORDS:]
                if not said:
                    waiting.unregister(words)
            if answers.fileno() in ready:
                part = os.read(answers.fileno(), 65536)
                line += part
                if not part or len(line) > _LONGEST_LINE:
                    raise EngineError(self._died())
        return self._understood(line)

    def _understood(self, line: bytes) -> dict[str, Any]:
        try:
            told: dict[str, Any] = json.loads(line)
        except ValueError:
            raise EngineError(f"Edge TPU {self.device}: its process talks nonsense") from None
        if "error" in told:
            raise EngineError(f"Edge TPU {self.device}: {told['error']}")
        return told

    def _died(self) -> str:
        """In words, how the child ended."""
        try:
            code = self._child.wait(_SLACK)
        except subprocess.TimeoutExpired:
            return f"Edge TPU {self.device}: its process gives no answers any more"
        how = f"ended with code {code}"
        if code < 0:
            how = f"was ended by {signal.Signals(-code).name}"
        lines = self._said.decode(errors="replace").strip().splitlines()
        # The runtime greets on every start.
        said = [line for line in lines if not line.startswith("INFO:")]
        last = f" ({said[-1][:200]})" if said else ""
        return f"Edge TPU {self.device}: its process {how}{last}"


def _start(
    python: Path | None, path: Path, memory: int, device: str, limits: tuple[float, float]
) -> subprocess.Popen[bytes]:
    program = str(python or sys.executable)
    # -I would take away PYTHONPATH, which may be how the other Python finds its runtime.
    seconds = [str(limit + _SLACK) for limit in limits]
    command = [program, str(CHILD), str(path), str(memory), device, *seconds]
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            pass_fds=(memory,),
            # The terminal's Ctrl-C is for the parent, which ends the child itself.
            start_new_session=True,
        )
    except OSError as error:
        raise EngineError(
            f"{program} cannot run the Edge TPU's process: {error.strerror}"
        ) from error
