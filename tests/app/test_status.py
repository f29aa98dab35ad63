from __future__ import annotations

import json
import os
import subprocess
import sys

from edgevision.app.status import Place, StatusFile, found, place


def folders(tmp_path):
    return {"HOME": str(tmp_path / "home"), "RUNTIME_DIRECTORY": str(tmp_path)}


def test_the_first_folder_that_there_is(tmp_path):
    environ = {"HOME": "/home/me"}
    assert place(environ, tmp_path).folder.as_posix() == "/home/me/.local/state/edgevision/run"
    assert place(environ, tmp_path).every_s == 60
    (tmp_path / "run/edgevision").mkdir(parents=True)
    assert place(environ, tmp_path) == Place(tmp_path / "run/edgevision", 1.0)
    environ["XDG_RUNTIME_DIR"] = "/run/user/1000"
    assert place(environ, tmp_path).folder.as_posix() == "/run/user/1000/edgevision"
    environ["RUNTIME_DIRECTORY"] = "/run/edgevision-front:/run/other"
    assert place(environ, tmp_path) == Place(place(environ).folder, 1.0)
    assert place(environ, tmp_path).folder.as_posix() == "/run/edgevision-front"


def test_what_is_written_can_be_read_by_another(tmp_path):
    file = StatusFile(Place(tmp_path, 1.0), {"model": "small"})
    file.open()
    file.write({"state": "healthy", "frames": 3})

    (told,) = found(folders(tmp_path))

    assert (told.pid, told.alive, told.state) == (os.getpid(), True, "healthy")
    assert told.status["frames"] == 3
    assert told.path.stat().st_mode & 0o777 == 0o644
    file.remove()
    assert found(folders(tmp_path)) == []


def test_services_are_found_by_whoever_asks(tmp_path):
    for name in ("edgevision", "edgevision-front"):
        file = StatusFile(Place(tmp_path / "run" / name, 1.0), {}, root=tmp_path)
        file.open()
        file.write({})

    told = found({"HOME": str(tmp_path)}, tmp_path)

    assert [one.path.parent.name for one in told] == ["edgevision", "edgevision-front"]


def ended_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait(30)
    return process.pid


def test_one_that_was_killed_is_told_from_one_that_runs_and_cleared_away(tmp_path):
    file = StatusFile(Place(tmp_path, 1.0), {})
    file.open()
    file.write({"state": "healthy"})
    mine = json.loads(file.path.read_text())
    killed = ended_process()
    (tmp_path / f"{killed}.json").write_text(json.dumps({**mine, "pid": killed}))
    environ = folders(tmp_path)
    assert [(one.pid, one.state) for one in found(environ)] == [
        (os.getpid(), "healthy"),
        (killed, "gone"),
    ]

    file.open()

    assert [one.pid for one in found(environ)] == [os.getpid()]


def test_a_number_that_was_used_again_is_another_process(tmp_path):
    file = StatusFile(Place(tmp_path, 1.0), {})
    file.open()
    file.write({})
    mine = json.loads(file.path.read_text())
    file.path.write_text(json.dumps({**mine, "began_ticks": mine["began_ticks"] - 100}))

    (told,) = found(folders(tmp_path))

    assert not told.alive


def test_files_that_are_no_status_are_left_out(tmp_path):
    for name, text in {"1.json": "{", "2.json": "[]", "3.json": '{"pid": "x"}'}.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "4.json").write_bytes(b"\xff\xfe")

    assert found(folders(tmp_path)) == []
