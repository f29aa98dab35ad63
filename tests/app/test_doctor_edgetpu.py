"""A device of files: what stands in the way of an Edge TPU, and the command that mends it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edgevision.app import proofs
from edgevision.app.checks import edgetpu
from edgevision.app.checks.finding import Device
from edgevision.app.doctor import this_device
from edgevision.errors import EngineError
from edgevision.evaluation.prove import Verdict

if TYPE_CHECKING:
    from pathlib import Path


def plant(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    return root


@pytest.fixture
def device(tmp_path) -> Device:
    """With one on the USB that lacks nothing."""
    base = "sys/bus/usb/devices"
    plant(
        tmp_path,
        **{
            f"{base}/2-1.4/idVendor": "18d1",
            f"{base}/2-1.4/idProduct": "9302",
            f"{base}/2-1.4/speed": "5000",
            f"{base}/2-1.4/busnum": "2",
            f"{base}/2-1.4/devnum": "7",
            f"{base}/2-1/bmAttributes": "e0",
            "dev/bus/usb/002/007": "",
        },
    )
    return Device(
        root=tmp_path,
        environ={"XDG_STATE_HOME": str(tmp_path / "state")},
        lists_edgetpus=lambda: (["usb"], "RuntimeVersion(14)"),
        tries_edgetpu=lambda: "m takes 2.4 ms",
    )


def raises(words):
    def raise_it():
        raise EngineError(words)

    return raise_it


def test_one_that_lacks_nothing(device):
    assert edgetpu.edge_tpu(device).found == "USB"
    assert edgetpu.driver(device).found == "usb; m takes 2.4 ms"
    assert edgetpu.edge_tpu(device).status == edgetpu.driver(device).status == "OK"


def test_it_is_found_before_its_firmware_is_loaded(device):
    base = "sys__bus__usb__devices__2-1.4"
    plant(device.root, **{f"{base}__idVendor": "1a6e", f"{base}__idProduct": "089a"})
    assert edgetpu.edge_tpu(device).found == "USB"


def test_none_is_nothing_to_worry_about(tmp_path):
    assert edgetpu.edge_tpu(Device(root=tmp_path)).found == "none"
    assert edgetpu.driver(Device(root=tmp_path)).found == "not needed: no Edge TPU"


def test_permission(device):
    asked = []

    def refused(path):
        asked.append(path)
        return False

    finding = edgetpu.edge_tpu(replace(device, may_write=refused))
    assert asked == [device.root / "dev/bus/usb/002/007"]
    assert finding.status == "WARN"
    assert "may not be opened by this user" in finding.found
    assert "plugdev" in finding.fix
    assert "udev" in finding.fix


@pytest.mark.parametrize(
    ("file", "text", "says", "fix"),
    [
        ("2-1/bmAttributes", "a0", "without a power supply", "own power supply"),
        ("2-1.4/speed", "480", "USB 2 port", "USB 3"),
    ],
)
def test_power_and_port(device, file, text, says, fix):
    (device.root / "sys/bus/usb/devices" / file).write_text(text)
    finding = edgetpu.edge_tpu(device)
    assert finding.status == "WARN"
    assert says in finding.found
    assert fix in finding.fix


@pytest.fixture
def pcie(tmp_path) -> Device:
    base = "sys/bus/pci/devices/0000:01:00.0"
    plant(tmp_path, **{f"{base}/vendor": "0x1ac1", f"{base}/device": "0x089a"})
    return Device(root=tmp_path, page_size=4096)


def test_pages_of_16_kb(pcie):
    finding = edgetpu.edge_tpu(replace(pcie, page_size=16384))
    assert "pages of 16 KB" in finding.found
    assert "kernel=kernel8.img" in finding.fix
    assert "gasket-dkms" in edgetpu.edge_tpu(pcie).fix


def test_heat_and_permission_on_the_pcie_bus(pcie):
    plant(pcie.root, sys__class__apex__apex_0__temp="61500", dev__apex_0="")
    assert edgetpu.edge_tpu(pcie).found == "PCIe"
    refused = edgetpu.edge_tpu(replace(pcie, may_write=lambda _: False))
    assert "/dev/apex_0 may not be opened" in refused.found
    assert "65-apex.rules" in refused.fix
    plant(pcie.root, sys__class__apex__apex_0__temp="91000")
    hot = edgetpu.edge_tpu(pcie)
    assert "91 °C" in hot.found
    assert "fan" in hot.fix


@pytest.mark.parametrize(
    ("changed", "says", "fix"),
    [
        ({"lists_edgetpus": raises("no libedgetpu.so.1")}, "no libedgetpu", "libedgetpu1-std"),
        ({"lists_edgetpus": lambda: ([], "v14")}, "sees no Edge TPU (v14)", "plug it in again"),
        (
            {"tries_edgetpu": raises("its process was ended by SIGSEGV")},
            "SIGSEGV",
            "engine.child_python",
        ),
        (
            {"tries_edgetpu": raises("has no TFLite runtime"), "python": (3, 13, 1)},
            "no TFLite runtime",
            "python3.11 -m venv",
        ),
        (
            {"tries_edgetpu": raises("has no TFLite runtime"), "python": (3, 11, 2)},
            "no TFLite runtime",
            "pip install tflite-runtime",
        ),
        ({"tries_edgetpu": raises("no answer within 2 s")}, "no answer", "cable"),
    ],
)
def test_the_driver(device, changed, says, fix):
    finding = edgetpu.driver(replace(device, **changed))
    assert finding.status == "WARN"
    assert says in finding.found
    assert fix in finding.fix


def test_a_refused_network_is_told_with_its_figures(device):
    what = proofs.Proved("a" * 64, "usb", "tflite_runtime 2.14.0")
    verdict = Verdict(ok=False, why="no", difference=0.42, millis=3.0, cpu_millis=9.0)
    proofs.keep(proofs.place(device.environ), what, verdict)
    finding = edgetpu.driver(device)
    assert "network aaaaaaaaaaaa is refused on usb: off by 42.0 %" in finding.found
    assert "edgetpu_compiler" in finding.fix


def test_an_environment_that_does_not_see_the_systems_packages(tmp_path):
    (tmp_path / "usr/lib/python3/dist-packages/picamera2").mkdir(parents=True)
    device = Device(root=tmp_path, environ={"VIRTUAL_ENV": "/opt/e"})
    plant(tmp_path, opt__e__pyvenv__cfg="")
    (tmp_path / "opt/e/pyvenv.cfg").write_text("include-system-site-packages = false\n")
    finding = edgetpu.system_packages(device)
    assert finding.status == "WARN"
    assert "picamera2" in finding.found
    assert "--system-site-packages" in finding.fix
    (tmp_path / "opt/e/pyvenv.cfg").write_text("include-system-site-packages = true\n")
    assert edgetpu.system_packages(device).status == "OK"


@pytest.mark.parametrize(("word", "says"), [("ok", "takes"), ("crash", "SIGSEGV")])
def test_this_device_is_asked_in_a_child(tpu, shared, monkeypatch, word, says):
    monkeypatch.setenv("EDGEVISION_MODELS__FOLDER", str(shared / "models"))
    tpu.say(word)
    device = replace(this_device(), environ={"XDG_STATE_HOME": str(tpu.folder)})
    assert says in edgetpu.driver(device).found
