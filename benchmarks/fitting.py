"""Accuracy on dogs when the whole photo is squeezed into the square, and of the middle square.

    python fitting.py MODEL middle|whole DIR LIMIT

Prints how many photos there are, and in how many the first guess is right; LIMIT 0 takes all.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgevision.app.build import build_network
from edgevision.cli.flags import settings_from
from edgevision.evaluation.run import evaluate, read_truth
from edgevision.values.box import Box

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_WHOLE = Box(0.0, 0.0, 1.0, 1.0)


def main() -> None:
    model, way, folder, limit = sys.argv[1:]
    network = build_network(settings_from(None, task="dogs", model=model))
    (task,) = network.tasks

    def prepare(pixels: npt.NDArray[np.uint8], box: Box, tensor: npt.NDArray[Any]) -> None:
        network.prepare(pixels, _WHOLE if way == "whole" else box, tensor)

    photos = read_truth(Path(folder), task)[: int(limit) or None]
    found = evaluate(photos, task, network.engine, prepare)
    print(json.dumps({"n": found.top1.n, "top1": found.top1.hits}))


if __name__ == "__main__":
    main()
