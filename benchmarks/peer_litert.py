"""LiteRT by hand: the network alone, or in a plain loop with OpenCV. One thread for the network.

python peer_litert.py raw|sequential VIDEO MODEL LABELS FRAMES
"""

from __future__ import annotations

import json
import sys
from time import perf_counter
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from peer_outputs import WARM_UP, best, peak_rss_mb, read_labels, sequential

if TYPE_CHECKING:
    from peer_outputs import Frame


def raw(interpreter: Any, frames: int) -> dict[str, Any]:
    """Inferences a second with nothing else running."""
    for _ in range(WARM_UP):
        interpreter.invoke()
    begun = perf_counter()
    for _ in range(frames):
        interpreter.invoke()
    return {"fps": frames / (perf_counter() - begun), "rss_mb": peak_rss_mb()}


def main() -> None:
    way, video, model, names, frames = sys.argv[1:]
    interpreter = Interpreter(model_path=model, num_threads=1)
    interpreter.allocate_tensors()
    into, out = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    side = int(into["shape"][1])
    scale, zero_point = out["quantization"]
    labels = read_labels(names)

    def recognise(frame: Frame) -> list[tuple[str, float]]:
        small = cv2.cvtColor(cv2.resize(frame, (side, side)), cv2.COLOR_BGR2RGB)
        interpreter.set_tensor(into["index"], small[np.newaxis])
        interpreter.invoke()
        stored = interpreter.get_tensor(out["index"])[0]
        return best((stored.astype(np.float32) - zero_point) * scale, labels)

    if way == "raw":
        done = raw(interpreter, int(frames))
    else:
        done = sequential(video, int(frames), recognise)
    print(json.dumps(done))


if __name__ == "__main__":
    main()
