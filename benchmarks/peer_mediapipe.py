"""MediaPipe Tasks' ImageClassifier in video mode, in the same plain loop.

    python peer_mediapipe.py VIDEO MODEL LABELS FRAMES

Runs in an environment of its own. Its interface in Python has no setting for the threads.
"""

# mypy: disable-error-code="import-not-found,import-untyped"
from __future__ import annotations

import json
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

import cv2
import mediapipe
from mediapipe.tasks.python import BaseOptions, vision
from peer_outputs import read_labels, sequential

if TYPE_CHECKING:
    from peer_outputs import Frame

# Of the clock that it is told; only has to grow.
_FRAME_MILLIS = 40


def main() -> None:
    video, model, names, frames = sys.argv[1:]
    labels = read_labels(names)
    options = vision.ImageClassifierOptions(
        base_options=BaseOptions(model_asset_path=model),
        running_mode=vision.RunningMode.VIDEO,
        max_results=5,
    )
    moment = 0
    with vision.ImageClassifier.create_from_options(options) as classifier:

        def recognise(frame: Frame) -> list[tuple[str, float]]:
            nonlocal moment
            moment += _FRAME_MILLIS
            pixels = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
            image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=pixels)
            (found,) = classifier.classify_for_video(image, moment).classifications
            return [(labels[one.index], one.score) for one in found.categories]

        done = sequential(video, int(frames), recognise)
    print(json.dumps({**done, "note": f"MediaPipe {version('mediapipe')}"}))


if __name__ == "__main__":
    main()
