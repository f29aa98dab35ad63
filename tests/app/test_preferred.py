from __future__ import annotations

import shutil

import pytest

from edgevision.app.build import build_model, build_network
from edgevision.app.checks.finding import Device
from edgevision.app.preferred import WORSE_BY, preferred
from edgevision.config.schema import Settings
from edgevision.engines.litert import LiteRt
from edgevision.zoo.pinned import pinned
from edgevision.zoo.registry import DEFAULT

EXTRACTOR = "mobilenet_v1_1.0_224_quant_embedding_extractor"


@pytest.fixture
def device(tmp_path) -> Device:
    """With an Edge TPU on the USB."""
    at = tmp_path / "root/sys/bus/usb/devices/2-1"
    at.mkdir(parents=True)
    (at / "idVendor").write_text("18d1")
    (at / "idProduct").write_text("9302")
    return Device(root=tmp_path / "root")


@pytest.fixture
def settings(tmp_path, shared):
    folder = tmp_path / "models"
    folder.mkdir()
    for name in (EXTRACTOR, f"{EXTRACTOR}_edgetpu"):
        shutil.copy(shared / f"models/{name}.tflite", folder)

    def make(task="dogs", **more) -> Settings:
        tree = {"task": task, "source": "synthetic:", "models": {"folder": str(folder)}}
        return Settings.model_validate({**tree, **more})

    return make


@pytest.fixture
def measured():
    """Changes what was measured of the extractor, until the test ends."""
    table = pinned("registry")[EXTRACTOR].measured_tasks
    assert isinstance(table, dict)
    kept = dict(table)

    def change(task: str, share: float) -> None:
        table[task] = share

    yield change
    table.clear()
    table.update(kept)


def default_at(task: str) -> float:
    return pinned("embedded")[DEFAULT].measured_tasks[task]


def test_as_measured_the_cpu_stays_and_it_is_said_with_the_figure(settings, device):
    ours = pinned("registry")[EXTRACTOR].measured_tasks["dogs"]
    choice = preferred(settings(), device)
    assert choice.use == DEFAULT
    assert f"{default_at('dogs') - ours:.1f} points less often" in choice.says
    assert f"--model {EXTRACTOR}_edgetpu" in choice.says


@pytest.mark.parametrize(("points", "used"), [(WORSE_BY - 0.1, True), (WORSE_BY + 0.1, False)])
def test_what_was_measured_decides(settings, device, measured, points, used):
    measured("dogs", default_at("dogs") - points)
    choice = preferred(settings(), device)
    assert choice.use == (f"{EXTRACTOR}_edgetpu" if used else DEFAULT)


def test_every_task_has_to_be_measured(settings, device, measured):
    measured("dogs", 100.0)
    choice = preferred(settings(["dogs", "landmarks"]), device)
    assert choice.use == DEFAULT
    assert "was measured at dogs, landmarks" in choice.says


@pytest.mark.parametrize(
    "more",
    [
        {"engine": {"device": "cpu"}},
        {"model": {"use": "mobilenet_v2"}},
        {"model": {"resolution": 192}},
    ],
)
def test_what_is_chosen_is_left(settings, device, measured, more):
    measured("dogs", 100.0)
    wanted = settings(**more)
    assert preferred(wanted, device).use == wanted.model.use
    assert preferred(wanted, device).says == ""


def test_without_an_edge_tpu_nothing_is_said(settings, tmp_path):
    assert preferred(settings(), Device(root=tmp_path)).says == ""


def test_without_a_network_for_it_that_is_said(settings, device, tmp_path):
    (tmp_path / f"models/{EXTRACTOR}.tflite").unlink()
    assert "no network for it is here" in preferred(settings(), device).says


def test_asked_for_by_name_the_default_stays_on_the_cpu_and_runs(settings, device):
    wanted = settings(engine={"device": "edgetpu"})
    assert preferred(wanted, device).use == DEFAULT
    assert build_model(wanted).name == DEFAULT
    network = build_network(wanted, photos=False)
    assert isinstance(network.engine, LiteRt)
    network.engine.close()
