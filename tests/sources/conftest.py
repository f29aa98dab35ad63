"""Small clips, made on the spot."""

from __future__ import annotations

import struct
from fractions import Fraction

import av
import numpy as np
import pytest


@pytest.fixture
def clip(tmp_path):
    """Makes a video: `clip("name.mp4", frames=10)`; frame n is of the grey level 10 + 8 n."""

    def make(
        name="clip.mp4",
        *,
        frames=10,
        width=64,
        height=48,
        fps=10,
        codec="libx264",
        pixel_format="yuv420p",
        turned=0,
        full_range=False,
        pictures=None,
        **options,
    ):
        path = tmp_path / name
        with av.open(str(path), "w", options=options) as container:
            stream = container.add_stream(codec, rate=Fraction(fps))
            stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
            if full_range:
                stream.codec_context.color_range = 2
            for number in range(frames):
                if pictures is None:
                    pixels = np.full((height, width, 3), 10 + 8 * number, np.uint8)
                else:
                    pixels = pictures[number]
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                frame = frame.reformat(
                    format=pixel_format, dst_color_range=2 if full_range else None
                )
                frame.pts, frame.time_base = number, Fraction(1, fps)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        if turned:
            path.write_bytes(with_display_matrix(path.read_bytes(), turned))
        return path

    return make


def with_display_matrix(mp4: bytes, clockwise: int) -> bytes:
    """The file with the matrix of its track's header (ISO 14496-12, 8.3.2) turned."""
    cosine, sine = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[clockwise % 360]
    one = 1 << 16
    matrix = (cosine * one, sine * one, 0, -sine * one, cosine * one, 0, 0, 0, 1 << 30)
    at = mp4.index(b"tkhd") + 4 + 40
    return mp4[:at] + struct.pack(">9i", *matrix) + mp4[at + 36 :]
