from __future__ import annotations

import shutil
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest

from edgevision.app.checks.finding import Device, Finding
from edgevision.app.doctor import CHECKS, examine, this_device
from edgevision.zoo.registry import DEFAULT, embedded

if TYPE_CHECKING:
    from pathlib import Path

WELL = {
    "ai-edge-litert": "2.3.0",
    "numpy": "2.2.4",
    "opencv-python-headless": "4.12.0.88",
    "pygame-ce": "2.5.6",
}


def plant(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    return root


def look(check: str, device: Device) -> Finding:
    return examine(device, {check: CHECKS[check]})[check]


def test_every_check_answers_on_this_device(tmp_path):
    findings = examine(this_device())

    assert list(findings) == list(CHECKS)
    for name, finding in findings.items():
        assert finding.found, name
        assert "\n" not in finding.found, name
        assert (finding.fix is None) == (finding.status == "OK"), name
    assert findings["models"].status == "OK", findings["models"]
    assert findings["XNNPACK"].status in ("OK", "WARN"), findings["XNNPACK"]


def test_a_check_that_breaks_is_told_and_the_others_go_on():
    def broken(device):
        raise ZeroDivisionError("no")

    findings = examine(Device(), {"broken": broken, "Python": CHECKS["Python"]})

    assert findings["broken"].status == "FAIL"
    assert "ZeroDivisionError" in findings["broken"].found
    assert findings["Python"].status == "OK"


@pytest.mark.parametrize(
    ("version", "status"),
    [((3, 9, 2), "FAIL"), ((3, 10, 0), "OK"), ((3, 13, 5), "OK"), ((3, 14, 0), "FAIL")],
)
def test_python(version, status):
    assert look("Python", Device(python=version)).status == status


@pytest.mark.parametrize(
    ("packages", "status", "word"),
    [
        ({"ai-edge-litert": "2.3.0"}, "OK", "LiteRT 2.3.0"),
        ({"tflite-runtime": "2.14.0"}, "WARN", "4 to 25 times slower"),
        ({"ai-edge-litert": "2.3.0", "tflite-runtime": "2.14.0"}, "OK", "tflite-runtime 2.14.0"),
        ({}, "FAIL", "no TFLite runtime"),
    ],
)
def test_runtime(packages, status, word):
    finding = look("runtime", Device(packages=packages))

    assert finding.status == status
    assert word in finding.found
    assert finding.fix in (None, "pip install ai-edge-litert")


def test_a_model_with_one_changed_byte_is_found(tmp_path):
    path = embedded()[DEFAULT]
    copy = tmp_path / path.name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    copy.write_bytes(content)
    shutil.copy(path.with_suffix(".json"), tmp_path)

    finding = look("models", Device(models={DEFAULT: copy}))

    assert finding.status == "FAIL"
    assert "damaged" in finding.found


def test_a_model_cut_short_fails_without_a_traceback(tmp_path):
    path = embedded()[DEFAULT]
    copy = tmp_path / path.name
    copy.write_bytes(b"")
    shutil.copy(path.with_suffix(".json"), tmp_path)
    device = Device(models={DEFAULT: copy})

    assert look("models", device).status == "FAIL"
    assert look("XNNPACK", device).status == "FAIL"
    assert look("models", Device(models={})).status == "FAIL"
    assert look("XNNPACK", Device(models={})).status == "FAIL"


@pytest.mark.parametrize(
    ("release", "numpy", "picamera2", "status"),
    [
        ("bookworm", "2.2.4", True, "WARN"),
        ("bookworm", "1.26.4", True, "OK"),
        ("bookworm", "2.2.4", False, "OK"),
        ("trixie", "2.2.4", True, "OK"),
    ],
)
def test_the_systems_camera_library_and_numpy_2(tmp_path, release, numpy, picamera2, status):
    plant(tmp_path, **{"etc/os-release": f"VERSION_CODENAME={release}"})
    packages = {**WELL, "numpy": numpy, **({"picamera2": "0.3.30"} if picamera2 else {})}

    finding = look("numbers", Device(root=tmp_path, packages=packages))

    assert finding.status == status
    assert ("'numpy<2'" in (finding.fix or "")) == (status == "WARN")


def test_numpy_that_is_missing_fails():
    assert look("numbers", Device()).status == "FAIL"


def test_two_wheels_of_opencv():
    finding = look("OpenCV", Device(packages={**WELL, "opencv-python": "4.12.0.88"}))

    assert finding.status == "FAIL"
    assert "pip uninstall -y opencv-python opencv-python-headless" in (finding.fix or "")
    assert look("OpenCV", Device(packages=WELL)).status == "OK"
    assert look("OpenCV", Device()).status == "FAIL"


def test_no_camera(tmp_path):
    finding = look("cameras", Device(root=tmp_path))

    assert finding.status == "WARN"
    assert "--source file:" in (finding.fix or "")


def test_other_usb_devices_are_no_edge_tpu(tmp_path):
    base = "sys/bus/usb/devices/1-1"
    plant(tmp_path, **{f"{base}/idVendor": "18d1", f"{base}/idProduct": "4ee7"})

    assert look("Edge TPU", Device(root=tmp_path)).status == "OK"
    (tmp_path / "sys/class/apex/apex_0").mkdir(parents=True)
    assert look("Edge TPU", Device(root=tmp_path)).found.startswith("PCIe")


def test_display(tmp_path):
    on_x = {"DISPLAY": ":0"}

    assert look("display", Device(root=tmp_path)).found.startswith("none")
    assert "X11 :0" in look("display", Device(tmp_path, on_x, packages=WELL)).found
    finding = look("display", Device(tmp_path, on_x))
    assert (finding.status, finding.fix) == ("WARN", "pip install 'edgevision[display]'")
    plant(tmp_path, **{"dev/dri/card0": ""})
    assert "without a desktop" in look("display", Device(tmp_path, packages=WELL)).found


@pytest.mark.parametrize(
    ("millidegrees", "throttling", "status", "word"),
    [
        ("51000", None, "OK", "51 °C"),
        ("80500", None, "WARN", "80 °C"),
        ("51000", "throttled=0x0", "OK", "51 °C"),
        ("51000", "throttled=0x50005", "WARN", "too little voltage now"),
        ("51000", "throttled=0x40000", "WARN", "throttled clock since the start"),
        ("51000", "throttled=0x10000", "WARN", "too little voltage since the start"),
    ],
)
def test_heat(tmp_path, millidegrees, throttling, status, word):
    plant(
        tmp_path,
        **{
            "sys/class/thermal/thermal_zone0/temp": "30000",
            "sys/class/thermal/thermal_zone1/temp": millidegrees,
        },
    )

    finding = look("heat", Device(root=tmp_path, throttling=throttling))

    assert finding.status == status
    assert word in finding.found


def test_a_device_without_sensors_is_not_hot(tmp_path):
    assert look("heat", Device(root=tmp_path)) == Finding("OK", "no sensor")


@pytest.mark.parametrize(
    ("name", "driver", "status"),
    [
        ("powersave", "cpufreq-dt", "WARN"),
        ("ondemand", "cpufreq-dt", "OK"),
        ("powersave", "intel_pstate", "OK"),
    ],
)
def test_governor(tmp_path, name, driver, status):
    base = "sys/devices/system/cpu/cpu0/cpufreq"
    plant(tmp_path, **{f"{base}/scaling_governor": name, f"{base}/scaling_driver": driver})

    finding = look("governor", Device(root=tmp_path))

    assert finding.status == status
    assert ("scaling_governor" in (finding.fix or "")) == (status == "WARN")


@pytest.mark.parametrize(
    ("free_mb", "status"), [(49, "FAIL"), (51, "WARN"), (499, "WARN"), (501, "OK")]
)
def test_disk_is_looked_at_where_events_are_kept(tmp_path, free_mb, status):
    asked = []

    def free_bytes(folder):
        asked.append(folder)
        return free_mb * 1_000_000

    environ = {"EDGEVISION_STORE__PATH": str(tmp_path / "not/yet/events.sqlite")}
    finding = look("disk", Device(environ=environ, free_bytes=free_bytes))

    assert finding.status == status
    assert f"{free_mb} MB" in finding.found
    assert asked == [tmp_path]


@pytest.mark.parametrize(
    ("available_kb", "status"), [(50_000, "FAIL"), (200_000, "WARN"), (900_000, "OK")]
)
def test_memory(tmp_path, available_kb, status):
    text = f"MemTotal: 2000000 kB\nMemAvailable:   {available_kb} kB"
    plant(tmp_path, **{"proc/meminfo": text})

    assert look("memory", Device(root=tmp_path)).status == status


def test_a_clock_that_was_never_set():
    never = look("clock", Device(now=lambda: datetime(1970, 1, 1, tzinfo=timezone.utc)))

    assert never.status == "WARN"
    assert "set-ntp" in (never.fix or "")
    assert (
        look("clock", Device(now=lambda: datetime(2026, 1, 1, tzinfo=timezone.utc))).status == "OK"
    )


def test_a_wrong_configuration_fails_with_its_first_problem(tmp_path):
    path = tmp_path / "edgevision.yaml"
    path.write_text("version: 1\nengine: {threads: many}\ntaks: dogs\n", encoding="utf-8")

    finding = look("config", Device(environ={"HOME": str(tmp_path)}, config=path))

    assert finding.status == "FAIL"
    assert finding.found.startswith(f"{path}:")
    assert "1 more" in finding.found
    path.write_text("version: 1\ntask: dogs\n", encoding="utf-8")
    assert look("config", Device(config=path)) == Finding("OK", str(path))
    # Where the settings are wrong, the disk is still looked at: with the defaults.
    path.write_text("store: 7\n", encoding="utf-8")
    assert look("disk", Device(environ={"HOME": str(tmp_path)}, config=path)).status == "OK"


PORT = {"sys__class__video4linux__video0__name": "unicam-image", "dev__video0": ""}
SENSOR = {"sys__class__video4linux__v4l-subdev0__name": "imx708_wide 10-001a"}
MEDIA = {"dev__media0": ""}


@pytest.mark.parametrize(
    ("files", "throttling", "says"),
    [
        ({}, None, "no sign"),
        ({**PORT, **SENSOR, **MEDIA}, "throttled=0x0", "no sign"),
        ({**PORT, **SENSOR, **MEDIA}, "throttled=0x50005", "power: too little voltage"),
        ({**PORT, **SENSOR, **MEDIA}, "throttled=0x10000", "power: too little voltage"),
        ({**PORT, **SENSOR}, None, "driver: a camera port without /dev/media"),
        ({**PORT, **MEDIA}, None, "cable: the port is there, and no sensor answers"),
        (
            {"proc__pressure__cpu": "some avg10=90.00 avg60=71.50 avg300=9.00 total=1"},
            None,
            "processor: tasks waited for it 72 %",
        ),
    ],
)
def test_cable_power_driver_and_processor_are_told_apart(tmp_path, files, throttling, says):
    device = Device(root=plant(tmp_path, **files), throttling=throttling)

    found = look("wiring", device)

    assert found.found.startswith(says)
    assert (found.status == "OK") == says.startswith("no sign")


def test_a_ribbon_cable_camera_needs_libcamera(tmp_path):
    root = plant(tmp_path, **PORT)
    assert look("cameras", Device(root=root)).fix == "sudo apt-get install python3-picamera2"
    ready = look("cameras", Device(root=root, loads=lambda _: True))
    assert (ready.status, "--source csi:0" in ready.found) == ("OK", True)
