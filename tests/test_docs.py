"""Every command that the pages show is run, as a new user would type it."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from edgevision.store import marks
from edgevision.store.events import EventStore
from edgevision.store.files import Ledger, StoredFile, digest_of_file

PROJECT = Path(__file__).resolve().parent.parent
PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
# These ask for what is not here: a camera, a server, root, a long time.
HARDWARE = (
    "csi:",
    "jetson:",
    "gst:",
    "rtsp://",
    "http://",
    "https://",
    "v4l2:",
    "source auto",
    "cameras",
    "/opt/",
    "--display",
)
LONG = ("edgevision bench", "edgevision eval")


def commands(page: Path) -> list[str]:
    """Lines of `sh` blocks and of examples in tables that begin with `edgevision`."""
    text = page.read_text(encoding="utf-8")
    found = []
    for block in re.findall(r"```(?:sh|console|bash)\n(.*?)```", text, re.DOTALL):
        lines = block.replace("\\\n", " ").splitlines()
        found += [line.removeprefix("$ ").strip() for line in lines]
    found += re.findall(r"\| `(edgevision [^`]+)` \|", text)
    return [line for line in dict.fromkeys(found) if line.startswith("edgevision ")]


EVERY = [
    pytest.param(page, line, id=f"{page.name}: {line[:60]}")
    for page in PAGES
    for line in commands(page)
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory, make_event):
    """A folder with the files that the pages speak of."""
    folder = tmp_path_factory.mktemp("desk")
    random = np.random.default_rng(5)
    photo = random.integers(0, 256, (60, 80, 3), dtype=np.uint8)
    for name in ("photo.jpg", "a.jpg", "b.jpg"):
        cv2.imwrite(str(folder / name), photo)
    for name in ("photos", "holiday", "my-photos"):
        (folder / name).mkdir()
        shutil.copy(folder / "photo.jpg", folder / name / "one.jpg")
        (folder / name / "labels.csv").write_text("path,label\none.jpg,beagle\n")
    for bird in ("robin", "blue_tit"):
        (folder / "my-birds" / bird).mkdir(parents=True)
        photo = random.integers(0, 256, (60, 80, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / "my-birds" / bird / "one.jpg"), photo)
    with EventStore(folder / "events.sqlite") as store:
        store.add([make_event(1), make_event(1, phase="ended"), make_event(2)])
    for number, bird in ((1, "robin"), (2, "jay")):
        event, picture = make_event(number), folder / f"{bird}.jpg"
        cv2.imwrite(str(picture), random.integers(0, 256, (60, 80, 3), dtype=np.uint8))
        digest = digest_of_file(picture)
        size = picture.stat().st_size
        stored = StoredFile(picture, event.id, "crop", event.time, size, digest)
        Ledger(folder / "events.sqlite").enter([stored])
        marks.relabel(folder / "events.sqlite", event.id, bird)
    with av.open(str(folder / "walk.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height = 320, 240
        for number in range(30):
            pixels = np.full((240, 320, 3), 60 + number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return folder


@pytest.mark.parametrize(("page", "line"), EVERY)
def test_every_command_on_the_pages_runs(page, line, desk, tmp_path, environment):
    words = shlex.split(line, comments=True)
    needs_hardware = any(one in line for one in HARDWARE) or (
        words[1] == "run" and "--source" not in words and "--config" not in words
    )
    if any(line.startswith(long) for long in LONG) and "--help" not in words:
        words += ["--rounds", "1", "--frames", "50"] if "bench" in line else []
    if words[1] == "run":
        words += ["--duration", "4"]
    work = tmp_path / "work"
    shutil.copytree(desk, work)
    (work / "edgevision.yaml").write_text("version: 1\ntask: dogs\nsource: file:walk.mp4\n")
    if words[1] in {"events", "learn"}:
        state = Path(environment["XDG_STATE_HOME"]) / "edgevision"
        state.mkdir(parents=True)
        shutil.copy(work / "events.sqlite", state)
    if words[1] == "init":
        (work / "edgevision.yaml").unlink()
    done = subprocess.run(
        [sys.executable, "-m", "edgevision", *words[1:]],
        cwd=work,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert "Traceback" not in done.stderr
    allowed = {0, 3} if needs_hardware else {0}
    if "csi:" in line or "gst:" in line:
        allowed.add(2)  # where picamera2 or GStreamer is not installed
    if words[1] == "doctor":
        allowed.add(1)
    if words[1] in ("status", "reload"):
        allowed.add(3)
    assert done.returncode in allowed, done.stderr


def test_the_pages_show_the_main_commands():
    shown = {shlex.split(param.values[1], comments=True)[1] for param in EVERY}
    assert {"run", "classify", "eval", "bench", "doctor", "cameras", "init", "config"} <= shown


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    for target, place in _links(page):
        there = page.parent / target if target else page
        assert there.exists(), target
        if place:
            assert place in _places(there), f"{target}#{place}"


def test_every_page_can_be_found_from_another_one():
    found = {(page.parent / target).resolve() for page in PAGES for target, _ in _links(page)}
    lost = [page.name for page in PAGES if page.parent.name == "docs" and page not in found]
    assert lost == []


def _links(page: Path) -> list[tuple[str, str]]:
    """Each link to a page or file of the project: its path, "" for the page itself, and anchor."""
    found = re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", page.read_text(encoding="utf-8"))
    return [(target, place) for target, place in found if "://" not in target]


def _places(page: Path) -> set[str]:
    """What can stand behind a `#`: headings, spelt as GitHub does, and anchors set by hand."""
    text = page.read_text(encoding="utf-8")
    headings = re.findall(
        r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE
    )
    return {
        *(re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in headings),
        *re.findall(r'<a id="([^"]+)">', text),
    }
