from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from edgevision.errors import ConfigError, OutputError
from edgevision.outputs.clips import Clips
from edgevision.outputs.ring import Coded, Ring
from edgevision.store.files import Ledger, digest_of_file


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "clips"


def film(path):
    """Times and pictures."""
    with av.open(str(path)) as file:
        frames = list(file.decode(video=0))
    return [frame.time for frame in frames], [frame.to_ndarray(format="rgb24") for frame in frames]


def feed(output, make_report, events, seconds=20.0, fps=10, **changed):
    """Frames whose grey tells their time; `events` by the number of the frame."""
    for number in range(int(seconds * fps)):
        pixels = np.full((120, 160, 3), number % 256, np.uint8)
        report = make_report(
            number, events.get(number, 0), pixels=pixels, seconds=number / fps, **changed
        )
        output.write(report)


def test_a_clip_shows_the_seconds_before_and_after(folder, make_report, make_event):
    event = make_event(1)
    with Clips(folder, seconds_before=2, seconds_after=3) as output:
        feed(output, make_report, {100: [event], 140: [make_event(1, phase="ended")]})
    (path,) = folder.iterdir()
    assert path.name == f"20260501T123001.000Z_camera_golden_retriever_{event.id}.mp4"
    times, pictures = film(path)
    assert len(times) == 51
    assert times[-1] == pytest.approx(5.0, abs=0.01)
    grey = [picture.mean() for picture in pictures]
    assert grey[0] == pytest.approx(80, abs=4)
    assert grey[20] == pytest.approx(100, abs=4)
    assert grey[-1] == pytest.approx(130, abs=4)


def test_what_comes_meanwhile_goes_into_the_same_clip(folder, tmp_path, make_report, make_event):
    database = tmp_path / "events.sqlite"
    events = {50: [make_event(1), make_event(2)], 70: [make_event(3)]}
    with Clips(folder, seconds_before=1, seconds_after=3, ledger=Ledger(database)) as output:
        feed(output, make_report, events)
    (path,) = folder.iterdir()
    assert film(path)[0][-1] == pytest.approx(6.0, abs=0.01)
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT path, id, kind, bytes, digest FROM files").fetchall()
    assert {identity for _, identity, *_ in rows} == {make_event(n).id for n in (1, 2, 3)}
    for name, _, kind, size, digest in rows:
        assert (Path(name), kind) == (path, "clip")
        assert (path.stat().st_size, digest_of_file(path)) == (size, digest)


def test_one_that_goes_on_is_cut_after_a_minute_and_goes_on_in_another(
    folder, make_report, make_event
):
    events = {number * 20: [make_event(number)] for number in range(1, 60)}
    with Clips(folder, seconds_before=1, seconds_after=5) as output:
        feed(output, make_report, events, seconds=120)
    lengths = [film(path)[0][-1] for path in sorted(folder.iterdir())]
    assert len(lengths) >= 2
    assert all(length <= 60.01 for length in lengths)
    assert sum(lengths) >= 118


def test_two_sources_have_their_own_seconds(folder, make_report, make_event):
    with Clips(folder, seconds_before=1, seconds_after=1) as output:
        for number in range(60):
            for source, grey in (("door", 30), ("garden", 220)):
                events = [make_event(1, source=source)] if (number, source) == (30, "door") else 0
                pixels = np.full((48, 64, 3), grey, np.uint8)
                report = make_report(number, events, pixels=pixels, seconds=number / 10)
                output.write(renamed(report, source))
    (path,) = folder.iterdir()
    _, pictures = film(path)
    assert len(pictures) == 21
    assert all(abs(picture.mean() - 30) < 8 for picture in pictures)


def renamed(report, source):
    return replace(report, frame=replace(report.frame, source=source))


def test_more_frames_than_asked_for_are_left_out_and_large_ones_made_smaller(
    folder, make_report, make_event
):
    with Clips(folder, seconds_before=1, seconds_after=1, fps=5, width=100) as output:
        feed(output, make_report, {60: [make_event(1)]}, seconds=4, fps=30)
    times, pictures = film(next(folder.iterdir()))
    assert len(times) == pytest.approx(11, abs=1)
    assert pictures[0].shape == (74, 100, 3)


def test_the_memory_of_the_last_seconds_is_bounded():
    ring = Ring(10.0, 1000)
    for number in range(100):
        ring.add(Coded(number / 10, bytes(90)))
        assert ring.bytes == sum(len(frame.data) for frame in ring) <= 1000
    assert [frame.seconds for frame in ring] == [number / 10 for number in range(89, 100)]
    ring.add(Coded(99.0, bytes(10)))
    assert ring.bytes == 10
    ring.add(Coded(99.1, bytes(2000)))
    assert (ring.bytes, list(ring)) == (0, [])


def test_blurred_only_the_box_can_be_made_out(folder, make_report, make_event):
    board = (np.indices((120, 160)).sum(axis=0) // 4 % 2 * 255).astype(np.uint8)
    pixels = np.repeat(board[..., None], 3, axis=2)
    with Clips(folder, blur=True) as output:
        for number in range(20):
            events = [make_event(1)] if number == 10 else 0
            output.write(make_report(number, events, pixels=pixels, seconds=number / 10))
    _, pictures = film(next(folder.iterdir()))
    assert len(pictures) == 20
    for picture in pictures:
        steps = np.abs(np.diff(picture[..., 0].astype(int), axis=1))
        assert steps[40:80, 50:110].max() > 150
        for outside in (steps[:25], steps[95:], steps[:, :34], steps[:, 126:]):
            assert outside.max() < 40


def test_a_clip_that_the_disk_would_not_take_is_written_later(folder, make_report, make_event):
    with Clips(folder, seconds_before=0.5, seconds_after=0.5) as output:
        folder.rmdir()
        failures = 0
        for number in range(40):
            if number == 30:
                assert failures > 5
                folder.mkdir()
            report = make_report(number, {5: [make_event(1)]}.get(number, 0), seconds=number / 10)
            try:
                output.write(report)
            except OutputError as error:
                assert "cannot keep clips" in str(error)  # noqa: PT017 - some of many
                failures += 1
    (path,) = folder.iterdir()
    assert len(film(path)[0]) == 11


def test_what_goes_on_at_the_end_is_written(folder, make_report, make_event):
    with Clips(folder, seconds_after=50) as output:
        feed(output, make_report, {10: [make_event(1)]}, seconds=2)
    assert len(film(next(folder.iterdir()))[0]) == 20


def test_without_a_sighting_nothing_is_written(folder, make_report):
    with Clips(folder) as output:
        feed(output, make_report, {}, seconds=3)
        output.tend()
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("options", [{"fps": 0}, {"seconds_before": -1}, {"memory_mb": 0}])
def test_options_out_of_range_are_refused(folder, options):
    with pytest.raises(ConfigError, match="clips"):
        Clips(folder, **options)
