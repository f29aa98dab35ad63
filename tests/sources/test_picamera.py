"""picamera2 by a stand-in that does what the real one does; tests/on_pi has the real one."""

from __future__ import annotations

import concurrent.futures
from itertools import islice
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from edgevision.errors import ExtraError, SourceError, UriError
from edgevision.pixels.planes import FORMATS, to_rgb
from edgevision.sources.auto import Auto
from edgevision.sources.picamera import Picamera
from edgevision.sources.uri import parse

COLOUR = (200, 60, 30)


def memory_of(rgb, layout: str, stride: int):
    """`rgb` as a camera lays it down, with `stride` bytes from row to row."""
    height, width = rgb.shape[:2]
    bytes_ = {"YUYV": 2, "UYVY": 2}.get(layout, 4 if "8888" in layout else 3)
    if layout in ("YUV420", "YVU420", "NV12", "NV21"):
        yuv = cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV_I420)
        luma, quarter = yuv[:height], height * width // 4
        flat = yuv.ravel()
        u = flat[height * width :][:quarter].reshape(height // 2, width // 2)
        v = flat[height * width + quarter :].reshape(height // 2, width // 2)
        if layout[1:3] == "VU" or layout == "NV21":
            u, v = v, u
        if layout.startswith("NV"):
            rows = np.full((height * 3 // 2, stride), 7, np.uint8)
            rows[:height, :width] = luma
            rows[height:, 0:width:2], rows[height:, 1:width:2] = u, v
            return rows.ravel()
        planes = [(luma, stride), (u, stride // 2), (v, stride // 2)]
        padded = []
        for plane, row in planes:
            rows = np.full((plane.shape[0], row), 7, np.uint8)
            rows[:, : plane.shape[1]] = plane
            padded.append(rows.ravel())
        return np.concatenate(padded)
    order = {
        "BGR888": (0, 1, 2),
        "RGB888": (2, 1, 0),
        "XBGR8888": (0, 1, 2, 0),
        "ABGR8888": (0, 1, 2, 0),
        "XRGB8888": (2, 1, 0, 0),
        "ARGB8888": (2, 1, 0, 0),
    }.get(layout)
    rows = np.full((height, stride), 7, np.uint8)
    if order is None:
        yuv = cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV_I420)
        y = yuv[:height]
        quarter = height * width // 4
        flat = yuv.ravel()[height * width :]
        u = np.repeat(flat[:quarter].reshape(height // 2, width // 2), 2, axis=0)
        v = np.repeat(flat[quarter:].reshape(height // 2, width // 2), 2, axis=0)
        first, second = (0, 1) if layout == "YUYV" else (1, 0)
        rows[:, first : 2 * width : 2] = y
        rows[:, second : 2 * width : 4], rows[:, second + 2 : 2 * width : 4] = u, v
    else:
        rows[:, : width * bytes_] = rgb[:, :, list(order)].reshape(height, -1)
    return rows.ravel()


class Job:
    def __init__(self, result) -> None:
        self._result = result

    def get_result(self, timeout):
        if self._result is None:
            raise concurrent.futures.TimeoutError
        return self._result


class Pi:
    """A board with one camera; `layout` by stream, and what goes wrong."""

    def __init__(self, *, layout=None, pad=0, cameras=1, busy=False, ribbon=10**6, known=()):
        self.layout = {"main": "BGR888", "lores": "YUV420", **(layout or {})}
        self.pad, self.cameras, self.busy, self.ribbon = pad, cameras, busy, ribbon
        self.known = dict.fromkeys(("FrameRate", *known))
        self.opened = self.closed = self.held = self.given = 0
        self.configuration = self.tuning = None

    def library(self):  # noqa: C901 - two classes, each of which is simple
        pi = self

        class Picamera2:
            camera_controls = pi.known

            @staticmethod
            def global_camera_info():
                return [{"Model": "imx708"}] * pi.cameras

            @staticmethod
            def load_tuning_file(path):
                return {"from": path}

            def __init__(self, index, tuning=None):
                if pi.busy:
                    raise RuntimeError("Camera __init__ sequence did not complete.")
                pi.opened += 1
                pi.tuning = tuning

            def create_video_configuration(self, **given):
                return given

            def configure(self, configuration):
                pi.configuration = configuration

            def camera_configuration(self):
                return {name: self._stream(name) for name in ("main", "lores")}

            def _stream(self, name):
                asked = pi.configuration[name]
                if asked is None:
                    return None
                layout, width = pi.layout[name], asked["size"][0]
                size = {"YUYV": 2, "UYVY": 2}.get(layout, 4 if "8888" in layout else 3)
                planar = layout in ("YUV420", "YVU420", "NV12", "NV21")
                row = width if planar else width * size
                return {"size": asked["size"], "format": layout, "stride": row + pi.pad}

            def start(self):
                pass

            stop = start

            def close(self):
                pi.closed += 1

            def capture_request(self, wait):
                assert wait is False
                pi.given += 1
                if pi.given > pi.ribbon:
                    return Job(None)
                pi.held += 1
                return Job(SimpleNamespace(camera=self, release=self._release))

            def _release(self):
                pi.held -= 1

        class MappedArray:
            def __init__(self, request, name, reshape):
                stream = request.camera._stream(name)
                width, height = stream["size"]
                rgb = np.full((height, width, 3), COLOUR, np.uint8)
                rgb[: height // 2] = 0
                self.array = memory_of(rgb, stream["format"], stream["stride"])

            def __enter__(self):
                return self

            def __exit__(self, *_):
                self.array[:] = 99  # the camera writes the next picture there

        space = SimpleNamespace(Smpte170m=lambda: "smpte170m")
        return (
            SimpleNamespace(Picamera2=Picamera2, MappedArray=MappedArray),
            SimpleNamespace(Transform=SimpleNamespace, ColorSpace=space),
        )


def camera(pi: Pi, options: str = "") -> Picamera:
    return Picamera(parse(f"csi:?width=64&height=48&small=32{options}"), "yard", library=pi.library)


@pytest.mark.parametrize("layout", FORMATS)
@pytest.mark.parametrize("pad", [0, 16])
def test_every_layout_that_a_camera_may_give_is_read(layout, pad):
    pi = Pi(layout={"main": layout, "lores": layout}, pad=pad)
    with camera(pi) as source:
        first, second = islice(source, 2)
    for plane, height in ((first.pixels, 48), (first.small, 32)):
        assert np.abs(plane[height // 2 + 2 :].astype(int) - COLOUR).max() < 12, layout
        assert plane[: height // 2 - 2].max() < 12
    assert first.small.shape == (32, 32, 3)
    assert not np.shares_memory(first.pixels, second.pixels)
    assert (pi.held, pi.opened, pi.closed) == (0, 1, 1)


def test_an_unknown_layout_and_too_few_bytes_are_told():
    with pytest.raises(SourceError, match="format SRGGB10"):
        camera(Pi(layout={"main": "SRGGB10"})).open()
    with pytest.raises(ValueError, match="10 bytes for 4 rows"):
        to_rgb(np.zeros(10, np.uint8), "BGR888", 12, np.zeros((4, 4, 3), np.uint8))


def test_it_turns_by_the_processor_where_that_can_and_else_by_the_cpu():
    pi = Pi()
    with camera(pi, "&rotation=180&hflip=1") as source:
        next(iter(source))
    transform = pi.configuration["transform"]
    assert (transform.hflip, transform.vflip) == (False, True)
    with camera(Pi(), "&rotation=90") as source:
        frame = next(iter(source))
    # What was below is on the left after a quarter turn clockwise.
    assert frame.pixels.shape == (64, 48, 3)
    assert frame.pixels[:, :20].min() > 20
    assert frame.pixels[:, 28:].max() < 12
    assert frame.small[:, :12].min() > 20


def test_controls_are_those_that_the_camera_has(caplog):
    pi = Pi(known=("ExposureTime", "AnalogueGain", "AwbMode"))
    with camera(pi, "&fps=15&exposure_us=8000&gain=2.5&awb=daylight&autofocus=manual"):
        pass
    assert pi.configuration["controls"] == {
        "FrameRate": 15.0,
        "ExposureTime": 8000,
        "AnalogueGain": 2.5,
        "AwbMode": 5,
    }
    assert "this camera has no autofocus" in caplog.text
    focusing = Pi(known=("AfMode", "LensPosition"))
    with camera(focusing, "&lens=2"):
        pass
    assert focusing.configuration["controls"]["AfMode"] == 0
    assert focusing.configuration["controls"]["LensPosition"] == 2


def test_a_tuning_file_is_loaded_and_a_missing_one_told(tmp_path):
    (tmp_path / "noir.json").write_text("{}")
    pi = Pi()
    with camera(pi, f"&tuning={tmp_path}/noir.json"):
        pass
    assert pi.tuning == {"from": f"{tmp_path}/noir.json"}
    with pytest.raises(UriError, match="no tuning file"):
        camera(Pi(), "&tuning=/no/such.json").open()


@pytest.mark.parametrize("error", [ModuleNotFoundError("libcamera"), ValueError("numpy.dtype")])
def test_without_its_library_it_says_what_to_install(error):
    def absent():
        raise error

    source = Picamera(parse("csi:"), "yard", library=absent)
    with pytest.raises(ExtraError, match="apt-get install python3-picamera2"):
        source.open()


def test_no_camera_and_one_in_use_are_told_apart():
    with pytest.raises(SourceError, match="seat the ribbon"):
        camera(Pi(cameras=0)).open()
    with pytest.raises(SourceError, match="another program uses it"):
        camera(Pi(busy=True)).open()


def test_a_pulled_ribbon_ends_the_read_after_its_time():
    pi = Pi(ribbon=3)
    pulled = Picamera(parse("csi:"), "yard", library=pi.library, timeout_seconds=0.05)
    with pulled as source, pytest.raises(SourceError, match="ribbon may be loose"):
        list(source)
    assert pi.closed == 1


def test_stopping_does_not_wait_for_the_camera():
    source = camera(Pi(ribbon=0))
    with source:
        source.stop()
        assert list(source) == []


def board(tmp_path, name: str = ""):
    """A system whose kernel knows one camera, of that name, if any."""
    (tmp_path / "dev").mkdir()
    if name:
        node = tmp_path / "sys/class/video4linux/video0"
        node.mkdir(parents=True)
        (node / "name").write_text(name, encoding="utf-8")
        (tmp_path / "dev/video0").touch()
    return tmp_path


@pytest.mark.parametrize("name", ["", "unicam-image"])
def test_auto_opens_the_ribbon_cable_camera_where_there_is_no_other(tmp_path, name):
    pi = Pi()
    source = Auto(
        parse("auto:?width=64&height=48&format=yuyv"),
        "yard",
        root=board(tmp_path, name),
        ribbon=lambda address, name: Picamera(address, name, library=pi.library),
    )
    with source:
        frame = next(iter(source))
    assert (frame.source, frame.pixels.shape) == ("yard", (48, 64, 3))
    assert (pi.opened, pi.closed) == (1, 1)


def test_auto_says_what_a_ribbon_cable_camera_needs_only_where_there_is_one(tmp_path):
    def absent():
        raise ImportError("No module named 'picamera2'")

    def auto(root):
        return Auto(
            parse("auto"),
            "yard",
            root=root,
            ribbon=lambda address, name: Picamera(address, name, library=absent),
        )

    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with pytest.raises(SourceError, match="apt-get install python3-picamera2"):
        auto(board(tmp_path / "a", "unicam-image")).open()
    with pytest.raises(SourceError, match="no camera is connected") as told:
        auto(board(tmp_path / "b")).open()
    assert "picamera2" not in str(told.value)
