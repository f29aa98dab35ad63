from __future__ import annotations

import json

import cv2
import numpy as np
import pytest


@pytest.fixture
def folder(tmp_path, shared):
    photos = tmp_path / "photos"
    photos.mkdir()
    source = shared / "photos/landmarks/train"
    for name in ("petra", "taj_mahal", "stonehenge"):
        (photos / f"{name}.jpg").write_bytes(min((source / name).iterdir()).read_bytes())
    cv2.imwrite(str(photos / "grey.jpg"), np.full((300, 300, 3), 127, np.uint8))
    for name in ("one", "two", "three"):
        (photos / f"{name}.jpg").write_bytes((photos / "petra.jpg").read_bytes())
    (photos / "torn.jpg").write_bytes(b"\xff\xd8\xff")
    return photos


ROWS = """path,label,lat,lon
petra.jpg,petra,30.3285,35.4444
taj_mahal.jpg,Taj Mahal,27.1751,78.0421
stonehenge.jpg,stonehenge,51.1789,-1.8262
grey.jpg,,0.5,-180
one.jpg,,95,1
two.jpg,,N 43,1
missing.jpg,,1,1
torn.jpg,petra,30.3285,35.4444
three.jpg,,nan,1
"""


@pytest.mark.parametrize("mark", [",", ";"])
def test_places_are_measured_and_bad_rows_named(edgevision, folder, mark):
    (folder / "labels.csv").write_text(ROWS.replace(",", mark))
    done = edgevision("eval", "--task", "landmarks", folder, "--json")
    assert done.code == 0, done.err
    assert "Traceback" not in done.err
    numbers = json.loads(done.out)
    assert numbers["n"] == 4
    assert numbers["labelled"] == 3
    assert numbers["top1"] == 1
    assert numbers["mode"] == "head"
    assert list(numbers["within_km"]) == ["1", "25", "200", "750", "2500"]
    assert numbers["within_km"]["25"] == pytest.approx(0.75)
    assert numbers["accepted"] == pytest.approx(0.75)
    lines = done.err.splitlines()
    for row, why in ((6, "95"), (7, "N 43"), (8, "missing.jpg"), (10, "nan")):
        assert any(f"labels.csv:{row}:" in line and why in line for line in lines), (row, lines)
    assert any("torn.jpg" in line for line in lines)


def test_the_papers_stand_beside(edgevision, folder):
    (folder / "labels.csv").write_text(ROWS)
    done = edgevision("eval", "--task", "landmarks", folder)
    for word in ("Im2GPS", "PlaNet", "street", "continent", "median error", "11.4%", "top-1"):
        assert word in done.out
    looks = "efficientnet_lite0+efficientnet_lite2 at 256 pixels, mirrored too"
    assert f"{looks}, task landmarks by head" in done.out


def test_a_label_that_means_nothing_is_told_with_its_row(edgevision, folder):
    (folder / "labels.csv").write_text("path,label,lat,lon\npetra.jpg,petr,30,35\n")
    done = edgevision("eval", "--task", "landmarks", folder)
    assert done.code == 2
    assert "labels.csv:2: label 'petr' is no landmark" in done.err


def test_a_gallery_of_ones_own_photos_finds_them(edgevision, folder, tmp_path):
    pytest.importorskip("usearch")
    (folder / "labels.csv").write_text("\n".join(ROWS.splitlines()[:5]) + "\n")
    indexed = edgevision("geo", "index", folder, "--out", tmp_path / "gallery")
    assert indexed.code == 0, indexed.err
    settings = tmp_path / "settings.yaml"
    settings.write_text(
        f"version: 1\ntask: landmarks\ngeo: {{mode: gallery, gallery: {tmp_path / 'gallery'}}}\n"
    )
    done = edgevision("classify", "--config", settings, folder / "petra.jpg", "--json")
    assert done.code == 0, done.err
    (answer,) = json.loads(done.out)
    (result,) = answer["results"]
    assert result["guesses"][0]["label"] == "Jordan"
    assert result["place"]["radius_km"] >= 25
    settings.write_text("version: 1\ntask: landmarks\ngeo: {mode: gallery}\n")
    done = edgevision("classify", "--config", settings, folder / "petra.jpg")
    assert done.code == 2
    assert "mode gallery needs geo.gallery" in done.err
    settings.write_text(
        f"version: 1\ntask: landmarks\ngeo: {{mode: gallery, gallery: {tmp_path / 'none'}}}\n"
    )
    done = edgevision("classify", "--config", settings, folder / "petra.jpg")
    assert done.code in {2, 3}
    assert "none" in done.err
    assert "Traceback" not in done.err


def test_the_place_is_told_in_words(edgevision, folder):
    done = edgevision("classify", "--task", "landmarks", folder / "petra.jpg", folder / "grey.jpg")
    assert "Petra, near Wadi Musa, Jordan ±25 km" in done.out
    assert "no known landmark" in done.out
