"""OpenCV's own networks (cv2.dnn), in the same plain loop.

    python peer_opencv_dnn.py VIDEO MODEL LABELS FRAMES

It is given the quantised model first. If it refuses that, it gets a copy of the same network with
float weights (dequantise.py), and says so.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
from dequantise import dequantised
from peer_outputs import best, read_labels, sequential

if TYPE_CHECKING:
    from peer_outputs import Frame


def opened(model: str) -> tuple[Any, str]:
    """The network, and what kind of copy of it this is."""
    try:
        return cv2.dnn.readNetFromTFLite(model), "quantised"
    except cv2.error as error:
        reason = error.err.strip() if hasattr(error, "err") else str(error)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "float.tflite"
        copy.write_bytes(dequantised(Path(model)))
        net = cv2.dnn.readNetFromTFLite(str(copy))
    return net, f"float copy; the quantised model is refused: {reason}"


def main() -> None:
    video, model, names, frames = sys.argv[1:]
    net, kind = opened(model)
    labels = read_labels(names)
    side = int(Path(model).stem.split("_")[3])

    def recognise(frame: Frame) -> list[tuple[str, float]]:
        blob = cv2.dnn.blobFromImage(frame, 1 / 127.5, (side, side), (127.5,) * 3, swapRB=True)
        net.setInput(blob)
        return best(net.forward().ravel(), labels)

    print(json.dumps({**sequential(video, int(frames), recognise), "note": kind}))


if __name__ == "__main__":
    main()
