"""How long `edgevision learn` takes and how much memory, on one core, in a process of its own.

    python benchmarks/learn.py [--classes 20] [--photos 20] [--side 1080] [--models ID,ID]

The photos are those of dogs/train, enlarged to what a camera gives; to have enough of them for each
class, a class has several breeds. Nothing is said here about how right the head is.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
from measuring import add_results_flag, circumstances, measured_on, save, table, test_data

from edgevision.pixels.encode import jpeg
from edgevision.pixels.photo import read_photo

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--classes", type=int, default=20, metavar="N")
    parser.add_argument("--photos", type=int, default=20, metavar="N", help="of each class")
    parser.add_argument("--side", type=int, default=1080, metavar="PIXELS", help="shorter one")
    parser.add_argument("--models", default="efficientnet_lite0,mobilenet_v2", metavar="ID[,ID]")
    add_results_flag(parser)
    options = parser.parse_args()
    found: dict[str, Any] = {**circumstances(), "classes": options.classes}
    found |= {"photos": options.photos, "side": options.side, "runs": []}
    with tempfile.TemporaryDirectory() as folder:
        album = Path(folder) / "album"
        fill(album, options.classes, options.photos, options.side)
        for model in options.models.split(","):
            found["runs"].append({"model": model, **learn(album, model, Path(folder))})
    save(options.results, "learn", found)
    print(measured_on(found))
    print(words(found))


def fill(album: Path, classes: int, photos: int, side: int) -> None:
    """Folders of `photos` photos each, whose shorter side has `side` pixels."""
    source = test_data("photos", "dogs", "train")
    with (source / "labels.csv").open(encoding="utf-8", newline="") as lines:
        rows = sorted((row["label"], row["path"]) for row in csv.DictReader(lines))
    if classes * photos > len(rows):
        sys.exit(f"there are {len(rows)} photos, fewer than {classes} x {photos}")
    each = len(rows) // classes
    for number in range(classes):
        folder = album / f"class{number:02d}"
        folder.mkdir(parents=True)
        for _, name in rows[number * each : number * each + photos]:
            photo = enlarged(read_photo(source / name), side)
            (folder / Path(name).name).write_bytes(jpeg(photo))


def enlarged(photo: npt.NDArray[np.uint8], side: int) -> npt.NDArray[np.uint8]:
    """The photo with a shorter side of `side` pixels."""
    scale = side / min(photo.shape[:2])
    large = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    return large.astype(photo.dtype)


def learn(album: Path, model: str, folder: Path) -> dict[str, Any]:
    """What the command tells, and the most memory of its process in MB; on one core."""
    words = [sys.executable, "-c", _CHILD, "learn", "timed", str(album), "--model", model, "--json"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run(
        words,
        env={**os.environ, "XDG_DATA_HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(done.stderr)
    told, peak = (json.loads(line) for line in done.stdout.splitlines()[-2:])
    return {
        "seconds": told["seconds"],
        "rss_mb": peak,
        "method": told["method"],
        "user_seconds": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before, 1),
    }


# The command in a fresh process on one core, which tells its own peak memory afterwards.
_CHILD = """
import atexit, os, resource, sys
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from edgevision.cli.main import main
tell = lambda: print(round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1))
atexit.register(tell)
main(sys.argv[1:])
"""


def words(found: dict[str, Any]) -> str:
    """A table of what was measured."""
    rows = [
        [
            f"`{run['model']}`",
            f"{run['seconds']:.1f}",
            f"{run['user_seconds']:.1f}",
            f"{run['rss_mb']:.0f}",
        ]
        for run in found["runs"]
    ]
    said = f"{found['classes']} classes of {found['photos']} photos, shorter side {found['side']}"
    return said + "\n\n" + table(["network", "s", "of them computing", "MB"], rows)


if __name__ == "__main__":
    main()
