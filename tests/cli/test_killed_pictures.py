"""A run that is killed leaves no half picture, and none that the database does not know."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing

import av
import cv2

from edgevision.store.files import digest_of_file

SETTINGS = """
task: dogs
source: {{uri: "file:{clip}", loop: true}}
decide: {{mode: frames, threshold: 0.0, presence: 0.0}}
store: {{path: events.sqlite}}
outputs:
  console: false
  jsonl: {{path: "-"}}
  snapshots: {{folder: pictures, what: both}}
  clips: {{folder: clips, seconds_before: 0.2, seconds_after: 0.2}}
"""


def test_a_run_that_is_killed_leaves_whole_and_known_files(clip, environment, tmp_path):
    (tmp_path / "edgevision.yaml").write_text(SETTINGS.format(clip=clip))
    for round_ in range(3):
        run = subprocess.Popen(
            [sys.executable, "-m", "edgevision", "run"],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for _ in range(60 + 31 * round_):
            assert run.stdout.readline()
        run.kill()
        run.communicate()
    with closing(sqlite3.connect(tmp_path / "events.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        known = dict(connection.execute("SELECT path, digest FROM files"))
    files = [path for name in ("pictures", "clips") for path in (tmp_path / name).iterdir()]
    whole = [path for path in files if not path.name.startswith(".")]
    assert len(whole) > 50
    for path in whole:
        assert known[str(path)] == digest_of_file(path)
        if path.suffix == ".mp4":
            with av.open(str(path)) as film:
                assert len(list(film.decode(video=0))) > 1
        else:
            assert cv2.imread(str(path)) is not None
    # At most one was in the making, in each folder and round.
    assert len(files) - len(whole) <= 6
