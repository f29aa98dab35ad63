"""No masked pixel gets past: not to the network, not to an output, not to a file."""

from __future__ import annotations

from dataclasses import replace

import av
import cv2
import numpy as np
from parts import Brightness, Everywhere, Frames, Kept, Shade

from edgevision.board import Board
from edgevision.outputs.snapshots import Snapshots
from edgevision.outputs.video import VideoFile
from edgevision.pipeline.everyframe import EveryFrame
from edgevision.pipeline.health import Health
from edgevision.pipeline.loop import Loop
from edgevision.pipeline.masked import Masked
from edgevision.pipeline.sighting import Rules
from edgevision.pipeline.step import Step
from edgevision.values.frame import Frame

LEFT = [(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)]
SHOUT = (250, 10, 250)


def shouting(number: int) -> Frame:
    """Green, but for a loud left half that nobody is to see; a small image of the same."""
    pixels = np.full((240, 320, 3), (10, 120, 10), np.uint8)
    pixels[:, :160] = SHOUT
    return Frame(pixels, number, number / 10, "yard", small=pixels[::2, ::2].copy())


def loud(pixels) -> int:
    """Pixels that come near the colour that was masked; what encoders do to green is far off."""
    red, green, blue = (pixels[..., channel].astype(int) for channel in range(3))
    return int(((red - green > 60) & (blue - green > 60)).sum())


def shrunk(pixels, box, tensor) -> None:
    tensor[:] = cv2.resize(pixels, (4, 4), interpolation=cv2.INTER_AREA)


class Recording(Brightness):
    """An engine that keeps every tensor it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = []

    def infer(self, fill):
        features = super().infer(fill)
        self.seen.append(self._tensor.copy())
        return features


def test_nothing_behind_the_source_sees_a_masked_pixel(tmp_path):
    assert loud(shouting(0).pixels) == 240 * 160
    engine, kept = Recording(), Kept()
    rules = {"shade": Rules(0.01, 0.0, 0.0, 0.0, 1, 0.0, 0.0, 2)}
    step = Step(
        region=Everywhere(),
        engine=engine,
        prepare=shrunk,
        tasks=[Shade()],
        decider=EveryFrame(rules, engine.spec),
    )
    source = Masked(Frames([shouting(number) for number in range(12)]), [LEFT])
    film = tmp_path / "film.mp4"
    with (
        VideoFile(film) as video,
        Snapshots(tmp_path / "shots", overlay=False) as snapshots,
        source,
    ):
        Loop(step, source, [kept, video, snapshots], board=Board(), health=Health()).run()
    assert len(kept.reports) >= 12
    for report in kept.reports:
        assert loud(report.frame.pixels) == loud(report.frame.small) == 0
        assert not report.frame.pixels[:, :160].any()
        assert not report.frame.small[:, :80].any()
        assert (report.frame.pixels[:, 163:] == (10, 120, 10)).all()
    assert engine.seen
    assert all(loud(tensor) == 0 and tensor.any() for tensor in engine.seen)
    shots = list((tmp_path / "shots").rglob("*.jpg"))
    assert shots
    for shot in shots:
        assert loud(cv2.imread(str(shot))[..., ::-1]) == 0
    with av.open(str(film)) as container:
        frames = [one.to_ndarray(format="rgb24") for one in container.decode(video=0)]
    assert len(frames) >= 11
    assert all(loud(pixels) == 0 for pixels in frames)


def test_it_paints_into_the_frames_own_memory():
    frame = shouting(0)
    (given,) = Masked(Frames([frame]), [LEFT])
    assert given is frame
    assert not given.pixels.flags.writeable


def test_pixels_that_cannot_be_written_to_are_copied():
    frame = shouting(0)
    frozen = np.frombuffer(frame.pixels.tobytes(), np.uint8).reshape(frame.pixels.shape)
    frames = [
        replace(frame, pixels=frozen),
        replace(frame, pixels=frame.pixels.copy()[:, ::-1]),
    ]
    for given in Masked(Frames(frames), [LEFT]):
        assert not given.pixels[:, :160].any()
    assert loud(frozen) == 240 * 160
