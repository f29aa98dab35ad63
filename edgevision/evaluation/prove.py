"""Whether a network gives on an accelerator what it gives on the CPU, and how fast.

Pictures are made from a seed, so that every device is asked the same. An accelerator rounds in its
own way, and a quantised network passes a step on from layer to layer; what must not be is another
answer: a network compiled by another compiler than the device's, a driver of another runtime, a
chip that overheats or a cable that flips bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from edgevision.protocols import Engine
    from edgevision.values.tensor import Features, Tensor, TensorSpec

TOLERANCE: Final = 0.1
"""How far an output may be off, as a share of the CPU's largest one, beyond `STEPS`."""

STEPS: Final = 2.0
"""Steps of the output's quantisation that do not count."""

PICTURES: Final = 8
_SEED = 20_170_417  # of the day on which the MobileNets paper came out
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a network did on a device.

    Attributes:
        ok: it may serve.
        why: what is wrong, in words; "" if nothing is.
        difference: the largest one beyond `STEPS`, as a share of the CPU's largest output.
        millis: of an inference there, the median.
        cpu_millis: on the CPU.
    """

    ok: bool
    why: str
    difference: float
    millis: float
    cpu_millis: float

    @property
    def figures(self) -> str:
        """In words, for lists and messages."""
        return (
            f"off by {100 * self.difference:.1f} % (at most {100 * TOLERANCE:.0f} %), "
            f"{self.millis:.1f} ms, on the CPU {self.cpu_millis:.1f} ms"
        )


def golden(spec: TensorSpec) -> Iterator[npt.NDArray[Any]]:
    """The pictures, as the input of `spec` takes them: grey, ramps, blocks of colours and noise."""
    random = np.random.default_rng(_SEED)
    height, width, channels = spec.shape
    ramp = np.linspace(0, 255, width)
    yield _stored(np.full(spec.shape, 128.0), spec)
    yield _stored(np.broadcast_to(ramp[:, None], spec.shape), spec)
    for blocks in (2, 3, 5, 8, 13):
        colours = random.uniform(0, 255, (blocks, blocks, channels))
        rows, columns = (np.arange(side) * blocks // side for side in (height, width))
        yield _stored(colours[rows][:, columns], spec)
    yield _stored(random.uniform(0, 255, spec.shape), spec)


def prove(device: Engine, cpu: Engine) -> Verdict:
    """Run the pictures through both.

    Args:
        device: the network on the accelerator.
        cpu: the same network on the CPU.

    Raises:
        EngineError: if an inference fails.
    """
    why = _other_form(device, cpu)
    if why:
        return Verdict(ok=False, why=why, difference=1.0, millis=0.0, cpu_millis=0.0)
    worst, times, own = 0.0, [], []
    finite = True
    for picture in golden(cpu.spec.input):
        for _ in range(_ROUNDS):
            given, millis = _run(device, picture)
            times.append(millis)
        expected, millis = _run(cpu, picture)
        own.append(millis)
        for role in ("map", "vector", "logits"):
            one, other = getattr(given, role), getattr(expected, role)
            if one is None or other is None:
                continue
            finite = finite and bool(np.isfinite(one.real()).all())
            worst = max(worst, _difference(one, other) if finite else 1.0)
    words = ""
    if not finite:
        words = "its outputs are no finite numbers"
    elif worst > TOLERANCE:
        words = "its outputs are not those of the CPU"
    return Verdict(not words, words, float(worst), median(times), median(own))


def _other_form(device: Engine, cpu: Engine) -> str:
    one, other = device.spec, cpu.spec
    if one.input != other.input:
        return f"it takes {_told(one.input)}, its twin for the CPU {_told(other.input)}"
    for role in ("map", "vector", "logits"):
        ours, theirs = getattr(one, role), getattr(other, role)
        if (ours and ours.shape) != (theirs and theirs.shape):
            return f"its output {role} is {_told(ours)}, that of its twin {_told(theirs)}"
    return ""


def _told(spec: TensorSpec | None) -> str:
    return "nothing" if spec is None else f"{spec.dtype} {' x '.join(map(str, spec.shape))}"


def _run(engine: Engine, picture: npt.NDArray[Any]) -> tuple[Features, float]:
    begun = perf_counter()
    features = engine.infer(lambda tensor: np.copyto(tensor, picture))
    return features, (perf_counter() - begun) * 1000


def _difference(one: Tensor, other: Tensor) -> float:
    given, expected = one.real(), other.real()
    allowed = STEPS * max(one.spec.scale, other.spec.scale)
    largest = max(float(np.abs(expected).max()), float(np.finfo(np.float32).tiny))
    return float(max(0.0, np.abs(given - expected).max() - allowed) / largest)


def _stored(bytes_: npt.NDArray[np.float64], spec: TensorSpec) -> npt.NDArray[Any]:
    if spec.dtype == "uint8":
        return bytes_.astype(np.uint8)
    if spec.dtype == "int8":
        return (bytes_ - 128).astype(np.int8)
    return (bytes_ / 127.5 - 1).astype(spec.dtype)
