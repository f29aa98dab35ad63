"""Times of networks, kept by the device and runtime that they were measured on."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edgevision.app.checks.finding import Device
from edgevision.config.folders import folder
from edgevision.engines.litert import load_runtime
from edgevision.evaluation.fit import Times

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgevision.config.schema import Settings

log = logging.getLogger(__name__)

_VERSION: Final = 1
_MOST_DEVICES: Final = 16  # a folder that many devices share must not grow without end
_PACKAGES: Final = {
    "litert": ("ai-edge-litert", "ai-edge-litert-nightly"),
    "tflite_runtime": ("tflite-runtime", "tflite-runtime-nightly"),
}


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What times depend on; with another one they are measured anew.

    Attributes:
        cpu: the board and the processor, as the kernel names them.
        cores: that this process may use.
        runtime: name and version.
        threads: of the interpreter.
        xnnpack: whether its kernels are asked for.
    """

    cpu: str
    cores: int
    runtime: str
    threads: int
    xnnpack: bool

    @property
    def key(self) -> str:
        """One text of all of it."""
        return json.dumps(asdict(self), sort_keys=True)


def fingerprint(settings: Settings, device: Device | None = None) -> Fingerprint:
    """Of this device with the engine's settings.

    Raises:
        EngineError: if no runtime is installed.
    """
    engine = settings.engine
    name, _ = load_runtime(engine.runtime)
    return Fingerprint(
        cpu=_processor(device or Device()),
        cores=len(os.sched_getaffinity(0)),
        runtime=f"{name} {_version(name)}",
        threads=engine.threads,
        xnnpack=engine.xnnpack,
    )


def place(environ: Mapping[str, str]) -> Path:
    """The file that times are kept in: in $XDG_CACHE_HOME or ~/.cache."""
    return folder(environ, "XDG_CACHE_HOME", ".cache") / "edgevision" / "fit.json"


def kept_times(path: Path, of: Fingerprint) -> dict[str, Times]:
    """Times by network, as `keep_times` got them; a damaged file is said, and holds none."""
    return _devices(path).get(of.key, {})


def keep_times(path: Path, of: Fingerprint, times: Mapping[str, Times]) -> bool:
    """Add `times` to the file; later ones take the place of earlier ones.

    A file appears whole or not at all. Where none can be written that is said, and no more.

    Returns:
        whether they were kept.
    """
    devices = _devices(path)
    devices[of.key] = {**devices.pop(of.key, {}), **times}
    recent = list(devices.items())[-_MOST_DEVICES:]
    content = {
        "version": _VERSION,
        "devices": [
            {**json.loads(key), "times": {name: asdict(one) for name, one in known.items()}}
            for key, known in recent
        ],
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_whole(path, json.dumps(content, indent=1))
    except OSError as error:
        log.warning("%s: times cannot be kept (%s); they are measured again", path, error.strerror)
        return False
    return True


def replace_whole(path: Path, text: str) -> None:
    """Write a file that appears whole or not at all.

    Raises:
        OSError: if that fails; then the old one stays.
    """
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _devices(path: Path) -> dict[str, dict[str, Times]]:
    """By fingerprint, in the order in which they were last written."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["version"] != _VERSION:
            return {}
        return dict(map(_one_device, content["devices"]))
    except FileNotFoundError:
        return {}
    except OSError as error:
        log.warning("%s: cannot be read (%s); times are measured again", path, error.strerror)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        log.warning("%s: is damaged; times are measured again", path)
    return {}


def _one_device(written: dict[str, Any]) -> tuple[str, dict[str, Times]]:
    times = {str(name): _one_time(one) for name, one in written["times"].items()}
    named = {name: written[name] for name in Fingerprint.__dataclass_fields__}
    return Fingerprint(**named).key, times


def _one_time(written: dict[str, Any]) -> Times:
    times = Times(float(written["ms"]), float(written["p95_ms"]), int(written["inferences"]))
    if not 0 < times.ms <= times.p95_ms < float("inf"):
        raise ValueError(times)
    return times


def _processor(device: Device) -> str:
    """For example "Raspberry Pi 4 Model B Rev 1.4, Cortex-A72", as far as the kernel tells it."""
    pairs: dict[str, str] = {}
    for line in (device.read("proc/cpuinfo") or "").splitlines():
        name, _, value = line.partition(":")
        pairs.setdefault(name.strip(), value.strip())
    board = device.read("proc/device-tree/model") or pairs.get("Model", "")
    names = ("model name", "CPU part", "Hardware")
    chip = next((pairs[name] for name in names if name in pairs), os.uname().machine)
    return ", ".join(part for part in (board, chip) if part)


def _version(runtime: str) -> str:
    for package in _PACKAGES[runtime]:
        with suppress(metadata.PackageNotFoundError):
            return metadata.version(package)
    return "of an unknown version"
