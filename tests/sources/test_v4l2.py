"""USB cameras, against folders and captures that stand in for them."""

from __future__ import annotations

import errno
import os
import struct
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgevision.errors import SourceError, UriError
from edgevision.sources.auto import Auto
from edgevision.sources.uri import parse
from edgevision.sources.usb import Camera, discover
from edgevision.sources.v4l2 import V4l2, device_of


@pytest.fixture
def root(tmp_path):
    """A system with three nodes: a camera with two, and a codec whose node is gone."""
    for number, name in {0: "Webcam C270", 1: "Webcam C270", 10: "Other"}.items():
        node = tmp_path / f"sys/class/video4linux/video{number}"
        node.mkdir(parents=True)
        (node / "name").write_text(name + "\n")
        (tmp_path / "dev").mkdir(exist_ok=True)
        (tmp_path / f"dev/video{number}").touch()
    links = tmp_path / "dev/v4l/by-id"
    links.mkdir(parents=True)
    (links / "usb-Maker_Webcam_C270-video-index0").symlink_to("../../video0")
    (links / "usb-Maker_Webcam_C270-video-index1").symlink_to("../../video1")
    (links / "usb-Maker_Other-video-index0").symlink_to("../../video10")
    (tmp_path / "sys/class/video4linux/video20").mkdir()
    return tmp_path


class Capture:
    """Behaves as OpenCV's capture of a camera that has two sizes; `plan` is what reads give."""

    sizes = ((640, 480), (1280, 720))
    plan: tuple[bool, ...] = (True,) * 100
    opened = True

    def __init__(self, device, backend):
        assert backend == cv2.CAP_V4L2
        self.device = device
        self.asked = []
        self.values = {cv2.CAP_PROP_FRAME_WIDTH: 640, cv2.CAP_PROP_FRAME_HEIGHT: 480}
        self.reads = iter(self.plan)
        self.released = 0

    def isOpened(self):  # noqa: N802 - OpenCV's name
        return self.opened

    def set(self, key, value):
        self.asked.append(key)
        self.values[key] = value
        return True

    def get(self, key):
        return float(self.values.get(key, 0))

    def read(self):
        if not next(self.reads, False):
            return False, None
        blue = np.zeros((4, 6, 3), np.uint8)
        blue[..., 0] = 255
        return True, blue

    def release(self):
        self.released += 1


def camera(text, root, kind=Capture):
    made = []

    def make(device, backend):
        made.append(kind(device, backend))
        return made[-1]

    return V4l2(parse(text), "cam", root=root, capture=make), made


def test_frames_are_rgb_dated_and_their_own(root):
    source, made = camera("v4l2:0", root)
    with source:
        one, two = islice(source, 2)
    assert one.pixels[0, 0].tolist() == [0, 0, 255]
    assert (one.number, two.number) == (0, 1)
    assert two.seconds >= one.seconds
    assert one.taken_at.tzinfo is not None
    assert made[0].device == str(root / "dev/video0")
    assert made[0].released == 1
    source.close()
    assert made[0].released == 1


def test_mjpeg_720p_is_asked_for_the_format_first(root):
    source, made = camera("v4l2:0", root)
    with source:
        pass
    assert made[0].asked[0] == cv2.CAP_PROP_FOURCC
    values = made[0].values
    assert values[cv2.CAP_PROP_FOURCC] == cv2.VideoWriter.fourcc(*"MJPG")
    assert values[cv2.CAP_PROP_FRAME_WIDTH] == 1280
    assert values[cv2.CAP_PROP_FRAME_HEIGHT] == 720
    assert values[cv2.CAP_PROP_FPS] == 30
    assert values[cv2.CAP_PROP_BUFFERSIZE] == 1


def test_another_mode(root):
    source, made = camera("v4l2:0?width=640&height=480&fps=15&format=yuyv", root)
    with source:
        pass
    values = made[0].values
    assert values[cv2.CAP_PROP_FOURCC] == cv2.VideoWriter.fourcc(*"YUYV")
    assert (values[cv2.CAP_PROP_FRAME_WIDTH], values[cv2.CAP_PROP_FPS]) == (640, 15)


def test_a_camera_that_is_pulled_out(root):
    class Short(Capture):
        plan = (True, False, True, False, False)

    source, _ = camera("v4l2:0", root, Short)
    given = []
    with source, pytest.raises(SourceError, match="unplugged"):
        given.extend(iter(source))
    source, _ = camera("v4l2:0", root, Short)
    with source:
        assert [frame.number for frame in islice(source, 2)] == [0, 1]


def test_stop(root):
    source, _ = camera("v4l2:0", root)
    with source:
        for frame in source:
            if frame.number == 3:
                source.stop()
    assert frame.number == 3


@pytest.mark.parametrize("text", ["v4l2:7", "v4l2:/dev/video7", "v4l2:Nikon"])
def test_a_camera_that_is_not_there(root, text):
    source, made = camera(text, root)
    with pytest.raises(SourceError, match="edgevision cameras"):
        source.open()
    assert not made


def test_a_camera_that_is_in_use(root):
    class Busy(Capture):
        opened = False

    source, made = camera("v4l2:0", root, Busy)
    with pytest.raises(SourceError, match="another program"):
        source.open()
    assert made[0].released == 1


def test_what_is_no_camera_for_opencv_itself(tmp_path, capfd):
    node = tmp_path / "dev/video0"
    node.parent.mkdir()
    node.touch()
    with pytest.raises(SourceError, match="is no camera"):
        V4l2(parse("v4l2:0"), "cam", root=tmp_path).open()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may use every device")
def test_no_permission(root):
    (root / "dev/video0").chmod(0)
    source, _ = camera("v4l2:0", root)
    with pytest.raises(SourceError, match="usermod -aG video"):
        source.open()


def test_names_by_id(root):
    links = root / "dev/v4l/by-id"
    full = "usb-Maker_Webcam_C270-video-index0"
    assert device_of(full, root) == links / full
    assert device_of("c270", root) == links / full
    assert device_of("00", root) == root / "dev/video0"
    assert device_of("/dev/video1", root) == root / "dev/video1"
    with pytest.raises(UriError, match="several"):
        device_of("Maker", root)


def test_discovery(root):
    found = discover(root)
    assert [Path(one.device).name for one in found] == ["video0", "video1", "video10"]
    assert found[0].name == "Webcam C270"
    assert found[0].by_id.endswith("usb-Maker_Webcam_C270-video-index0")
    assert found[2].by_id.endswith("usb-Maker_Other-video-index0")
    assert all(one.modes == () for one in found)
    assert discover(root / "nowhere") == ()


class Kernel:
    """Answers as drivers do: video0 is a USB camera, video1 its metadata, video10 a codec."""

    def __init__(self, root):
        self.numbers = {(root / f"dev/video{n}").stat().st_ino: n for n in (0, 1, 10)}

    def __call__(self, handle, request, answer):
        number = self.numbers[os.fstat(handle).st_ino]
        if request == 0x80685600:  # VIDIOC_QUERYCAP
            driver = b"bcm2835-codec" if number == 10 else b"uvcvideo"
            own = {0: 0x04200001, 1: 0x04A00000, 10: 0x04008001}[number]
            struct.pack_into("<16s32s32sIII", answer, 0, driver, b"", b"", 1, 1 << 31 | 0x1, own)
            return
        (index,) = struct.unpack_from("<I", answer)
        if request == 0xC0405602 and index < 2:  # VIDIOC_ENUM_FMT
            struct.pack_into("<4s", answer, 44, (b"MJPG", b"YUYV")[index])
            return
        if request == 0xC02C564A:  # VIDIOC_ENUM_FRAMESIZES
            if answer[4:8] == b"MJPG" and index < 2:
                struct.pack_into("<III", answer, 8, 1, *((1280, 720), (640, 480))[index])
                return
            if answer[4:8] == b"YUYV" and index == 0:
                struct.pack_into("<IIIIIII", answer, 8, 3, 32, 640, 2, 24, 480, 2)
                return
        raise OSError(errno.EINVAL, "no more")


def test_what_the_kernel_says_of_each_node(root):
    (found,) = discover(root, Kernel(root))
    assert Path(found.device).name == "video0"
    assert found.driver == "uvcvideo"
    assert found.modes == ("MJPG 1280x720", "MJPG 640x480", "YUYV 32x24 to 640x480")


def test_which_cameras_need_libcamera():
    assert Camera("/dev/video0", "unicam-image", driver="unicam").csi
    assert not Camera("/dev/video0", "Webcam", driver="uvcvideo").csi


def test_auto_takes_the_first_that_opens(root):
    class Picky(Capture):
        def isOpened(self):  # noqa: N802 - OpenCV's name
            return self.device.endswith("video10")

    made = []

    def make(address, name):
        made.append(address)
        return V4l2(address, name, capture=Picky)

    with Auto(parse("auto:?width=640"), "cam", root=root, camera=make) as source:
        assert next(iter(source)).source == "cam"
    assert [Path(address.target).name for address in made] == ["video0", "video1", "video10"]
    assert made[-1].options["width"] == 640


def test_auto_without_cameras_says_what_to_do(tmp_path, root):
    with pytest.raises(SourceError, match=r"no camera is connected.*--source file:"):
        Auto(parse("auto"), "cam", root=tmp_path / "none").open()

    class Busy(Capture):
        opened = False

    def make(address, name):
        return V4l2(address, name, capture=Busy)

    with pytest.raises(SourceError, match=r"another program.*--source images:"):
        Auto(parse("auto"), "cam", root=root, camera=make).open()


def test_auto_looks_again_each_time_and_stops(root):
    empty = root / "later"
    source = Auto(parse("auto"), "cam", root=empty, camera=lambda a, n: V4l2(a, n, capture=Capture))
    with pytest.raises(SourceError):
        source.open()
    (empty / "sys/class/video4linux/video0").mkdir(parents=True)
    (empty / "dev").mkdir()
    (empty / "dev/video0").touch()
    with source:
        for frame in source:
            if frame.number == 2:
                source.stop()
    assert frame.number == 2
