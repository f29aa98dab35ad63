"""Video files, whole, odd and damaged."""

from __future__ import annotations

import logging
from itertools import islice

import av
import numpy as np
import pytest

from edgevision.errors import UriError
from edgevision.sources.uri import make


def read(path, query="", most=1000):
    with make(f"file:{path}{query}", "v") as source:
        return list(islice(source, most))


def corners(height, width):
    """A picture whose four quarters differ: red, green, blue, white."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2] = (255, 0, 0)
    picture[: height // 2, width // 2 :] = (0, 255, 0)
    picture[height // 2 :, : width // 2] = (0, 0, 255)
    picture[height // 2 :, width // 2 :] = (255, 255, 255)
    return picture


def test_gives_every_frame_with_its_time(clip):
    frames = read(clip(frames=10, fps=10))
    assert [frame.number for frame in frames] == list(range(10))
    assert [frame.seconds for frame in frames] == pytest.approx([n / 10 for n in range(10)])
    assert all(frame.taken_at is None and frame.source == "v" for frame in frames)
    assert [int(frame.pixels.mean()) for frame in frames] == pytest.approx(
        [10 + 8 * n for n in range(10)], abs=3
    )


@pytest.mark.parametrize(("width", "height"), [(64, 48), (102, 38), (854, 480)])
def test_line_padding_does_not_shear_the_picture(clip, width, height):
    picture = corners(height, width)
    (frame,) = read(clip(frames=1, width=width, height=height, pictures=[picture]))
    assert frame.pixels.shape == picture.shape
    assert frame.pixels.flags.c_contiguous
    assert np.abs(frame.pixels.astype(int) - picture).mean() < 12


def test_odd_sizes(clip):
    picture = corners(37, 51)
    path = clip("odd.mkv", frames=1, codec="ffv1", width=51, height=37, pictures=[picture])
    (frame,) = read(path)
    assert frame.pixels.shape == (37, 51, 3)
    assert np.abs(frame.pixels.astype(int) - picture).mean() < 20


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_a_phones_portrait_video_is_turned_upright(clip, turned):
    picture = corners(48, 64)
    (frame,) = read(clip(frames=1, pictures=[picture], turned=turned))
    upright = np.rot90(picture, -turned // 90)  # numpy turns counter-clockwise
    assert frame.pixels.shape == upright.shape
    assert np.abs(frame.pixels.astype(int) - upright).mean() < 12


@pytest.mark.parametrize(
    ("codec", "pixel_format", "full_range"),
    [
        ("libx264", "yuv420p", False),
        ("libx264", "yuv420p", True),
        ("mjpeg", "yuvj420p", True),
        ("libx264", "yuv422p10le", False),
        ("libx264", "yuv444p", False),
        ("ffv1", "gray", False),
        ("mpeg4", "yuv420p", False),
        ("rawvideo", "rgb24", False),
    ],
)
def test_grey_levels_survive_every_format(clip, codec, pixel_format, full_range):
    pictures = [np.full((48, 64, 3), level, np.uint8) for level in (0, 60, 128, 255)]
    path = clip(
        "levels.nut",
        frames=4,
        codec=codec,
        pixel_format=pixel_format,
        full_range=full_range,
        pictures=pictures,
    )
    levels = [frame.pixels.mean() for frame in read(path)]
    assert levels == pytest.approx([0, 60, 128, 255], abs=4)


def test_frames_own_their_pixels(clip):
    frames = read(clip("raw.nut", codec="rawvideo", pixel_format="rgb24", frames=4))
    levels = [int(frame.pixels.mean()) for frame in frames]
    assert levels == [10, 18, 26, 34]
    assert all(not frame.pixels.flags.writeable for frame in frames)


def test_time_begins_at_nought_and_does_not_go_back_in_joined_recordings(clip):
    one, two = clip("one.ts", frames=8, fps=10), clip("two.ts", frames=5, fps=10)
    one.write_bytes(one.read_bytes() + two.read_bytes())
    frames = read(one)
    seconds = [frame.seconds for frame in frames]
    assert len(frames) >= 12
    assert seconds[0] == 0.0
    assert np.diff(seconds) == pytest.approx(0.1, abs=0.02)


def test_loop_goes_on_counting(clip):
    frames = read(clip(frames=4, fps=10), "?loop=1", most=10)
    assert [frame.number for frame in frames] == list(range(10))
    assert [frame.seconds for frame in frames] == pytest.approx([n / 10 for n in range(10)])
    assert int(frames[4].pixels.mean()) == int(frames[0].pixels.mean())


def test_loop_is_also_an_argument(clip):
    with make(f"file:{clip(frames=2)}", loop=True) as source:
        assert len(list(islice(source, 5))) == 5


def test_stop_ends_a_loop(clip):
    with make(f"file:{clip(frames=2)}?loop=1") as source:
        for frame in source:
            if frame.number == 7:
                source.stop()
    assert frame.number == 7


def test_a_file_cut_off_in_a_frame_gives_what_it_has(clip, caplog):
    random = np.random.default_rng(1)
    noise = [random.integers(0, 255, (48, 64, 3), np.uint8) for _ in range(30)]
    path = clip(frames=30, pictures=noise, movflags="faststart")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 6 // 10])
    with caplog.at_level(logging.WARNING):
        frames = read(path)
    assert 5 < len(frames) < 30
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert f"gave {len(frames)} frames of 30" in caplog.text


def test_damage_in_the_middle_costs_only_what_it_hits(clip, caplog):
    random = np.random.default_rng(1)
    noise = [random.integers(0, 255, (48, 64, 3), np.uint8) for _ in range(30)]
    path = clip("a.avi", frames=30, pictures=noise, codec="mjpeg", pixel_format="yuvj420p")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    path.write_bytes(data)
    with caplog.at_level(logging.WARNING):
        frames = read(path)
    assert 20 < len(frames) < 30
    assert "damaged" in caplog.text


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\0" * 5000, "no video"),
        (b"just some words\n" * 400, "no video"),
        (b"#EXTM3U\nhttp://127.0.0.1:9/x.ts\n", "no video"),
    ],
)
def test_what_is_no_video_is_said_in_one_line(tmp_path, content, says):
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    with pytest.raises(UriError, match=says) as error:
        read(path)
    assert "\n" not in str(error.value)


def test_text_is_not_taken_for_an_animation(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("just some words\n" * 400)
    with pytest.raises(UriError, match="no video"):
        read(path)


def test_an_mp4_whose_index_was_never_written(clip):
    path = clip(frames=30)
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(UriError, match="beginning or index is missing"):
        read(path)


def test_sound_alone_is_no_video(tmp_path):
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
    with pytest.raises(UriError, match="no video in it"):
        read(path)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(UriError, match="no such file"):
        read(tmp_path / "none.mp4")
    with pytest.raises(UriError, match="images:"):
        read(tmp_path)


def test_names_that_look_like_protocols_or_options(clip, tmp_path):
    clip("http:a?b=.mp4", frames=3).rename(tmp_path / "c:what?.mp4")
    assert len(read(tmp_path / "c:what?.mp4")) == 3


@pytest.mark.parametrize(
    ("name", "count", "size"),
    [("dog_walk_720p.mp4", 289, (720, 1280, 3)), ("dog_golden_480p.mp4", 60, (480, 854, 3))],
)
def test_real_clips_are_read_to_their_end(shared, name, count, size, caplog):
    with make(f"file:{shared / 'video' / name}") as source:
        given = sum(frame.pixels.shape == size for frame in source)
    assert given == count
    assert not caplog.records
