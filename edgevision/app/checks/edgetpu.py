"""The Edge TPU: is one there, may it be opened, has it power, and does its driver get along?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgevision.app import proofs
from edgevision.app.checks.finding import Finding
from edgevision.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edgevision.app.checks.finding import Device

# Before and after its firmware is loaded.
_USB_IDS = {("1a6e", "089a"), ("18d1", "9302")}
_PCI_ID = ("0x1ac1", "0x089a")
_USB2_MBITS = 480
# Bit 6 of bmAttributes: fed by a supply of its own (USB 2.0 specification, table 9-10).
_SELF_POWERED = 0x40
_PAGE = 4096
# It slows itself down from 85 degrees on (Coral, "Manage the PCIe module temperature").
_HOT = 85.0

_NEVER_OLD = (3, 12)
_UDEV = (
    'echo \'SUBSYSTEMS=="usb", ATTRS{idVendor}=="1a6e|18d1", GROUP="plugdev", MODE="0664"\' | '
    "sudo tee /etc/udev/rules.d/99-edgetpu.rules && sudo usermod --append --groups plugdev $USER "
    "&& sudo udevadm control --reload && sudo udevadm trigger, then log in again"
)
_APEX = (
    'echo \'SUBSYSTEM=="apex", GROUP="plugdev", MODE="0660"\' | sudo tee '
    "/etc/udev/rules.d/65-apex.rules && sudo usermod --append --groups plugdev $USER && "
    "sudo udevadm control --reload && sudo udevadm trigger, then log in again"
)
_LIBRARY = "sudo apt-get install --yes libedgetpu1-std"
_OLD_PYTHON = (
    "python3.11 -m venv ~/edgetpu && ~/edgetpu/bin/pip install tflite-runtime 'numpy<2', and set "
    "engine.child_python: ~/edgetpu/bin/python"
)


def edge_tpu(device: Device) -> Finding:
    """Whether one is there, may be opened, and has what it needs."""
    usb, pci = list(_usb(device)), list(_pci(device))
    bare = _without_driver(device) if not pci else None
    if bare is not None:
        return bare
    told = ", ".join(["USB"] * len(usb) + ["PCIe"] * len(pci))
    if not told:
        return Finding("OK", "none")
    troubles = [*map(_trouble_of_usb, usb), *(_trouble_of_pci(device, node) for node in pci)]
    for trouble in filter(None, troubles):
        return Finding("WARN", f"{told}; {trouble[0]}", trouble[1])
    return Finding("OK", told)


def is_there(device: Device) -> bool:
    """Whether the kernel knows one; no library is asked."""
    return any(True for _ in (*_usb(device), *_pci(device)))


def driver(device: Device) -> Finding:
    """Whether libedgetpu is there, sees the device, and gets along with the runtime."""
    there = is_there(device)
    try:
        devices, version = device.lists_edgetpus()
    except EngineError as error:
        if not there:
            return Finding("OK", "not needed: no Edge TPU")
        return Finding("WARN", str(error), _LIBRARY)
    if not devices:
        if not there:
            return Finding("OK", f"libedgetpu is there, no Edge TPU ({version})")
        return Finding("WARN", f"sees no Edge TPU ({version})", "unplug it and plug it in again")
    try:
        tried = device.tries_edgetpu()
    except EngineError as error:
        return Finding("WARN", str(error), _mend(str(error), device))
    return _of_proofs(device, f"{', '.join(devices)}; {tried}")


def system_packages(device: Device) -> Finding:
    """Whether this environment sees the system's camera library, where there is one."""
    environment = device.environ.get("VIRTUAL_ENV", "")
    folder = device.root / "usr/lib/python3/dist-packages"
    there = [name for name in ("picamera2", "gi") if (folder / name).is_dir()]
    text = (device.read(f"{environment.lstrip('/')}/pyvenv.cfg") or "") if environment else ""
    if not environment or not there:
        return Finding("OK", "nothing of the system is needed")
    if "include-system-site-packages = true" in text.lower():
        return Finding("OK", f"sees the system's {' and '.join(there)}")
    return Finding(
        "WARN",
        f"{environment} does not see the system's {' and '.join(there)}",
        f"python3 -m venv --system-site-packages --upgrade {environment}",
    )


@dataclass(frozen=True, slots=True)
class _Usb:
    """One on the USB: whether it may be opened, its port's speed, whether its hub has a supply."""

    may_open: bool
    mbits: int | None
    bare_hub: bool


def _usb(device: Device) -> Iterator[_Usb]:
    base = "sys/bus/usb/devices"
    for path in sorted((device.root / base).glob("*/idVendor")):
        at = f"{base}/{path.parent.name}"
        if (device.read(f"{at}/idVendor"), device.read(f"{at}/idProduct")) not in _USB_IDS:
            continue
        bus, number = (device.read(f"{at}/{name}") or "" for name in ("busnum", "devnum"))
        node = device.root / f"dev/bus/usb/{bus.zfill(3)}/{number.zfill(3)}"
        speed = device.read(f"{at}/speed") or ""
        # "2-1.4" hangs on the hub "2-1".
        hub = path.parent.name.rpartition(".")[0]
        powered = device.read(f"{base}/{hub}/bmAttributes") if hub else None
        yield _Usb(
            not node.exists() or device.may_write(node),
            int(speed) if speed.isdigit() else None,
            powered is not None and not int(powered, 16) & _SELF_POWERED,
        )


def _trouble_of_usb(one: _Usb) -> tuple[str, str] | None:
    if not one.may_open:
        return "may not be opened by this user", _UDEV
    if one.bare_hub:
        return "on a hub without a power supply", "use a hub with its own power supply"
    if one.mbits is not None and one.mbits <= _USB2_MBITS:
        return "on a USB 2 port, which is slower", "plug it into a blue (USB 3) port"
    return None


def _pci(device: Device) -> Iterator[Path]:
    yield from sorted((device.root / "sys/class/apex").glob("apex_*"))


def _trouble_of_pci(device: Device, entry: Path) -> tuple[str, str] | None:
    node = device.root / "dev" / entry.name
    if node.exists() and not device.may_write(node):
        return f"/dev/{entry.name} may not be opened by this user", _APEX
    text = device.read(f"sys/class/apex/{entry.name}/temp") or ""
    degrees = int(text) / 1000 if text.lstrip("-").isdigit() else None
    if degrees is not None and degrees >= _HOT:
        return f"{degrees:.0f} °C: it slows itself down", "give it a heat sink or a fan"
    return None


def _without_driver(device: Device) -> Finding | None:
    """One on the PCIe bus that no driver has taken."""
    for path in (device.root / "sys/bus/pci/devices").glob("*/vendor"):
        at = path.parent.relative_to(device.root)
        if (device.read(f"{at}/vendor"), device.read(f"{at}/device")) != _PCI_ID:
            continue
        if device.page_size != _PAGE:
            kib = device.page_size // 1024
            return Finding(
                "WARN",
                f"PCIe, without a driver: the kernel has pages of {kib} KB, the driver wants 4",
                "echo kernel=kernel8.img | sudo tee -a /boot/firmware/config.txt && sudo reboot",
            )
        fix = "sudo apt-get install --yes gasket-dkms && sudo reboot"
        return Finding("WARN", "PCIe, without a driver (/dev/apex_0)", fix)
    return None


def _mend(error: str, device: Device) -> str:
    if "no TFLite runtime" in error and device.python >= _NEVER_OLD:
        return _OLD_PYTHON
    if "no TFLite runtime" in error:
        return "pip install tflite-runtime"
    if "SIGSEGV" in error:
        # Built for another TensorFlow than the runtime.
        return _OLD_PYTHON
    return "unplug it and plug it in again; a short cable, a port with enough power"


def _of_proofs(device: Device, found: str) -> Finding:
    refused = [
        (what, verdict)
        for what, verdict in proofs.kept(proofs.place(device.environ)).items()
        if not verdict.ok
    ]
    for what, verdict in refused:
        return Finding(
            "WARN",
            f"{found}; network {what.sha256[:12]} is refused on {what.device}: {verdict.figures}",
            "compile it anew with edgetpu_compiler, or set engine.device: cpu",
        )
    return Finding("OK", found)
