"""Python, the TFLite runtime, the embedded networks, and packages that get in each other's way."""

from __future__ import annotations

import json
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from edgevision.app.checks.finding import Finding
from edgevision.engines.litert import LiteRt
from edgevision.errors import EdgevisionError
from edgevision.zoo.registry import DEFAULT
from edgevision.zoo.tflite import inspect

if TYPE_CHECKING:
    import numpy.typing as npt

    from edgevision.app.checks.finding import Device
    from edgevision.values.tensor import Features

OLDEST, NEWEST = (3, 10), (3, 13)
OPENCVS = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)
_SLOWER = (
    "tflite-runtime runs quantised MobileNets 4 to 25 times slower than LiteRT on x86, "
    "because XNNPACK is off there"
)
_ROUNDS = 5
# Below this the fast kernels make no difference that could be told from noise.
_FASTER_AT_LEAST = 1.2


def python(device: Device) -> Finding:
    """Its version."""
    version = ".".join(map(str, device.python))
    if OLDEST <= device.python[:2] <= NEWEST:
        return Finding("OK", version)
    fix = "make the environment with another one: python3.13 -m venv .venv"
    return Finding("FAIL", f"{version}; edgevision runs on 3.10 to 3.13", fix)


def runtime(device: Device) -> Finding:
    """Which TFLite runtimes are installed."""
    litert, older = (device.packages.get(name) for name in ("ai-edge-litert", "tflite-runtime"))
    if litert:
        return Finding("OK", f"LiteRT {litert}" + (f", tflite-runtime {older}" if older else ""))
    if older:
        return Finding(
            "WARN", f"tflite-runtime {older} only; {_SLOWER}", "pip install ai-edge-litert"
        )
    return Finding("FAIL", "no TFLite runtime", "pip install ai-edge-litert")


def xnnpack(device: Device) -> Finding:
    """How much faster the fast kernels are, by measuring."""
    path = device.models.get(DEFAULT)
    if path is None:
        return Finding("FAIL", "cannot be measured without the embedded network", _REINSTALL)
    try:
        fast = LiteRt(path, DEFAULT, "")
        if fast.runtime != "litert":
            return Finding("WARN", "off in tflite-runtime", "pip install ai-edge-litert")
        slow = LiteRt(path, DEFAULT, "", xnnpack=False)
        without, with_it = _millis(slow), _millis(fast)
    except EdgevisionError as error:
        return Finding("FAIL", str(error), _REINSTALL)
    found = f"an inference takes {with_it:.1f} ms, {without:.1f} ms without"
    if without < _FASTER_AT_LEAST * with_it:
        return Finding("WARN", f"not faster: {found}", "pip install --upgrade ai-edge-litert")
    return Finding("OK", f"{without / with_it:.1f} times faster: {found}")


def models(device: Device) -> Finding:
    """The embedded networks are as they were built, and the default one answers."""
    if DEFAULT not in device.models:
        return Finding("FAIL", f"{DEFAULT} is missing", _REINSTALL)
    try:
        for name, path in device.models.items():
            told = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["sha256"]
            if inspect(path).sha256 != told:
                return Finding("FAIL", f"{name} is damaged: not the digest {told[:12]}", _REINSTALL)
        engine = LiteRt(device.models[DEFAULT], DEFAULT, "")
        grey, again = (_answer(engine.infer(_fill_grey)) for _ in range(2))
        other = _answer(engine.infer(_fill_stripes))
    except (EdgevisionError, OSError, ValueError, KeyError) as error:
        return Finding("FAIL", f"an embedded network cannot be used: {error}", _REINSTALL)
    if not np.isfinite([grey, again, other]).all() or (grey != again).any():
        return Finding("FAIL", f"{DEFAULT} gives no steady answer on this processor", _REINSTALL)
    if (grey == other).all():
        return Finding("FAIL", f"{DEFAULT} gives the same answer to every picture", _REINSTALL)
    return Finding("OK", f"{', '.join(device.models)}; {DEFAULT} answers")


def numbers(device: Device) -> Finding:
    """The versions of numpy and OpenCV, and whether the system's camera library bears them."""
    numpy, opencv = (device.packages.get(name) for name in ("numpy", "opencv-python-headless"))
    if numpy is None:
        return Finding("FAIL", "numpy is missing", _REINSTALL)
    found = f"numpy {numpy}, OpenCV {opencv or 'of another package'}"
    system = "bookworm" in (device.read("etc/os-release") or "")
    if system and "picamera2" in device.packages and int(numpy.split(".")[0]) >= 2:  # noqa: PLR2004 - numpy 2
        return Finding(
            "WARN",
            f"{found}; this system's picamera2 was compiled against numpy 1 and will not load",
            "pip install 'numpy<2' 'opencv-python-headless<4.12'",
        )
    return Finding("OK", found)


def one_opencv(device: Device) -> Finding:
    """Wheels of OpenCV that write over each other's files."""
    here = [name for name in OPENCVS if name in device.packages]
    if len(here) == 1:
        return Finding("OK", here[0])
    if not here:
        return Finding("FAIL", "no wheel of OpenCV", "pip install opencv-python-headless")
    fix = (
        f"pip uninstall -y {' '.join(here)} && "
        "pip install --force-reinstall --no-deps opencv-python-headless"
    )
    return Finding("FAIL", f"{' and '.join(here)} overwrite each other's cv2", fix)


_REINSTALL = "pip install --force-reinstall edgevision"


def _millis(engine: LiteRt) -> float:
    engine.infer(_fill_grey)
    taken = []
    for _ in range(_ROUNDS):
        begun = perf_counter()
        engine.infer(_fill_grey)
        taken.append((perf_counter() - begun) * 1000)
    return median(taken)


def _answer(features: Features) -> npt.NDArray[np.float32]:
    tensor = features.vector or features.logits
    return np.array([]) if tensor is None else tensor.real()


def _fill_grey(tensor: npt.NDArray[Any]) -> None:
    tensor.fill(127)


def _fill_stripes(tensor: npt.NDArray[Any]) -> None:
    tensor.fill(0)
    tensor[:, ::8] = 127
