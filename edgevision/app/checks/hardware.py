"""Cameras, the display, heat and the processor's clock."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from edgevision.app.checks.finding import Finding
from edgevision.app.sensors import THROTTLING, Sensors
from edgevision.sources.usb import discover

if TYPE_CHECKING:
    from edgevision.app.checks.finding import Device

# A Pi slows itself down from 80 degrees on, and hard from 85.
_HOT = 80.0
# These drivers scale the clock with the load under that name, too.
_DYNAMIC_DRIVERS = ("intel_pstate", "amd-pstate-epp")


def cameras(device: Device) -> Finding:
    """Those that the kernel knows."""
    found = discover(device.root)
    usb = [camera for camera in found if not camera.csi]
    if usb:
        names = ", ".join(f"{camera.name} ({camera.device})" for camera in usb)
        if not any(camera.driver for camera in usb):
            return Finding(
                "WARN",
                f"{names}; may not be opened by this user",
                "sudo usermod --append --groups video $USER, then log in again",
            )
        return Finding("OK", names)
    if found:
        names = ", ".join(camera.name for camera in found)
        return _ribbon(device, names)
    return Finding("WARN", "none", _CONNECT)


_CONNECT = "connect a USB camera, or: edgevision run --source file:VIDEO"


def display(device: Device) -> Finding:
    """Whether a window can be shown."""
    shown = [
        f"{what} {device.environ[name]}"
        for name, what in (("WAYLAND_DISPLAY", "Wayland"), ("DISPLAY", "X11"))
        if device.environ.get(name)
    ]
    library = "pygame-ce" in device.packages
    if shown and not library:
        fix = "pip install 'edgevision[display]'"
        return Finding("WARN", f"{', '.join(shown)}, but no pygame-ce for --display window", fix)
    if not shown and any((device.root / "dev/dri").glob("card*")):
        shown = ["a graphics card without a desktop" + ("" if library else ", no pygame-ce")]
    return Finding("OK", ", ".join(shown) or "none; without one all works but --display window")


def heat(device: Device) -> Finding:
    """The hottest sensor, and whether the board slows itself down."""
    read = Sensors(device.root, lambda _: device.throttling).read()
    degrees = read.temperature_c
    found = ["no sensor" if degrees is None else f"{degrees:.0f} °C"]
    found += [f"{what} now" for what in read.now]
    found += [f"{what} since the start" for what in read.since_start if what not in read.now]
    told = ", ".join(found)
    ever = {*read.now, *read.since_start}
    if THROTTLING[0] in ever:
        return Finding("WARN", told, "use the power supply made for this board, and a short cable")
    if ever or (degrees is not None and degrees > _HOT):
        return Finding(
            "WARN", told, "give the board a heat sink or a fan, or set engine.threads: 1"
        )
    return Finding("OK", told)


def governor(device: Device) -> Finding:
    """Who sets the processor's clock."""
    base = "sys/devices/system/cpu/cpu0/cpufreq"
    name = device.read(f"{base}/scaling_governor")
    driver = device.read(f"{base}/scaling_driver")
    if name == "powersave" and driver not in _DYNAMIC_DRIVERS:
        return Finding(
            "WARN",
            "powersave keeps the processor at its slowest clock",
            f"echo ondemand | sudo tee /{base.replace('cpu0', 'cpu*')}/scaling_governor",
        )
    return Finding("OK", name or "not set by this system")


def _ribbon(device: Device, names: str) -> Finding:
    """A ribbon-cable camera and no other: is there what it is read by?"""
    if device.loads("libcamera.so.0.5") or (device.root / "usr/share/libcamera").is_dir():
        return Finding("OK", f"ribbon cable: {names}; edgevision run --source csi:0")
    return Finding(
        "WARN",
        f"ribbon cable, without libcamera: {names}",
        "sudo apt-get install python3-picamera2",
    )


def camera_trouble(device: Device) -> Finding:
    """Cable, power, driver or a busy processor: what the kernel and the firmware say of each."""
    read = Sensors(device.root, lambda _: device.throttling).read()
    if THROTTLING[0] in (*read.now, *read.since_start):
        return Finding(
            "WARN",
            "power: too little voltage, of which cameras fall silent first",
            "use the power supply made for this board, and a short cable",
        )
    media = list((device.root / "dev").glob("media*"))
    csi = [camera for camera in discover(device.root) if camera.csi]
    sensors = [
        name
        for path in sorted((device.root / "sys/class/video4linux").glob("v4l-subdev*/name"))
        if (name := device.read(str(path.relative_to(device.root)))) and _SENSOR.match(name)
    ]
    if csi and not media:
        return Finding(
            "WARN",
            "driver: a camera port without /dev/media*",
            "sudo dmesg | grep -i -e csi -e cam",
        )
    if csi and not sensors:
        return Finding(
            "WARN",
            "cable: the port is there, and no sensor answers on it",
            "power off, seat the ribbon at both ends with its contacts towards the board's",
        )
    stalled = _stalled_share(device)
    if stalled is not None and stalled > _BUSY:
        return Finding(
            "WARN",
            f"processor: tasks waited for it {stalled:.0f} % of the last minute",
            "stop what else runs, or set source's fps lower; `top` tells what it is",
        )
    return Finding("OK", "no sign of a bad cable, power, driver or a busy processor")


# Sensors are called by their type and bus: "imx708_wide 10-001a".
_SENSOR = re.compile(r"(imx|ov|arducam|gc|hm|sc|ar|s5k|mira)\w*", re.IGNORECASE)
# Per cent of a minute in which some task waited for a core.
_BUSY = 60.0


def _stalled_share(device: Device) -> float | None:
    """Of the kernel's pressure stall information (Documentation/accounting/psi.rst)."""
    found = re.search(r"some .*?avg60=([\d.]+)", device.read("proc/pressure/cpu") or "")
    return float(found[1]) if found else None
