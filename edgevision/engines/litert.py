"""TFLite on the CPU: Google's LiteRT, or the older tflite-runtime where LiteRT has no wheel."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from edgevision.engines.native import native_messages_to
from edgevision.engines.signature import by_role, shape_of, spec_of, the_input
from edgevision.errors import EngineError, ExtraError, ModelError
from edgevision.kinds import Kind, load
from edgevision.values.tensor import Features, ModelSpec, Tensor, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt

Runtime = Literal["auto", "litert", "tflite_runtime"]

RUNTIMES = {
    "litert": Kind("ai_edge_litert.interpreter:", "LiteRT", "litert"),
    "tflite_runtime": Kind("tflite_runtime.interpreter:", "tflite-runtime", "tflite"),
}
_HELD = "reference to internal data"  # in the runtime's words, both runtimes'
_LONGEST_HOLD_SECONDS, _PAUSE_SECONDS = 2.0, 0.0005
log = logging.getLogger(__name__)


def load_runtime(runtime: Runtime) -> tuple[str, Any]:
    """The chosen runtime's name and its `interpreter` module; "auto" takes LiteRT if it is there.

    Raises:
        EngineError: if it is not installed.
    """
    wanted = tuple(RUNTIMES) if runtime == "auto" else (runtime,)
    for name in wanted:
        with suppress(ExtraError):
            return name, load(RUNTIMES, name, "runtime")
    packages = "ai-edge-litert" if runtime != "tflite_runtime" else "tflite-runtime"
    raise EngineError(f"TFLite runtime {runtime} is not installed: pip install {packages}")


class LiteRt:
    """One interpreter, used by one thread at a time.

    Args:
        path: the .tflite file.
        name: how events call the model.
        sha256: its digest, for events.
        runtime: which runtime to use.
        threads: of the interpreter, 1 or more.
        xnnpack: use the fast kernels of XNNPACK (LiteRT only).
        resolution: side of the square input in pixels; None: the file's own. A network whose pool
            is a mean runs at any; whether another one does is not for certain seen here, because a
            fixed pool may leave out the last cells of a larger map without a word
            (`zoo.walk.read_network` tells).

    Raises:
        ModelError: if the file is damaged, no image network, or gives something else, or nothing,
            at `resolution`.
        EngineError: if the runtime is missing or refuses the network.
    """

    def __init__(
        self,
        path: Path,
        name: str,
        sha256: str,
        *,
        runtime: Runtime = "auto",
        threads: int = 1,
        xnnpack: bool = True,
        resolution: int | None = None,
    ) -> None:
        self.runtime, module = load_runtime(runtime)
        options: dict[str, Any] = {"model_path": str(path), "num_threads": threads}
        if not xnnpack and self.runtime == "litert":
            without = module.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
            options["experimental_op_resolver_type"] = without
        with native_messages_to(log):
            image = self._open(module, options, path)
            own = self._interpreter.get_output_details()
            self._outputs = {role: one["index"] for role, one in by_role(own, path).items()}
            side = int(image["shape"][1])
            resized = None if resolution == side else resolution
            self._allocate(image["index"], path, resized)
            self.spec = ModelSpec(name, sha256, self._image_spec(), **self._specs())
            self._input = self._interpreter.tensor(image["index"])
            if resized is not None:
                before = {detail["index"]: shape_of(detail) for detail in own}
                self._check_resized(path, before, resized / side)

    def infer(self, fill: Callable[[npt.NDArray[Any]], None]) -> Features:
        """One inference; `fill` writes into the input tensor (height, width, 3)."""
        # The view must be gone before invoke: the runtime refuses to run while one is alive.
        fill(self._input()[0])
        self.invoke()
        return Features(**{role: self._read(role) for role in self._outputs})

    def invoke(self) -> None:
        """The bare inference on whatever the input tensor holds.

        Raises:
            EngineError: if the runtime fails.
        """
        until = time.monotonic() + _LONGEST_HOLD_SECONDS
        while True:
            try:
                self._interpreter.invoke()
            except (RuntimeError, ValueError) as error:
                # A sampling profiler, such as that in every worker of Dask, may hold the frame of
                # the function that filled the tensor a little longer, and the view with it.
                if _HELD not in str(error) or time.monotonic() > until:
                    raise EngineError(f"{self.spec.name}: inference failed ({error})") from error
            else:
                return
            time.sleep(_PAUSE_SECONDS)

    def close(self) -> None:
        """Give back the interpreter."""
        del self._input
        del self._interpreter

    def _open(self, module: Any, options: dict[str, Any], path: Path) -> dict[str, Any]:
        """The details of the one input."""
        try:
            self._interpreter = module.Interpreter(**options)
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{path}: the runtime cannot read it ({error})") from error
        return the_input(self._interpreter.get_input_details(), path)

    def _image_spec(self) -> TensorSpec:
        return spec_of(self._interpreter.get_input_details()[0])

    def _specs(self) -> dict[str, TensorSpec]:
        details = {one["index"]: one for one in self._interpreter.get_output_details()}
        return {
            role: spec_of(details[index], keeps_axes=role == "map")
            for role, index in self._outputs.items()
        }

    def _read(self, role: str) -> Tensor:
        spec: TensorSpec = getattr(self.spec, role)
        stored = self._interpreter.get_tensor(self._outputs[role])
        return Tensor(stored.reshape(spec.shape), spec)

    def _allocate(self, image: int, path: Path, resolution: int | None) -> None:
        try:
            if resolution is not None:
                self._interpreter.resize_tensor_input(image, [1, resolution, resolution, 3])
            self._interpreter.allocate_tensors()
        except (RuntimeError, ValueError) as error:
            if "edgetpu-custom-op" in str(error):
                twin = path.name.replace("_edgetpu", "")
                raise EngineError(
                    f"{path}: is compiled for the Edge TPU and needs its delegate "
                    f"(libedgetpu.so.1), which is not in use; on the CPU run {twin}"
                ) from error
            if resolution is not None:
                raise _unfit(path, resolution, "the runtime cannot prepare it so") from error
            raise ModelError(f"{path}: the runtime cannot prepare it ({error})") from error

    def _check_resized(self, path: Path, before: dict[int, tuple[int, ...]], ratio: float) -> None:
        """Look at what it really gives: some networks give nothing after a resize, silently."""
        side = self.spec.input.height
        self._input()[0].fill(0)
        try:
            self.invoke()
        except EngineError as error:
            raise _unfit(path, side, "it fails when it runs") from error
        for role, index in self._outputs.items():
            stored = self._interpreter.get_tensor(index)
            if stored.size == 0:
                raise _unfit(path, side, "it gives an empty output")
            if not _scaled(before[index], stored.shape, ratio if role == "map" else 1.0):
                here = " x ".join(str(number) for number in stored.shape[1:])
                raise _unfit(path, side, f"it gives an output of {here}")
            if not np.isfinite(stored).all():
                raise _unfit(path, side, "it gives values that are no finite numbers")


def _unfit(path: Path, resolution: int, why: str) -> ModelError:
    return ModelError(
        f"{path}: cannot run at {resolution} pixels ({why}); "
        f"use a file made for {resolution}, or an embedded network"
    )


def _scaled(before: tuple[int, ...], after: tuple[int, ...], ratio: float) -> bool:
    """True if `after` is `before` with height and width, of an image or map, times `ratio`.

    Where that is no whole number, networks may round it up or down.
    """
    if ratio == 1.0 or len(before) != 4:  # noqa: PLR2004 - (1, h, w, c)
        return after == before
    near = (abs(new - old * ratio) < 1 for old, new in zip(before[1:3], after[1:3], strict=True))
    return len(after) == len(before) and before[3] == after[3] and all(near)
