"""Files with seeded weights on the runtimes that there are."""

from __future__ import annotations

import os

import numpy as np
import pytest

from edgevision.engines.litert import LiteRt
from edgevision.pixels.prepare import Preparer
from edgevision.values.box import FULL
from edgevision.zoo.families import network_of
from edgevision.zoo.seeded import seeded

pytestmark = pytest.mark.runtime
RUNTIME = os.environ.get("EDGEVISION_TEST_RUNTIME", "auto")


@pytest.fixture(params=["mobilenet_v1", "mobilenet_v2", "efficientnet_lite0"])
def network(request):
    return network_of(request.param, 0.25, classes=50)


def opened(network, path, resolution=128, dtype="int8", **options) -> LiteRt:
    path.write_bytes(seeded(network, resolution, dtype=dtype))
    return LiteRt(path, path.stem, "0" * 64, runtime=RUNTIME, **options)


@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_it_takes_frames_and_gives_probabilities(network, tmp_path, random, dtype):
    engine = opened(network, tmp_path / "some.tflite", dtype=dtype)
    assert engine.spec.input.shape == (128, 128, 3)
    assert engine.spec.input.dtype == ("uint8" if dtype == "int8" else "float32")
    assert engine.spec.logits.shape == (50,)
    prepare = Preparer(engine.spec.input)
    coarse = random.integers(0, 256, (2, 7, 7, 3), dtype=np.uint8)

    one, other = (
        engine.infer(lambda tensor, frame=frame: prepare(frame, FULL, tensor)).logits.real()
        for frame in coarse.repeat(20, axis=1).repeat(20, axis=2)
    )

    assert one.sum() == pytest.approx(1, abs=1e-4)
    assert not np.array_equal(one, other)


def test_the_input_can_be_resized(network, tmp_path):
    engine = opened(network, tmp_path / "some.tflite", resolution=160)
    smaller = LiteRt(tmp_path / "some.tflite", "some", "", runtime=RUNTIME, resolution=128)
    assert engine.spec.input.shape == (160, 160, 3)
    assert smaller.spec.input.shape == (128, 128, 3)


def test_xnnpack_runs_all_but_the_first_operator(network, tmp_path):
    engine = opened(network, tmp_path / "some.tflite")
    if engine.runtime != "litert":
        pytest.skip("tflite-runtime has XNNPACK off for quantised networks")
    details = engine._interpreter._get_ops_details()
    delegates = [entry for entry in details if entry["op_name"] == "DELEGATE"]
    assert len(delegates) == 1
    # The delegate replaces the operators; only the first one, QUANTIZE, is not among its inputs'.
    assert details[0]["op_name"] == "QUANTIZE"
    assert delegates[0]["inputs"][0] == details[0]["outputs"][0]
    assert len(delegates[0]["outputs"]) == 1
    # All others were replaced by it: what it gives is the output.
    assert delegates[0]["outputs"][0] == engine._outputs["logits"]
