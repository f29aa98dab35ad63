from __future__ import annotations

import cv2
import numpy as np
import pytest

from edgevision.errors import ConfigError, OutputError
from edgevision.outputs.snapshots import Snapshots


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


def test_only_the_newest_of_its_own_stay(folder, make_report):
    folder.mkdir()
    for foreign in ("holiday.jpg", "20260501T123001.000Z.jpg", "00000000.txt"):
        (folder / foreign).write_text("someone's")
    with Snapshots(folder, keep=3) as output:
        for number in range(6):
            output.write(make_report(number, events=1))
    ours = [name for name in names(folder) if "_camera_" in name]
    assert len(ours) == 3
    assert ours[-1].endswith(f"{500:016d}.jpg")
    with Snapshots(folder, keep=2) as output:
        output.write(make_report(7, events=1))
    assert len(names(folder)) == 2 + 3
    assert (folder / "holiday.jpg").read_text() == "someone's"


def test_a_name_is_safe_whatever_the_label(folder, make_report, make_event):
    event = make_event(1, label="../../étc/p\x00", source="a b/c")
    with Snapshots(folder, keep=1) as output:
        output.write(make_report(1, [event]))
        output.write(make_report(2, events=1))
    assert len(names(folder)) == 1


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="not a folder"), Snapshots(tmp_path / "file"):
        pass
    with pytest.raises(OutputError, match="cannot keep"), Snapshots(tmp_path / "file" / "below"):
        pass


@pytest.mark.parametrize(
    "options", [{"keep": 0}, {"quality": 0}, {"quality": 101}, {"every_s": -1}]
)
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
