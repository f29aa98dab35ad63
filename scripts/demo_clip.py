"""Makes the clip that scripts/demo runs on where there is no camera.

The camera moves slowly over three photos that scikit-image brings along, each without copyright
(CC0, says `skimage.data`): a cat (chelsea.png), a cup of coffee (coffee.png) and a man with a
camera on a tripod (camera.png).

    python scripts/demo_clip.py clip.mp4
"""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import av
import cv2
import numpy as np
import skimage

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Picture = npt.NDArray[np.uint8]

WIDTH, HEIGHT, FPS = 1280, 720, 25
PHOTOS = ("chelsea.png", "coffee.png", "camera.png")
SECONDS_EACH = 3
# The first look takes in the whole photo as far as 16:9 allows; the last one this much of it.
CLOSEST = 0.75


def main() -> None:
    """Write the clip to the path given; it is there whole or not at all."""
    path = Path(sys.argv[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished.mp4")
    write(frames(), unfinished)
    unfinished.replace(path)


def frames() -> Iterator[Picture]:
    """Every frame, (720, 1280, 3) uint8 RGB."""
    folder = Path(skimage.__file__).parent / "data"
    for name in PHOTOS:
        photo = cv2.imread(str(folder / name))
        if photo is None:
            raise SystemExit(f"{folder / name} cannot be read: reinstall scikit-image")
        yield from approach(cv2.cvtColor(photo, cv2.COLOR_BGR2RGB))


def approach(photo: npt.NDArray[Any]) -> Iterator[Picture]:
    """Frames that move towards the middle of `photo` (h, w, 3) and a little to the right."""
    height, width = photo.shape[:2]
    count = SECONDS_EACH * FPS
    for number in range(count):
        share = number / (count - 1)
        wide = min(width, height * WIDTH / HEIGHT) * (1 + (CLOSEST - 1) * share)
        high = wide * HEIGHT / WIDTH
        left = (width - wide) * (0.5 + 0.2 * share)
        top = (height - high) * 0.5
        scale = WIDTH / wide
        # Maps a point of the photo to the frame; fractions of pixels keep the motion smooth.
        matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
        yield np.asarray(
            cv2.warpAffine(photo, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR), dtype=np.uint8
        )


def write(pictures: Iterator[Picture], path: Path) -> None:
    """Encode the pictures as H.264 (MPEG-4 where this PyAV has no x264)."""
    codec = "libx264" if "libx264" in av.codecs_available else "mpeg4"
    with av.open(str(path), "w") as container:
        stream = cast("av.VideoStream", container.add_stream(codec, rate=Fraction(FPS)))
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {"preset": "ultrafast", "crf": "20"} if codec == "libx264" else {}
        stream.bit_rate = 0 if codec == "libx264" else 8_000_000
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


if __name__ == "__main__":
    main()
