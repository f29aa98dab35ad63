"""The shortest of many bare inferences of the default network, in milliseconds."""

from __future__ import annotations

import sys
from time import perf_counter

from edgevision.engines.litert import LiteRt
from edgevision.zoo.registry import DEFAULT, embedded

engine = LiteRt(embedded()[DEFAULT], DEFAULT, "")
taken = []
for _ in range(60):
    begun = perf_counter()
    engine.invoke()
    taken.append((perf_counter() - begun) * 1000)
sys.stdout.write(f"{min(taken)}\n")
