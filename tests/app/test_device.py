from __future__ import annotations

import dataclasses
import json
import os

import pytest

from edgevision.app.checks.finding import Device
from edgevision.app.device import Fingerprint, fingerprint, keep_times, kept_times, place
from edgevision.config.schema import Settings
from edgevision.evaluation.fit import Times

ON = Fingerprint("a board, a chip", 4, "litert 2.0", 1, xnnpack=True)
TIMES = {"aa@224": Times(1.5, 2.0, 30), "bb@128": Times(0.5, 0.5, 30)}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new" / "folder" / "fit.json"


def test_times_come_back_for_that_device_only(path):
    assert kept_times(path, ON) == {}
    assert keep_times(path, ON, TIMES)

    assert kept_times(path, ON) == TIMES
    for change in ({"threads": 2}, {"cpu": "x"}, {"runtime": "litert 2.1"}, {"xnnpack": False}):
        assert kept_times(path, dataclasses.replace(ON, **change)) == {}


def test_later_times_take_the_place_of_earlier_ones_and_others_stay(path):
    other = dataclasses.replace(ON, threads=2)
    keep_times(path, ON, TIMES)
    keep_times(path, other, {"aa@224": Times(1.0, 1.0, 6)})
    keep_times(path, ON, {"aa@224": Times(9.0, 9.5, 60)})

    assert kept_times(path, ON) == {**TIMES, "aa@224": Times(9.0, 9.5, 60)}
    assert kept_times(path, other) == {"aa@224": Times(1.0, 1.0, 6)}
    assert [one.name for one in path.parent.iterdir()] == ["fit.json"], "nothing else is left"


def test_it_does_not_grow_without_end(path):
    for threads in range(1, 40):
        keep_times(path, dataclasses.replace(ON, threads=threads), TIMES)
    assert len(json.loads(path.read_text())["devices"]) == 16
    assert kept_times(path, dataclasses.replace(ON, threads=39)) == TIMES


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"version": 1}',
        b'{"version": 1, "devices": [7]}',
        b'{"version": 1, "devices": [{"times": {}}]}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_file_is_said_and_written_anew(path, caplog, content):
    path.parent.mkdir(parents=True)
    path.write_bytes(content)

    assert kept_times(path, ON) == {}
    assert f"{path}: is damaged" in caplog.text
    assert keep_times(path, ON, TIMES)
    assert kept_times(path, ON) == TIMES


@pytest.mark.parametrize("ms", ["-1", "0", "NaN", "Infinity", "null"])
def test_times_that_cannot_be_are_not_believed(path, caplog, ms):
    keep_times(path, ON, {"aa@224": Times(1.5, 2.0, 30)})
    path.write_text(path.read_text().replace("1.5", ms))

    assert kept_times(path, ON) == {}
    assert "is damaged" in caplog.text


def test_a_file_of_another_version_is_left_alone_until_it_is_written(path, caplog):
    path.parent.mkdir(parents=True)
    path.write_text('{"version": 99, "devices": "who knows"}')
    assert kept_times(path, ON) == {}
    assert caplog.text == ""


def test_where_nothing_can_be_kept_that_is_said_and_no_more(tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    path = tmp_path / "file" / "edgevision" / "fit.json"
    assert not keep_times(path, ON, TIMES)
    assert "times cannot be kept" in caplog.text


def test_a_read_only_folder_is_said(tmp_path, caplog):
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    tmp_path.chmod(0o500)
    assert not keep_times(tmp_path / "fit.json", ON, TIMES)
    assert "times cannot be kept" in caplog.text


def test_a_full_disk_keeps_the_earlier_times(small_disk, caplog):
    path = small_disk / "fit.json"
    keep_times(path, ON, TIMES)
    room = os.statvfs(small_disk)
    (small_disk / "more").write_bytes(bytes(room.f_bavail * room.f_frsize))

    assert not keep_times(path, ON, {f"{n}@224": Times(1.0, 1.0, 1) for n in range(500)})

    assert kept_times(path, ON) == TIMES
    assert "times cannot be kept" in caplog.text
    assert {one.name for one in small_disk.iterdir()} == {"fit.json", "ballast", "more"}


def test_the_place_is_the_users_cache():
    assert str(place({"XDG_CACHE_HOME": "/c", "HOME": "/h"})) == "/c/edgevision/fit.json"
    assert str(place({"HOME": "/h"})) == "/h/.cache/edgevision/fit.json"


def test_the_fingerprint_names_board_processor_and_runtime(tmp_path):
    def device(**files):
        for name, text in files.items():
            path = tmp_path / "proc" / name.replace("__", "/").replace("_", "-")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return Device(root=tmp_path)

    settings = Settings(engine={"threads": 3, "xnnpack": False})
    pi = device(
        device_tree__model="Raspberry Pi 4 Model B Rev 1.4\0",
        cpuinfo="processor\t: 0\nCPU part\t: 0xd08\n\nprocessor\t: 1\nCPU part\t: 0xd08\n",
    )
    found = fingerprint(settings, pi)
    assert found.cpu == "Raspberry Pi 4 Model B Rev 1.4, 0xd08"
    assert (found.threads, found.xnnpack) == (3, False)
    assert found.runtime.partition(" ")[0] in {"litert", "tflite_runtime"}
    assert found.runtime.partition(" ")[2][0].isdigit()
    assert found.cores >= 1
    assert fingerprint(settings, Device(root=tmp_path / "nowhere")).cpu == os.uname().machine
