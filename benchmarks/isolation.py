"""What the process of its own costs the Edge TPU: the same network on the CPU, here and there.

python benchmarks/isolation.py [--rounds N] [MODEL.tflite ...]

Rounds alternate, so that what else the machine does falls on both. Without MODEL the embedded ones.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from edgevision.engines.edgetpu import EdgeTpu
from edgevision.engines.litert import LiteRt
from edgevision.zoo.registry import embedded

if TYPE_CHECKING:
    import numpy.typing as npt

    from edgevision.protocols import Engine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", type=Path)
    parser.add_argument("--rounds", type=int, default=200)
    given = parser.parse_args()
    for path in given.models or embedded().values():
        # The runtime that the child found.
        there = EdgeTpu(path, path.stem, "", device="cpu")
        here = LiteRt(path, path.stem, "", runtime=_runtime(there))
        apart = compare(here, there, given.rounds)
        print(f"{path.stem}: {apart[0]:.3f} ms here, {apart[1]:.3f} ms there: {apart[2]:+.3f} ms")
        here.close()
        there.close()


def compare(here: Engine, there: Engine, rounds: int) -> tuple[float, float, float]:
    """Median milliseconds of an inference with its picture here and there, and of their difference.

    The difference is that of neighbouring rounds.
    """
    spec = here.spec.input
    random = np.random.default_rng(1)
    picture = random.integers(0, 120, spec.shape, dtype=np.uint8).astype(spec.dtype)
    for engine in (here, there):
        _millis(engine, picture)
    pairs = [(_millis(here, picture), _millis(there, picture)) for _ in range(rounds)]
    ours, theirs = zip(*pairs, strict=True)
    return median(ours), median(theirs), median(two - one for one, two in pairs)


def _millis(engine: Engine, picture: npt.NDArray[Any]) -> float:
    begun = perf_counter()
    engine.infer(lambda tensor: np.copyto(tensor, picture))
    return (perf_counter() - begun) * 1000


def _runtime(there: EdgeTpu) -> Any:
    return "tflite_runtime" if there.runtime.startswith("tflite_runtime") else "litert"


if __name__ == "__main__":
    main()
