from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from edgevision.app.sensors import Reading, Sensors, ask

if TYPE_CHECKING:
    from pathlib import Path

FIRMWARE = "sys/devices/platform/soc/soc:firmware/get_throttled"


def plant(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text + "\n", encoding="utf-8")
    return root


def zones(**degrees: int) -> dict[str, str]:
    files = {}
    for number, (kind, millidegrees) in enumerate(degrees.items()):
        files[f"sys/class/thermal/thermal_zone{number}/type"] = kind
        files[f"sys/class/thermal/thermal_zone{number}/temp"] = str(millidegrees)
    return files


def silent(command):
    del command


def test_the_hottest_zone_counts_and_those_beside_the_chip_do_not(tmp_path):
    # A Jetson's PMIC-Die reads 100 degrees for ever.
    plant(tmp_path, zones(cpu_thermal=61234, gpu_thermal=63456, **{"PMIC-Die": 100000}))

    assert Sensors(tmp_path, silent).read() == Reading(63.5)


def test_no_sensor_at_all(tmp_path):
    assert Sensors(tmp_path, silent).read() == Reading(None)


def test_the_firmware_is_read_from_its_file_before_a_program_is_asked(tmp_path):
    plant(tmp_path, {FIRMWARE: "50005"})
    asked = []

    reading = Sensors(tmp_path, asked.append).read()

    assert reading.now == ("too little voltage", "throttled clock")
    assert reading.since_start == ("too little voltage", "throttled clock")
    assert ["vcgencmd", "get_throttled"] not in asked


def test_vcgencmd_is_asked_where_there_is_no_such_file(tmp_path):
    answers = {"vcgencmd": "throttled=0x80008", "tegrastats": None}

    reading = Sensors(tmp_path, lambda command: answers[command[0]]).read()

    assert reading.now == ("soft limit of heat",)


def test_a_program_that_is_not_there_is_asked_once(tmp_path):
    asked = []
    sensors = Sensors(tmp_path, asked.append)
    for _ in range(3):
        sensors.read()

    assert sorted(command[0] for command in asked) == ["tegrastats", "vcgencmd"]


def test_tegrastats_tells_heat_where_no_zone_can_be_read(tmp_path):
    line = (
        "RAM 3005/7620MB (lfb 1x4MB) SWAP 0/3810MB CPU [3%@729,0%@729,off] GR3D_FREQ 0% "
        "cpu@49.25C soc2@48.2C tj@50.1C pmic@100C VDD_IN 4.9W"
    )

    reading = Sensors(tmp_path, lambda command: line if "tegra" in command[0] else None).read()

    assert reading.temperature_c == 50.1


@pytest.mark.parametrize("told", ["throttled=nonsense", "", "VCHI initialization failed"])
def test_what_is_no_number_is_no_throttling(tmp_path, told):
    assert Sensors(tmp_path, lambda _: told).read().now == ()


@pytest.mark.parametrize(
    ("model", "degrees"),
    [
        ("Raspberry Pi 4 Model B Rev 1.4\0", 75.0),
        ("Raspberry Pi 5 Model B Rev 1.0\0", 75.0),
        ("Raspberry Pi Zero 2 W Rev 1.0\0", 75.0),
        ("Raspberry Pi 3 Model B Plus Rev 1.3\0", 57.0),
        ("NVIDIA Jetson Orin Nano Developer Kit\0", 90.0),
        ("Some Laptop", None),
    ],
)
def test_each_board_has_its_own_limit(tmp_path, model, degrees):
    plant(tmp_path, {"proc/device-tree/model": model})

    assert Sensors(tmp_path, silent).warm_from_c() == degrees


def test_a_program_that_prints_for_ever_is_ended():
    script = "import time\nprint('cpu@40C', flush=True)\ntime.sleep(60)"

    assert ask([sys.executable, "-c", script]) == "cpu@40C"


def test_a_program_that_fails_says_nothing():
    assert ask([sys.executable, "-c", "raise SystemExit(1)"]) is None
    assert ask(["no-such-program-at-all"]) is None
