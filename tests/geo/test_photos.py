from __future__ import annotations

import csv
import shutil

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from edgevision.errors import PhotoError, WrittenError
from edgevision.geo.photos import read_exif, read_tags

SUFFIXES = {".jpg", ".png"}
BROKEN = {
    "broken_gps_nan.jpg": "no number|not degrees",
    "broken_gps_zero_zero.jpg": "0, 0",
    "broken_gps_as_text.jpg": "not degrees",
    "broken_gps_version_only.jpg": "no GPS",
    "damaged_zero_length.jpg": "damaged",
    "damaged_truncated_in_exif.jpg": "no GPS|damaged",
}


@pytest.fixture
def table(tmp_path):
    """Writes a labels.csv beside three photos and reads it."""

    def read(*rows: str, head: str = "path,lat,lon"):
        for name in ("a.jpg", "b.jpg", "c.jpg"):
            cv2.imwrite(str(tmp_path / name), np.zeros((4, 4, 3), np.uint8))
        text = "\n".join((head, *rows)) + "\n"
        (tmp_path / "labels.csv").write_text(text, encoding="utf-8")
        return read_tags(tmp_path, SUFFIXES)

    return read


def test_rows_become_photos(table, tmp_path):
    tags = table("a.jpg,43.95,4.81,x", "b.jpg, -90 ,180,y", head="path,lat,lon,source")
    assert [(one.name, one.lat, one.lon) for one in tags.photos] == [
        ("a.jpg", 43.95, 4.81),
        ("b.jpg", -90, 180),
    ]
    assert tags.photos[0].path == tmp_path / "a.jpg"
    assert tags.broken == ()


def test_a_spreadsheets_semicolons_part_columns_too(table):
    tags = table("a.jpg;43.95;4.81", "b.jpg;43,95;4,81", head="path;lat;lon")
    assert [(one.name, one.lat, one.lon) for one in tags.photos] == [("a.jpg", 43.95, 4.81)]
    assert "'43,95' is no number" in tags.broken[0]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("b.jpg,95,4", "latitude 95 is not within"),
        ("b.jpg,43,181", "longitude 181 is not within"),
        ("b.jpg,N 43,4", "'N 43' is no number"),
        ("b.jpg,43°57'N,4", "is no number"),
        ("b.jpg,nan,4", "is no number"),
        ("b.jpg,inf,4", "is no number"),
        ("b.jpg,0,0", "0, 0 lies in the sea"),
        ("b.jpg,,4", "lat is empty"),
        ("b.jpg,43", "lon is empty"),
        ("none.jpg,43,4", "there is no such file"),
        (",43,4", "has no path"),
        ("a.jpg,43,4", "stands in line 2 already"),
    ],
)
def test_a_broken_row_is_named_and_the_others_stay(table, row, says):
    tags = table("a.jpg,1,2", row, "c.jpg,3,4")
    assert [one.name for one in tags.photos] == ["a.jpg", "c.jpg"]
    (line,) = tags.broken
    assert "labels.csv:3: " in line
    assert says in line


@pytest.mark.parametrize("head", ["", "path,label", "file;lat;lon", "\0"])
def test_a_table_without_the_columns_is_refused(table, head):
    with pytest.raises(WrittenError, match=r"labels\.csv:[01]: "):
        table("a.jpg,1,2", head=head)


def test_a_table_that_is_no_text(tmp_path):
    (tmp_path / "labels.csv").write_bytes(b"\xff\xfe\x00path")
    with pytest.raises(WrittenError, match=r"labels\.csv"):
        read_tags(tmp_path, SUFFIXES)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(WrittenError, match="no such folder"):
        read_tags(tmp_path / "none", SUFFIXES)


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_row_is_read_or_named(tmp_path_factory, lat, lon):
    folder = tmp_path_factory.mktemp("any")
    (folder / "a.jpg").write_bytes(b"x")
    text = f"path,lat,lon\na.jpg,{lat},{lon}\n"
    (folder / "labels.csv").write_text(text, encoding="utf-8")
    try:
        tags = read_tags(folder, SUFFIXES)
    except WrittenError:
        return
    for one in tags.photos:
        assert -90 <= one.lat <= 90
        assert -180 <= one.lon <= 180


def test_exif_of_real_cameras(shared):
    folder = shared / "photos/exif-gps"
    rows = list(csv.DictReader((folder / "labels.csv").read_text(encoding="utf-8").splitlines()))
    known = [row for row in rows if row["lat"]]
    assert len(known) == 24
    for row in known:
        truth = (float(row["lat"]), float(row["lon"]))
        assert read_exif(folder / row["path"]) == pytest.approx(truth, abs=1e-5)


@pytest.mark.parametrize("name", BROKEN)
def test_broken_exif_is_one_line(shared, name):
    path = shared / "photos/exif-gps" / name
    with pytest.raises(PhotoError, match=BROKEN[name]) as caught:
        read_exif(path)
    assert str(caught.value).startswith(str(path))


def test_a_folder_without_a_table_is_read_by_exif(shared, tmp_path):
    (tmp_path / "deep").mkdir()
    source = shared / "photos/exif-gps"
    shutil.copy(source / "sign_paris.jpg", tmp_path / "deep")
    shutil.copy(source / "broken_gps_nan.jpg", tmp_path)
    (tmp_path / "notes.txt").write_text("no photo")
    tags = read_tags(tmp_path, SUFFIXES)
    assert [one.name for one in tags.photos] == ["deep/sign_paris.jpg"]
    assert len(tags.broken) == 1
    assert "broken_gps_nan.jpg" in tags.broken[0]


@pytest.mark.parametrize(
    ("gps", "says"),
    [
        ({1: "N", 2: (43.0, 57.0, 0.0), 3: "E", 4: (4.0, 48.0, 36.0)}, None),
        ({1: "S", 2: (90.0, 0.0, 0.0), 3: "W", 4: (180.0, 0.0, 0.0)}, None),
        ({2: (43.0, 57.0, 0.0), 3: "E", 4: (4.0, 48.0, 36.0)}, "is none of N, S"),
        ({1: "X", 2: (43.0, 57.0, 0.0), 3: "E", 4: (4.0, 48.0, 36.0)}, "is none of N, S"),
        ({1: "N", 2: (95.0, 0.0, 0.0), 3: "E", 4: (4.0, 0.0, 0.0)}, "latitude 95"),
    ],
)
def test_exif_as_it_is_written(tmp_path, gps, says):
    exif = Image.Exif()
    exif[0x8825] = gps
    path = tmp_path / "photo.jpg"
    Image.new("RGB", (8, 8)).save(path, exif=exif)
    if says:
        with pytest.raises(PhotoError, match=says):
            read_exif(path)
    elif gps[1] == "S":
        assert read_exif(path) == (-90, -180)
    else:
        assert read_exif(path) == pytest.approx((43.95, 4.81))
