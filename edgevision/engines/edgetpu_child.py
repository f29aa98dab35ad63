"""The process that owns the Edge TPU's driver; whatever happens to it, its parent goes on.

One file that needs nothing but numpy and a TFLite runtime, so that another Python can run it than
the parent's: one whose runtime matches libedgetpu. It is run as

    PYTHON edgetpu_child.py MODEL MEMORY DEVICE OPENING LIMIT

MODEL: the .tflite file. MEMORY: an inherited descriptor of anonymous memory, which this process
sizes. DEVICE: as libedgetpu's option `device`; "cpu" for no delegate at all. OPENING
and LIMIT: seconds that opening, and each inference, may take before the kernel ends this process.

    PYTHON edgetpu_child.py --list

only tells which devices libedgetpu sees, "usb" or "pci" each, and its version.

The first answers in lines of JSON on its standard output: a hello with the tensors and where in
the memory each lies, or an error. Then each byte on its standard input asks for one inference on
what lies in the input's memory; the answer is the line {} once the outputs are there, or an error.
Its standard input's end, which comes with its parent's, ends it.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import mmap
import os
import signal
import sys
from typing import Any

import numpy as np

_LIBRARY = "libedgetpu.so.1"
_RUNTIMES = ("tflite_runtime.interpreter", "ai_edge_litert.interpreter", "tensorflow.lite")
# Each tensor begins at a cache line of its own.
_ALIGNMENT = 64


def main(model: str, memory: str, device: str, opening: str, limit: str) -> None:
    """Open, say hello, and infer until the parent has gone."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    # What a driver prints of itself must not come between the answers.
    os.dup2(2, 1)
    # An ignored signal would stay so through the start of this program.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    _within(float(opening))
    try:
        runtime, interpreter = _open(model, device)
        hello = _tensors(interpreter)
        hello["runtime"] = runtime
        hello["library"] = _version_of_library() if device != "cpu" else ""
        os.ftruncate(int(memory), hello["size"])
        room = mmap.mmap(int(memory), hello["size"])
        _infer(interpreter, hello, room)
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent is told
        _answer(answers, {"error": _words(error)})
        return
    _answer(answers, hello)
    while True:
        _within(0)
        if not os.read(0, 1):
            return
        _within(float(limit))
        try:
            _infer(interpreter, hello, room)
        except Exception as error:  # noqa: BLE001 - whatever it is, the parent is told
            _answer(answers, {"error": _words(error)})
        else:
            _answer(answers, {})


def _open(model: str, device: str) -> tuple[str, Any]:
    name, module = _runtime()
    delegates = []
    if device != "cpu":
        chosen = {} if device in ("", "edgetpu") else {"device": device}
        try:
            delegates = [module.load_delegate(_LIBRARY, chosen)]
        except (OSError, ValueError) as error:
            raise RuntimeError(f"{_LIBRARY} gives no device {device}: {_words(error)}") from error
    interpreter = module.Interpreter(model_path=model, experimental_delegates=delegates)
    interpreter.allocate_tensors()
    return f"{name} {_version(name)}", interpreter


def _version(runtime: str) -> str:
    try:
        return str(importlib.import_module("importlib.metadata").version(runtime.replace("_", "-")))
    except Exception:  # noqa: BLE001 - an old Python has no such module; no reason not to serve
        return "of an unknown version"


class _Device(ctypes.Structure):
    """`struct edgetpu_device` of edgetpu_c.h."""

    _fields_ = [("type", ctypes.c_int), ("path", ctypes.c_char_p)]


def listed() -> dict[str, Any]:
    """The devices and the version of the library.

    Raises:
        OSError: if the library does not load.
    """
    library = ctypes.CDLL(_LIBRARY)
    count = ctypes.c_size_t()
    library.edgetpu_list_devices.restype = ctypes.POINTER(_Device)
    library.edgetpu_free_devices.argtypes = [ctypes.c_void_p]
    found = library.edgetpu_list_devices(ctypes.byref(count))
    kinds = [("pci", "usb")[found[index].type] for index in range(count.value)]
    if count.value:
        library.edgetpu_free_devices(ctypes.cast(found, ctypes.c_void_p))
    return {"devices": kinds, "library": _version_of_library()}


def _version_of_library() -> str:
    """As libedgetpu tells of itself; it is loaded by now."""
    tell = getattr(ctypes.CDLL(_LIBRARY), "edgetpu_version", None)
    if tell is None:
        return ""
    tell.restype = ctypes.c_char_p
    return (tell() or b"").decode(errors="replace")


def _runtime() -> tuple[str, Any]:
    """The first that is there, the one that matches the old libedgetpu before the others."""
    for path in _RUNTIMES:
        try:
            return path.partition(".")[0], importlib.import_module(path)
        except ImportError:  # noqa: PERF203 - there are three
            continue
    raise RuntimeError(f"{sys.executable} has no TFLite runtime: pip install tflite-runtime")


def _tensors(interpreter: Any) -> dict[str, Any]:
    """Every input and output, with its place in the memory, and the memory's size."""
    hello: dict[str, Any] = {"size": 0}
    for role, details in (
        ("inputs", interpreter.get_input_details()),
        ("outputs", interpreter.get_output_details()),
    ):
        hello[role] = []
        for detail in details:
            shape = [int(side) for side in detail["shape"]]
            dtype = np.dtype(detail["dtype"])
            scale, zero_point = detail["quantization"]
            hello[role].append(
                {
                    "index": int(detail["index"]),
                    "name": str(detail["name"]),
                    "shape": shape,
                    "dtype": dtype.name,
                    "quantization": [float(scale), int(zero_point)],
                    "at": hello["size"],
                }
            )
            length = int(np.prod(shape)) * dtype.itemsize
            hello["size"] += -(-max(length, 1) // _ALIGNMENT) * _ALIGNMENT
    return hello


def _infer(interpreter: Any, hello: dict[str, Any], room: mmap.mmap) -> None:
    for told in hello["inputs"]:
        interpreter.set_tensor(told["index"], _view(told, room))
    interpreter.invoke()
    for told in hello["outputs"]:
        np.copyto(_view(told, room), interpreter.get_tensor(told["index"]))


def _view(told: dict[str, Any], room: mmap.mmap) -> Any:
    count = int(np.prod(told["shape"]))
    flat = np.frombuffer(room, told["dtype"], count, told["at"])
    return flat.reshape(told["shape"])


def _within(seconds: float) -> None:
    """End this process unless this is called again in time; 0: let it wait.

    The default action of the signal needs no Python to run, which a driver that hangs may hold up.
    """
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _answer(answers: Any, told: dict[str, Any]) -> None:
    answers.write(json.dumps(told).encode() + b"\n")


def _words(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        try:
            told = listed()
        except Exception as problem:  # noqa: BLE001 - whatever it is, the parent is told
            told = {"error": _words(problem)}
        sys.stdout.write(json.dumps(told))
    else:
        main(*sys.argv[1:])
