from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgevision.errors import ConfigError, OutputError
from edgevision.outputs.snapshots import Snapshots
from edgevision.store.files import Ledger, digest_of_file


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "pictures"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_sighting_gives_one_picture_with_the_overlay(folder, make_report, make_event):
    seen, ended = make_event(1), make_event(1, phase="ended")
    with Snapshots(folder) as output:
        output.write(make_report(0, width=320, height=240))
        output.write(make_report(1, [seen], width=320, height=240, stage_millis={"total": 9.0}))
        output.write(make_report(2, [ended], width=320, height=240))
    (name,) = names(folder)
    assert name == f"20260501T123001.000Z_camera_golden_retriever_{seen.id}.jpg"
    picture = cv2.imread(str(folder / name))
    assert picture.shape == (240, 320, 3)
    assert np.ptp(picture.astype(int)) > 100, "no overlay on the plain frame"


def test_colours_are_as_in_the_frame(folder, make_report):
    red = np.zeros((48, 64, 3), np.uint8)
    red[...] = (200, 30, 10)
    with Snapshots(folder) as output:
        output.write(make_report(1, events=1, pixels=red))
    blue, green, red = cv2.imread(str(next(folder.iterdir())))[40, 5]
    assert (abs(int(red) - 200), abs(int(green) - 30), abs(int(blue) - 10)) < (12, 12, 12)


def test_two_sightings_in_one_frame_give_two_pictures(folder, make_report):
    with Snapshots(folder) as output:
        output.write(make_report(1, events=2))
    assert len(names(folder)) == 2


def test_from_time_to_time_it_takes_one_besides(folder, make_report):
    with Snapshots(folder, every_s=1.0) as output:
        for number in range(100):
            output.write(make_report(number, seconds=number / 25))
    assert len(names(folder)) == 4


def test_a_name_is_safe_whatever_the_label(folder, make_report, make_event):
    event = make_event(1, label="../../étc/p\x00", source="a b/c")
    with Snapshots(folder) as output:
        output.write(make_report(1, [event]))
    (name,) = names(folder)
    assert re.fullmatch(r"[\w.-]+\.jpg", name, re.ASCII)


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="not a folder"), Snapshots(tmp_path / "file"):
        pass
    with pytest.raises(OutputError, match="cannot keep"), Snapshots(tmp_path / "file" / "below"):
        pass


@pytest.mark.parametrize("options", [{"quality": 0}, {"quality": 101}, {"every_s": -1}])
def test_options_out_of_range_are_refused(folder, options):
    with pytest.raises(ConfigError, match="snapshots"):
        Snapshots(folder, **options)


def test_a_full_disk_leaves_no_half_picture(small_disk, make_report, random):
    noise = random.integers(0, 255, (240, 320, 3), dtype=np.uint8)
    number = 0
    with Snapshots(small_disk / "pictures", quality=95) as output:
        with pytest.raises(OutputError, match="No space left"):  # noqa: PT012 - until it is full
            while True:
                number += 1
                output.write(make_report(number, events=1, pixels=noise))
        kept = names(small_disk / "pictures")
        assert len(kept) == number - 1 > 2
        assert all(cv2.imread(str(small_disk / "pictures" / name)) is not None for name in kept)
        (small_disk / "ballast").unlink()
        output.write(make_report(number, events=1, pixels=noise))
    assert len(names(small_disk / "pictures")) == number


def test_a_report_that_is_tried_again_gives_each_picture_once(tmp_path, make_report):
    folder = tmp_path / "pictures"
    report = make_report(1, events=1)
    with Snapshots(folder) as output:
        folder.rmdir()
        with pytest.raises(OutputError):
            output.write(report)
        folder.mkdir()
        output.write(report)
    assert len(names(folder)) == 1


def test_of_two_sightings_the_one_that_was_kept_is_not_kept_again(folder, make_report, make_event):
    first, second = make_event(1), make_event(2)
    report = make_report(1, [first, second])
    blocked = folder / f"20260501T123002.000Z_camera_golden_retriever_{second.id}.jpg"
    blocked.mkdir(parents=True)
    with Snapshots(folder) as output:
        with pytest.raises(OutputError, match="cannot keep snapshots"):
            output.write(report)
        (kept,) = folder.glob(f"*{first.id}.jpg")
        before = kept.stat().st_ino
        blocked.rmdir()
        output.write(report)
    assert len(names(folder)) == 2
    assert kept.stat().st_ino == before


def gradient(width=320, height=240):
    """Every place has its own colour."""
    across = np.linspace(0, 255, width, dtype=np.uint8)
    down = np.linspace(0, 255, height, dtype=np.uint8)
    grey = np.full((height, width), 128, np.uint8)
    return np.dstack([np.tile(across, (height, 1)), np.tile(down[:, None], (1, width)), grey])


def rows(database):
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute("SELECT path, id, kind, bytes, digest FROM files").fetchall()


def test_a_crop_is_the_box_alone_with_nothing_painted_on_it(folder, make_report, make_event):
    event = make_event(1)
    with Snapshots(folder, what="crop", quality=95) as output:
        output.write(make_report(1, [event], pixels=gradient()))
    (name,) = names(folder)
    assert name == f"20260501T123001.000Z_camera_golden_retriever_{event.id}.crop.jpg"
    crop = cv2.imread(str(folder / name))[..., ::-1]
    assert crop.shape == (120, 160, 3)
    assert np.abs(crop.astype(int) - gradient()[60:180, 80:240]).max() < 12


def test_without_the_overlay_the_frame_is_as_it_was(folder, make_report):
    with Snapshots(folder, what="both", overlay=False, quality=95) as output:
        output.write(make_report(1, events=1, pixels=gradient()))
    crop, full = names(folder)
    assert crop.endswith(".crop.jpg")
    picture = cv2.imread(str(folder / full))[..., ::-1]
    assert np.abs(picture.astype(int) - gradient()).max() < 12


def test_every_file_is_put_down_before_it_is_written(folder, tmp_path, make_report, make_event):
    event = make_event(1)
    database = tmp_path / "events.sqlite"
    with Snapshots(folder, what="both", every_s=1.0, ledger=Ledger(database)) as output:
        output.write(make_report(0, seconds=0.0))
        output.write(make_report(1, [event], seconds=1.5))
    found = rows(database)
    assert {path for path, *_ in found} == {str(path) for path in folder.iterdir()}
    assert sorted(kind for _, _, kind, *_ in found) == ["crop", "full", "full"]
    assert [identity for _, identity, *_ in found].count(event.id) == 2
    for path, _, _, size, digest in found:
        assert (Path(path).stat().st_size, digest_of_file(Path(path))) == (size, digest)


def test_what_cannot_be_put_down_is_not_written(folder, tmp_path, make_report):
    database = tmp_path / "events.sqlite"
    database.write_bytes(b"no database" * 100)
    report = make_report(1, events=1)
    with Snapshots(folder, ledger=Ledger(database)) as output:
        with pytest.raises(OutputError, match="not a database"):
            output.write(report)
        assert names(folder) == []
        database.unlink()
        output.write(report)
    assert len(names(folder)) == 1


def test_one_is_taken_when_it_is_asked_for(folder, make_report):
    with Snapshots(folder) as output:
        output.write(make_report(1))
        output.ask()
        output.write(make_report(2))
        output.write(make_report(3))
    (name,) = names(folder)
    assert "_camera_picture_" in name


def test_blurred_only_the_box_can_be_made_out(folder, make_report, make_event, random):
    writing = np.full((240, 320, 3), 255, np.uint8)
    for line in range(8):
        cv2.putText(writing, "SECRET 0123", (4, 28 * line + 26), 0, 1.0, (0, 0, 0), 2)
    with Snapshots(folder, overlay=False, blur=True, quality=95) as output:
        output.write(make_report(1, [make_event(1)], pixels=writing))
    picture = cv2.imread(str(folder / names(folder)[0])).astype(int)
    inside = np.zeros((240, 320), bool)
    inside[60:180, 80:240] = True
    assert np.abs(picture - writing).max(axis=2)[inside].mean() < 3
    # Strokes of letters are steps from black to white; nothing like a step is left outside.
    outside = ~cv2.dilate(inside.astype(np.uint8), np.ones((9, 9))).astype(bool)
    steps = np.abs(np.diff(picture[..., 0], axis=1))
    assert steps[outside[:, 1:]].max() < 30
    assert np.abs(np.diff(writing[..., 0].astype(int), axis=1))[outside[:, 1:]].max() > 250


def test_blurred_a_picture_of_no_sighting_shows_nothing(folder, make_report, random):
    noise = random.integers(0, 256, (240, 320, 3), dtype=np.uint8)
    with Snapshots(folder, every_s=1.0, overlay=False, blur=True) as output:
        output.write(make_report(1, pixels=noise))
    picture = cv2.imread(str(folder / names(folder)[0])).astype(int)
    assert np.abs(np.diff(picture[..., 0], axis=1)).max() < 12
