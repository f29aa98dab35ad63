"""Runs a GStreamer pipeline and writes its pictures to the standard output: a program of its own.

PyGObject belongs to the system's Python, and OpenCV from the package index has no GStreamer.
`edgevision.sources.gstreamer` therefore starts this file under that Python; it imports nothing of
edgevision. A pipeline that hangs or crashes takes this process with it, and no other.

The pipeline is the first line of the standard input, so that its passwords stand in no list of
processes; the end of the standard input ends the program. Each message to the standard output is a
head (`HEAD`: kind, width, height, bytes in a row, bytes that follow) and what follows: RGB rows for
"FRAM"; words for "FAIL" (a pipeline that cannot be right), "GONE" (a device or stream that is not
there or has broken off) and "LACK" (GStreamer itself is missing); nothing for "OPEN" and "ENDS".
"""

from __future__ import annotations

import os
import select
import struct
import sys
from typing import Any

HEAD = struct.Struct("<4sIIII")
SINK = "edgevision_sink"
CAPS = "video/x-raw,format=RGB"
# Nanoseconds; how long an end of the standard input may go unnoticed.
_PULL_NS = 200_000_000


def main() -> int:
    """Plays the pipeline until it ends, fails, or nobody wants it any more."""
    text = sys.stdin.buffer.readline().decode("utf-8", "replace").strip()
    try:
        import gi  # noqa: PLC0415 - its absence is told in a message

        gi.require_version("Gst", "1.0")
        gi.require_version("GstApp", "1.0")
        from gi.repository import GLib, Gst, GstApp  # noqa: PLC0415 - after require_version
    except (ImportError, ValueError) as error:
        return _say(b"LACK", str(error))
    del GstApp  # imported so that an appsink has its methods
    Gst.init(None)
    try:
        pipeline = Gst.parse_launch(with_sink(text))
    except GLib.Error as error:
        return _say(b"FAIL", error.message)
    sink = pipeline.get_by_name(SINK)
    if sink is None:
        return _say(b"FAIL", f"the pipeline's appsink needs name={SINK}")
    if pipeline.set_state(Gst.State.PLAYING) == Gst.StateChangeReturn.FAILURE:
        told = _say(b"GONE", _trouble(Gst, pipeline) or "it does not start")
    else:
        told = _play(Gst, pipeline, sink)
    pipeline.set_state(Gst.State.NULL)
    return told


def with_sink(text: str) -> str:
    """The pipeline with a sink that keeps the newest picture, unless it names one of its own."""
    if SINK in text:
        return text
    return f"{text} ! videoconvert ! {CAPS} ! appsink name={SINK} max-buffers=1 drop=true"


def _play(gst: Any, pipeline: Any, sink: Any) -> int:
    _write(HEAD.pack(b"OPEN", 0, 0, 0, 0))
    while not select.select([sys.stdin], [], [], 0)[0]:
        sample = sink.try_pull_sample(_PULL_NS)
        if sample is not None:
            _frame(gst, sample)
            continue
        trouble = _trouble(gst, pipeline)
        if trouble is not None:
            return _say(b"GONE", trouble)
        if sink.is_eos():
            return _say(b"ENDS", "")
    return 0


def _frame(gst: Any, sample: Any) -> None:
    shape, buffer = sample.get_caps().get_structure(0), sample.get_buffer()
    width, height = shape.get_value("width"), shape.get_value("height")
    mapped, memory = buffer.map(gst.MapFlags.READ)
    if not mapped:
        return
    try:
        # Rows of GStreamer's RGB are padded to four bytes.
        row = memory.size // height
        _write(HEAD.pack(b"FRAM", width, height, row, row * height))
        _write(memoryview(memory.data)[: row * height])
    finally:
        buffer.unmap(memory)


def _trouble(gst: Any, pipeline: Any) -> str | None:
    message = pipeline.get_bus().timed_pop_filtered(0, gst.MessageType.ERROR)
    return None if message is None else str(message.parse_error()[0].message)


def _say(kind: bytes, words: str) -> int:
    raw = words.encode("utf-8", "replace")
    _write(HEAD.pack(kind, 0, 0, 0, len(raw)) + raw)
    return 0


def _write(raw: bytes | memoryview) -> None:
    left = memoryview(raw)
    while left:
        left = left[os.write(1, left) :]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(0)
