from __future__ import annotations

import importlib.util
import os
import sys
import time
from threading import Event, Thread, get_ident

import numpy as np
import pytest
from tiny import classifier

from edgevision.engines.litert import LiteRt, load_runtime
from edgevision.errors import EngineError, ModelError
from edgevision.pixels.photo import read_photo
from edgevision.pixels.prepare import Preparer
from edgevision.values.box import FULL

pytestmark = pytest.mark.runtime
RUNTIME = os.environ.get("EDGEVISION_TEST_RUNTIME", "auto")
QUANTISED = [
    ("mobilenet_v1_0.25_128_quant", 128, 1001),
    ("mobilenet_v1_0.75_192_quant", 192, 1001),
    ("tf2_mobilenet_v2_1.0_224_ptq", 224, 1001),
    ("mobilenet_v2_1.0_224_inat_bird_quant", 224, 965),
]


def engine(path, **options) -> LiteRt:
    return LiteRt(path, path.stem, "0" * 64, runtime=RUNTIME, **options)


@pytest.mark.parametrize(("name", "side", "classes"), QUANTISED)
def test_reads_what_a_model_is_from_the_model(shared, name, side, classes):
    spec = engine(shared / f"models/{name}.tflite").spec
    assert spec.input.shape == (side, side, 3)
    assert spec.input.dtype == "uint8"
    assert spec.logits.shape == (classes,)
    assert spec.logits.holds_probabilities
    assert spec.vector is None
    assert spec.map is None


def test_an_embedding_extractor_gives_a_vector(shared):
    runs = engine(shared / "models/mobilenet_v1_1.0_224_quant_embedding_extractor.tflite")
    assert runs.spec.vector.shape == (1024,)
    assert runs.spec.logits is None
    features = runs.infer(lambda tensor: tensor.fill(128))
    assert features.vector.real().shape == (1024,)
    assert features.vector.real().min() >= 0


def test_a_photo_gives_its_class(shared):
    runs = engine(shared / "models/mobilenet_v1_0.75_192_quant.tflite", threads=2)
    photo = read_photo(shared / "photos/imagenet/samples/n01440764.jpg")
    prepare = Preparer(runs.spec.input)
    features = runs.infer(lambda tensor: prepare(photo, FULL, tensor))
    assert int(features.logits.real().argmax()) == 1  # 0 is the background, 1 the tench


def test_a_profiler_that_looks_at_the_stack_disturbs_no_inference(shared):
    runs = engine(shared / "models/mobilenet_v1_0.25_128_quant.tflite")
    ended, held = Event(), 0

    def sample(whom: int) -> None:
        nonlocal held
        while not ended.is_set():
            stack = sys._current_frames()[whom]
            held += stack.f_code.co_name == "fill"
            time.sleep(0.002)
            del stack

    def fill(tensor) -> None:
        tensor.fill(128)
        time.sleep(0.001)

    profiler = Thread(target=sample, args=(get_ident(),))
    profiler.start()
    try:
        answers = [runs.infer(fill).logits.real() for _ in range(40)]
    finally:
        ended.set()
        profiler.join()
    assert held
    assert all(np.array_equal(answer, answers[0]) for answer in answers)


def test_without_xnnpack_the_answer_is_the_same(shared):
    path = shared / "models/mobilenet_v1_0.25_128_quant.tflite"
    picture = np.random.default_rng(1).integers(0, 256, (128, 128, 3), dtype=np.uint8)
    answers = [
        engine(path, xnnpack=fast).infer(lambda tensor: np.copyto(tensor, picture)).logits.real()
        for fast in (True, False)
    ]
    assert np.abs(answers[0] - answers[1]).max() < 0.02


@pytest.mark.parametrize("dtype", ["uint8", "int8", "float32"])
def test_every_input_type_runs(tmp_path, dtype):
    path = classifier(tmp_path / "m.tflite", dtype=dtype)
    runs = engine(path)
    assert runs.spec.input.dtype == dtype
    features = runs.infer(lambda tensor: tensor.fill(1))
    assert features.logits.real().shape == (5,)
    runs.close()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"shape": (1, 8, 8, 1)}, "expected a square image"),
        ({"shape": (1, 8, 12, 3)}, "expected a square image"),
        ({"shape": (1, 8)}, "expected a square image"),
        ({"inputs": 2}, "has 2 inputs"),
        ({"dtype": "int32"}, "takes int32"),
    ],
)
def test_what_is_no_image_network_is_refused_in_one_line(tmp_path, options, says):
    path = classifier(tmp_path / "m.tflite", **options)
    with pytest.raises(ModelError, match=says) as caught:
        engine(path)
    assert "\n" not in str(caught.value)


def test_an_edgetpu_model_says_what_is_missing_and_what_runs_instead(shared):
    with pytest.raises(EngineError, match=r"libedgetpu.so.1.*mobilenet_v1_0.25_128_quant.tflite"):
        engine(shared / "models/mobilenet_v1_0.25_128_quant_edgetpu.tflite")


def test_a_runtime_that_is_not_there_is_named():
    missing = next(
        (
            name
            for name, module in (("litert", "ai_edge_litert"), ("tflite_runtime", "tflite_runtime"))
            if importlib.util.find_spec(module) is None
        ),
        None,
    )
    if missing is None:
        pytest.skip("both runtimes are installed here")
    with pytest.raises(EngineError, match="pip install"):
        load_runtime(missing)
