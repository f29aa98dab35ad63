from __future__ import annotations

import csv
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from edgevision.cli.geo import geo
from edgevision.errors import EdgevisionError
from edgevision.geo.distance import great_circle_km

PAGE = Path(__file__).parents[2] / "docs" / "geolocation.md"


class Told:
    """What a command said, and what it refused."""

    def __init__(self, result):
        self.out, self.err = result.stdout, result.stderr
        self.error = result.exception
        if self.error is not None and not isinstance(self.error, (EdgevisionError, SystemExit)):
            raise self.error

    @property
    def json(self):
        assert self.error is None, self.error
        return json.loads(self.out)

    def refused(self) -> str:
        assert isinstance(self.error, EdgevisionError), self.out
        line = str(self.error)
        assert "\n" not in line
        return line


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))

    def call(*arguments):
        return Told(CliRunner().invoke(geo, [str(one) for one in arguments]))

    return call


@pytest.fixture(scope="module")
def photos(shared, tmp_path_factory):
    """Forty geotagged photos, and rows that are broken."""
    folder = tmp_path_factory.mktemp("some") / "photos"
    folder.mkdir()
    source = shared / "photos/geotagged"
    rows = list(csv.reader((source / "labels.csv").read_text(encoding="utf-8").splitlines()))[1:]
    lines = ["path,lat,lon"]
    for row in rows[::13]:
        (folder / row[0]).symlink_to(source / row[0])
        lines.append(",".join(row[:3]))
    (folder / "torn.jpg").write_bytes((source / rows[0][0]).read_bytes()[:2000])
    lines += ["torn.jpg,10,10", "none.jpg,10,10", "torn.jpg,95,10"]
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def gallery(photos, tmp_path_factory):
    out = tmp_path_factory.mktemp("made") / "gallery"
    done = Told(CliRunner().invoke(geo, ["index", str(photos), "--out", str(out), "--json"]))
    assert done.json["photos"] == 40
    return out


def test_index_names_what_it_skips_and_goes_on_where_it_stopped(run, photos, tmp_path):
    (tmp_path / "part").mkdir()
    lines = (photos / "labels.csv").read_text().splitlines()
    for line in lines[1:6]:
        (tmp_path / "part" / line.split(",")[0]).symlink_to(photos / line.split(",")[0])
    (tmp_path / "part" / "labels.csv").write_text("\n".join(lines[:6]))
    assert run("index", "part", "--out", "gallery", "--json").json["added"] == 5
    done = run("index", photos, "--out", "gallery", "--json")
    assert done.json["added"] == 35
    assert done.json["photos"] == 40
    skipped = "\n".join(done.json["skipped"])
    assert "torn.jpg: the JPEG is damaged" in skipped
    assert "labels.csv:43: none.jpg: there is no such file" in skipped
    assert "labels.csv:44: torn.jpg stands in line 42 already" in skipped
    assert done.err.count("edgevision: skipped: ") == 3
    assert run("index", photos, "--out", "gallery", "--json").json["added"] == 0


def test_a_corrected_place_is_taken_over(run, photos, tmp_path):
    (tmp_path / "own").mkdir()
    name = (photos / "labels.csv").read_text().splitlines()[1].split(",")[0]
    (tmp_path / "own" / name).symlink_to(photos / name)
    for lat in (10, 20):
        (tmp_path / "own" / "labels.csv").write_text(f"path,lat,lon\n{name},{lat},30\n")
        assert run("index", "own", "--out", "gallery", "--json").json["added"] == 1
    found = run("search", photos / name, "--gallery", "gallery", "--json").json
    assert found["neighbours"][0]["lat"] == 20


def test_search_finds_a_photo_of_the_gallery_itself(run, photos, gallery, tmp_path):
    rows = list(csv.DictReader((photos / "labels.csv").read_text().splitlines()))
    row = rows[3]
    image = photos / row["path"]
    done = run("search", image, "--gallery", gallery, "-k", 1, "--json", "--map", "map.html").json
    assert done["neighbours"][0]["path"] == row["path"]
    assert done["neighbours"][0]["similarity"] > 0.95
    where = (float(row["lat"]), float(row["lon"]))
    # Coarse by default: the coordinates are rounded to the 25 km that are claimed.
    assert great_circle_km(*where, done["place"]["lat"], done["place"]["lon"]) < 25
    assert done["place"]["radius_km"]["50"] == 25
    assert len(str(done["place"]["lat"]).split(".")[-1]) <= 1
    html = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert html.startswith("<!doctype html>")
    assert "http" not in html
    words = run("search", image, "--gallery", gallery, "-k", 5)
    assert re.search(r"(near|in or near|within|°).* km; 90 % within", words.out)


def test_cells_then_a_head_then_both_together(run, photos, gallery, tmp_path):
    made = run(
        "cells", photos, "--out", "cells.npz", "--t1", 6, "--t2", 1, "--json", "--map", "c.png"
    )
    assert made.json["kept"] == 41  # torn.jpg has a place in the table
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    head = run("planet", photos, "--cells", "cells.npz", "--out", "head.npz", "--json").json
    assert head["photos"] == 40
    image = photos / "street_0026.jpg"
    found = run("search", image, "--head", "head.npz", "--gallery", gallery, "--json").json
    shares = [one["share"] for one in found["cells"]]
    assert len(shares) == 5
    assert shares == sorted(shares, reverse=True)
    assert found["place"]["radius_km"]["90"] >= found["place"]["radius_km"]["50"]
    told = run("eval", photos, "--head", "head.npz", "--mode", "planet", "--json").json
    assert told["n"] == 40
    assert told["within_km"]["2500"] > 0.5  # it was fitted to them


def test_eval_says_the_scales_beside_the_papers(run, photos, gallery, tmp_path):
    flags = ("eval", photos, "--gallery", gallery)
    told = run(*flags, "--leave-one-out", "--json", "--map", "pairs.png").json
    assert list(told["within_km"]) == ["1", "25", "200", "750", "2500"]
    assert told["n"] == 40
    assert told["within_km"]["2500"] < 0.8
    low, high = told["intervals"]["2500"]
    assert low <= told["within_km"]["2500"] <= high
    assert (tmp_path / "pairs.png").stat().st_size > 10_000
    # A photo that may find itself does: the figure would be worthless, which is said.
    seen = run(*flags, "-k", 1, "--json")
    assert seen.json["within_km"]["1"] == 1
    assert "--leave-one-out" in seen.err
    words = run(*flags, "--leave-one-out").out
    assert "PlaNet MobileNet" in words
    assert "60.3%" in words
    assert "median error" in words


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("index", "none", "--out", "g"), "none: there is no such folder"),
        (("cells", "none", "--out", "c.npz"), "none: there is no such folder"),
        (("search", "none.jpg"), "--gallery, --head: give at least one"),
        (("search", "none.jpg", "--gallery", "none"), "none: there is no gallery"),
        (("eval", "none", "--mode", "planet"), "needs --head"),
        (("eval", "none", "--mode", "fused"), "needs --gallery"),
        (("eval", "none", "--head", "h", "--leave-one-out", "--mode", "planet"), "may have seen"),
        (("search", "none.jpg", "--map", "map.gif"), "maps are written as .png or .html"),
        (("search", "none.jpg", "--map", "none/map.png"), "there is no folder"),
        (
            ("planet", "none", "--cells", "none.npz", "--out", "h"),
            "none.npz: there is no such file",
        ),
    ],
)
def test_refusals_are_one_line(run, arguments, says):
    assert says in run(*arguments).refused()


def test_nothing_is_left_behind_where_no_photo_has_a_place(run, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "labels.csv").write_text("path,lat,lon\na.jpg,1,2\n")
    assert "no photo with a place" in run("index", "empty", "--out", "gallery").refused()
    assert "too few" in run("cells", "empty", "--out", "cells.npz").refused()
    assert not (tmp_path / "gallery").exists()
    assert not (tmp_path / "cells.npz").exists()


def test_another_network_is_refused(run, photos, gallery):
    image = photos / "street_0026.jpg"
    line = run("search", image, "--gallery", gallery, "--model", "mobilenet_v2").refused()
    assert "made for the backbone" in line


def test_the_whole_set_reaches_what_the_page_says(run, shared):
    folder = shared / "photos/geotagged"
    run("index", folder, "--out", "gallery")
    told = {
        mode: run(
            "eval", folder, "--gallery", "gallery", "--leave-one-out", "--mode", mode, "--json"
        ).json
        for mode in ("gallery", "fused")
    }
    # Targets: 36 % and 12 %; a nearest neighbour has 28 % and 8 %.
    for one in told.values():
        assert one["n"] == 520
        assert one["within_km"]["2500"] >= 0.36
        assert one["within_km"]["750"] >= 0.12


def commands():
    blocks = re.findall(r"```shell\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [shlex.split(line) for line in lines if line.strip()]


def test_the_commands_of_the_page_run(run, photos, tmp_path):
    (tmp_path / "photos").symlink_to(photos)
    (tmp_path / "photo.jpg").symlink_to(photos / "street_0026.jpg")
    assert len(commands()) >= 5
    for words in commands():
        assert words[:2] == ["edgevision", "geo"]
        done = run(*words[2:])
        assert done.error is None or np.equal(getattr(done.error, "code", 1), 0), (
            words,
            done.error,
        )


def process(*words):
    """The program by itself: what Dask does to a process, it does to its own."""
    done = subprocess.run(
        [sys.executable, "-m", "edgevision", "geo", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_a_cluster_gives_what_one_process_gives(run, photos, gallery, tmp_path):
    pytest.importorskip("distributed", reason="the extra scale is not there")
    one, other = tmp_path / "one.npz", tmp_path / "other.npz"
    limits = ("--t1", "4", "--t2", "1")
    process("cells", photos, "--out", one, *limits)
    process("cells", photos, "--out", other, *limits, "--cluster", "local:2")
    assert one.read_bytes() == other.read_bytes()

    by_two = tmp_path / "by-two"
    done = process("index", photos, "--out", by_two, "--cluster", "local:2", "--json")
    assert json.loads(done.stdout)["photos"] == 40
    assert "torn.jpg" in done.stderr
    photo = sorted(photos.glob("*.jpg"))[3]
    near, same = (
        run("search", photo, "--gallery", place, "--json").json for place in (gallery, by_two)
    )
    assert near["neighbours"] == same["neighbours"]


@pytest.mark.parametrize("where", ["local:0", "local:two", "local:"])
def test_a_number_of_processes_is_checked(run, photos, tmp_path, where):
    pytest.importorskip("distributed", reason="the extra scale is not there")
    done = run("cells", photos, "--out", tmp_path / "cells", "--cluster", where)
    assert "expected local: and a number from 1 to 256" in done.refused()
