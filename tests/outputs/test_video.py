from __future__ import annotations

import signal
import subprocess
import sys
from itertools import pairwise

import av
import numpy as np
import pytest

from edgevision.errors import ConfigError, OutputError
from edgevision.outputs.video import VideoFile


def decoded(path):
    """(seconds, pixels) of every frame."""
    with av.open(str(path)) as file:
        return [
            (float(frame.pts * frame.time_base), frame.to_ndarray(format="rgb24"))
            for frame in file.decode(video=0)
        ]


def plain(colour, width=64, height=48):
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[...] = colour
    return pixels


class WithoutH264(VideoFile):
    codecs = ("no-such-codec", "mpeg4")


@pytest.mark.parametrize("kind", [VideoFile, WithoutH264])
@pytest.mark.parametrize("ending", [".mp4", ".m4v", ".mov", ".mkv"])
def test_every_frame_comes_back_with_its_time_and_colour(tmp_path, make_report, ending, kind):
    path = tmp_path / f"out{ending}"
    colours = [(200, 30, 10), (10, 200, 30), (30, 10, 200)] * 4
    with kind(path) as output:
        for number, colour in enumerate(colours):
            output.write(
                make_report(number, pixels=plain(colour, 320, 240), seconds=5 + number / 20)
            )
    frames = decoded(path)
    assert len(frames) == len(colours)
    for number, (seconds, pixels) in enumerate(frames):
        assert seconds == pytest.approx(number / 20, abs=0.002)
        difference = pixels[100:140, 100:220].astype(int) - colours[number]
        assert np.abs(difference).mean() < 12


def test_the_overlay_is_in_the_picture(tmp_path, make_report):
    path = tmp_path / "out.mp4"
    with VideoFile(path) as output:
        output.write(
            make_report(0, pixels=plain((120, 120, 120), 320, 240), stage_millis={"total": 5.0})
        )
    ((_, pixels),) = decoded(path)
    assert pixels.min() < 60
    assert pixels.max() > 180


def test_fps_sets_the_speed(tmp_path, make_report):
    path = tmp_path / "out.mp4"
    with VideoFile(path, fps=10) as output:
        for number in range(5):
            output.write(make_report(number, seconds=number * 7.0))
    assert [seconds for seconds, _ in decoded(path)] == pytest.approx(
        [0, 0.1, 0.2, 0.3, 0.4], abs=0.002
    )


def test_times_that_stand_still_or_go_back_still_play_forwards(tmp_path, make_report):
    path = tmp_path / "out.mp4"
    with VideoFile(path) as output:
        for number, seconds in enumerate([0.0, 0.0, 1.0, 0.5, 0.5, 2.0]):
            output.write(make_report(number, seconds=seconds))
    times = [seconds for seconds, _ in decoded(path)]
    assert len(times) == 6
    assert all(later > earlier for earlier, later in pairwise(times))
    assert times[2] == pytest.approx(1.0, abs=0.002)
    assert times[5] == pytest.approx(2.0, abs=0.002)


def test_a_frame_that_comes_again_with_late_events_is_shown_once(tmp_path, make_report):
    path = tmp_path / "out.mp4"
    with VideoFile(path) as output:
        output.write(make_report(0))
        output.write(make_report(1))
        output.write(make_report(1, events=1))
    assert len(decoded(path)) == 2


@pytest.mark.parametrize(("width", "height"), [(65, 49), (1, 1), (15, 200), (5000, 100)])
def test_any_size_becomes_an_even_one(tmp_path, make_report, width, height):
    path = tmp_path / "out.mp4"
    with VideoFile(path) as output:
        output.write(make_report(0, width=width, height=height))
    ((_, pixels),) = decoded(path)
    assert pixels.shape[0] % 2 == pixels.shape[1] % 2 == 0
    assert max(pixels.shape) <= 3840


def test_frames_of_another_size_are_letterboxed_into_the_first(tmp_path, make_report):
    path = tmp_path / "out.mp4"
    with VideoFile(path) as output:
        output.write(make_report(0, pixels=plain((200, 200, 200), 64, 48)))
        output.write(make_report(1, pixels=plain((200, 200, 200), 48, 96)))
    (_, first), (_, second) = decoded(path)
    assert first.shape == second.shape == (48, 64, 3)
    assert second[24, 32].min() > 150
    assert second[24, 4].max() < 60


def test_without_a_frame_nothing_is_left(tmp_path):
    with VideoFile(tmp_path / "out.mp4"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_ending_or_rate_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"must end in one of \.mp4"):
        VideoFile(tmp_path / "out.gif")
    with pytest.raises(ConfigError, match="fps"):
        VideoFile(tmp_path / "out.mp4", fps=0)


@pytest.mark.parametrize("place", ["folder.mp4", "missing/out.mp4"])
def test_an_impossible_place_is_refused(tmp_path, place):
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(OutputError, match="cannot write the video"), VideoFile(tmp_path / place):
        pass


WRITER = """
import sys
import numpy as np
from edgevision.outputs.video import VideoFile
from edgevision.values.frame import Frame
from edgevision.values.report import Report
random = np.random.default_rng(1)
noise = random.integers(0, 255, (96, 128, 3), dtype=np.uint8)
with VideoFile(sys.argv[1]) as output:
    for number in range(100_000):
        output.write(Report(Frame(np.roll(noise, number, axis=1), number, number / 25, "camera")))
        print(number, flush=True)
"""


@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
def test_what_was_written_plays_after_the_program_was_killed(tmp_path, ending):
    path = tmp_path / f"out{ending}"
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    )
    written = 0
    while written < 150:
        written = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    frames = decoded(path)
    assert len(frames) >= 90, "more than two groups of pictures are lost"


def test_on_a_full_disk_it_says_so_and_begins_a_new_part_when_there_is_room(
    small_disk, make_report, random
):
    path = small_disk / "out.mp4"
    noise = random.integers(0, 255, (240, 320, 3), dtype=np.uint8)
    number = 0
    with VideoFile(path) as output:
        with pytest.raises(OutputError, match="cannot write the video"):  # noqa: PT012 - until full
            while number < 1000:
                number += 1
                output.write(make_report(number, pixels=noise))
        for _ in range(3):
            with pytest.raises(OutputError):  # noqa: PT012 - a group of pictures at a time
                for _ in range(100):
                    number += 1
                    output.write(make_report(number, pixels=noise))
        assert sorted(file.name for file in small_disk.iterdir()) == ["ballast", "out.mp4"]
        (small_disk / "ballast").unlink()
        for later in range(3):
            output.write(make_report(number + 1 + later, pixels=plain((9, 9, 9))))
    assert len(decoded(path)) > 3
    assert len(decoded(small_disk / "out.part2.mp4")) == 3
