"""Which cameras the kernel knows, and what they can do: Video4Linux by its ioctls."""

from __future__ import annotations

import fcntl
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Ioctl = Callable[[int, int, bytearray], object]

# linux/videodev2.h: _IOR('V', 0, v4l2_capability) and _IOWR('V', n, ...), the same on every
# architecture that Debian has for these boards.
_QUERYCAP, _CAPABILITY = 0x80685600, struct.Struct("<16s32s32sIII12x")
_ENUM_FMT, _FORMAT = 0xC0405602, struct.Struct("<III32s4s16x")
_ENUM_SIZES, _SIZES = 0xC02C564A, struct.Struct("<I4sI24x8x")
_CAPTURE, _MULTIPLANAR, _MEM2MEM = 0x1, 0x1000, 0x4000 | 0x8000  # V4L2_CAP_...
_BUFFER_CAPTURE = 1  # V4L2_BUF_TYPE_VIDEO_CAPTURE
_HAS_DEVICE_CAPS = 0x80000000
_DISCRETE = 1
_MOST = 64  # formats, and sizes of a format: some drivers never end the list

# They give raw sensor data that only libcamera can make a picture of.
# What their ports are called where this user may not ask for the driver.
_CSI_NAMES = ("unicam-", "rp1-cfe-")
JETSON_DRIVER = "tegra-video"
CSI_DRIVERS = frozenset({"unicam", "rp1-cfe", "bcm2835-isp", "pispbe", JETSON_DRIVER})


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera that the kernel knows.

    Attributes:
        device: its node, as "/dev/video0".
        name: as the driver gives it.
        by_id: the link that stays the same whatever is plugged in where, or "".
        driver: the kernel's driver, or "" if the node may not be opened.
        modes: as "MJPG 1280x720", in the camera's order; empty if they cannot be read.
    """

    device: str
    name: str
    by_id: str = ""
    driver: str = ""
    modes: tuple[str, ...] = ()

    @property
    def csi(self) -> bool:
        """True for a ribbon-cable camera, which Video4Linux alone cannot read."""
        return self.driver in CSI_DRIVERS or self.name.startswith(_CSI_NAMES)


def discover(root: Path = Path("/"), ioctl: Ioctl = fcntl.ioctl) -> tuple[Camera, ...]:
    """The cameras under `root` (whose sys/ and dev/ are looked at), in the order of their numbers.

    Left out are nodes that are no camera: codecs, scalers, a camera's metadata. `ioctl` asks the
    kernel; it is called as `fcntl.ioctl` is.
    """
    nodes = sorted((root / "sys/class/video4linux").glob("video*"), key=_number)
    links = {_resolved(link): link for link in sorted((root / "dev/v4l/by-id").glob("*"))}
    found = []
    for node in nodes:
        device = root / "dev" / node.name
        try:
            name = (node / "name").read_text("utf-8", "replace").strip()
        except OSError:
            name = node.name
        driver, is_camera, modes = _ask(device, ioctl)
        link = links.get(_resolved(device))
        if is_camera and device.exists():
            found.append(Camera(str(device), name, str(link or ""), driver, modes))
    return tuple(found)


def _number(node: Path) -> tuple[int, str]:
    digits = node.name.removeprefix("video")
    return (int(digits) if digits.isdecimal() else 10**9, node.name)


def _resolved(path: Path) -> str:
    return os.path.realpath(path)


def _ask(device: Path, ioctl: Ioctl) -> tuple[str, bool, tuple[str, ...]]:
    """Driver, whether it captures, and modes; what cannot be asked counts as a camera."""
    try:
        handle = os.open(device, os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return "", True, ()
    try:
        answer = bytearray(_CAPABILITY.size)
        ioctl(handle, _QUERYCAP, answer)
        driver, _, _, _, all_caps, own_caps = _CAPABILITY.unpack(answer)
        caps = own_caps if all_caps & _HAS_DEVICE_CAPS else all_caps
        captures = bool(caps & (_CAPTURE | _MULTIPLANAR)) and not caps & _MEM2MEM
        return _text(driver), captures, tuple(_modes(handle, ioctl)) if captures else ()
    except OSError:
        return "", True, ()
    finally:
        os.close(handle)


def _modes(handle: int, ioctl: Ioctl) -> Iterator[str]:
    for index in range(_MOST):
        fmt = bytearray(_FORMAT.pack(index, _BUFFER_CAPTURE, 0, b"", b""))
        if not _answered(ioctl, handle, _ENUM_FMT, fmt):
            return
        fourcc = _FORMAT.unpack(fmt)[4]
        for size_index in range(_MOST):
            size = bytearray(_SIZES.pack(size_index, fourcc, 0))
            if not _answered(ioctl, handle, _ENUM_SIZES, size):
                break
            yield f"{_text(fourcc).strip()} {_size(size)}"
            if _SIZES.unpack(size)[2] != _DISCRETE:
                break


def _answered(ioctl: Ioctl, handle: int, request: int, answer: bytearray) -> bool:
    try:
        ioctl(handle, request, answer)
    except OSError:
        return False
    return True


def _size(answer: bytearray) -> str:
    kind = _SIZES.unpack(answer)[2]
    if kind == _DISCRETE:
        width, height = struct.unpack_from("<II", answer, 12)
        return f"{width}x{height}"
    narrow, wide, _, low, high, _ = struct.unpack_from("<6I", answer, 12)
    return f"{narrow}x{low} to {wide}x{high}"


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("ascii", "replace")
