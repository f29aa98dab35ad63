"""What a network gives when its input has another size than the file says."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest
from tiny import classifier

from edgevision.engines.litert import LiteRt
from edgevision.errors import ModelError
from edgevision.pixels.photo import read_photo
from edgevision.pixels.prepare import Preparer
from edgevision.regions.options import RegionOptions
from edgevision.regions.zoom import Zoom
from edgevision.tasks.classify import Classify
from edgevision.tasks.dogs import Dogs
from edgevision.values.box import FULL, centred_square
from edgevision.values.frame import Frame
from edgevision.zoo.registry import embedded, find

pytestmark = pytest.mark.runtime
RUNTIME = os.environ.get("EDGEVISION_TEST_RUNTIME", "auto")
EMBEDDED = sorted(embedded())
SIDES = (128, 160, 192, 224, 256)
# Own side, and those of SIDES at which it cannot run; a fixed pool may fit one size up.
FIXED = {
    "mobilenet_v1_0.25_128_quant": (128, {192, 224, 256}),
    "mobilenet_v1_0.5_160_quant": (160, {128, 224, 256}),
    "mobilenet_v1_0.75_192_quant": (192, {128, 160, 256}),
    "mobilenet_v1_1.0_224_quant_embedding_extractor": (224, {128, 160, 192}),
    "mobilenet_v2_1.0_224_quant": (224, {128, 160, 192, 256}),
    "mobilenet_v2_1.0_224_inat_bird_quant": (224, {128, 160, 192}),
    "tf2_mobilenet_v2_1.0_224_ptq": (224, set()),
}
ROLES = ("map", "vector", "logits")


def engine(path, **options) -> LiteRt:
    return LiteRt(path, path.stem, "0" * 64, runtime=RUNTIME, **options)


def shapes(spec) -> dict[str, tuple[int, ...]]:
    return {role: getattr(spec, role).shape for role in ROLES if getattr(spec, role) is not None}


def noise(tensor) -> None:
    tensor[:] = np.random.default_rng(3).integers(-128, 128, tensor.shape).astype(tensor.dtype)


@pytest.mark.parametrize("side", [32, 96, *SIDES, 288])
@pytest.mark.parametrize("name", EMBEDDED)
def test_an_embedded_network_gives_the_same_vector_and_a_map_that_scales(name, side):
    runs = engine(embedded()[name], resolution=side)
    assert runs.spec.input.shape == (side, side, 3)
    cells = side // 32
    assert shapes(runs.spec) == {"map": (cells, cells, 1280), "vector": (1280,)}
    features = runs.infer(noise)
    map_, vector = features.map.real(), features.vector.real()
    assert map_.shape == (cells, cells, 1280)
    # The vector is the map's mean, up to a step of its quantisation.
    step = runs.spec.vector.scale + runs.spec.map.scale
    assert np.abs(map_.mean(axis=(0, 1)) - vector).max() <= step
    runs.close()


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", FIXED)
def test_what_comes_out_is_as_before_or_it_is_refused_in_one_line(shared, name, side):
    path = shared / f"models/{name}.tflite"
    own, cannot = FIXED[name]
    if side in cannot:
        with pytest.raises(ModelError) as caught:
            engine(path, resolution=side)
        told = str(caught.value)
        assert told.startswith(f"{path}: cannot run at {side} pixels (")
        assert told.endswith(f"; use a file made for {side}, or an embedded network")
        assert "\n" not in told
        return
    runs = engine(path, resolution=side)
    assert runs.spec.input.shape == (side, side, 3)
    assert shapes(runs.spec) == shapes(engine(path).spec)
    features = runs.infer(noise)
    for role, shape in shapes(runs.spec).items():
        values = getattr(features, role).real()
        assert values.shape == shape
        assert np.isfinite(values).all()
    if side == own:
        same = engine(path).infer(noise)
        for role in shapes(runs.spec):
            assert np.array_equal(getattr(same, role).stored, getattr(features, role).stored)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "float32"])
def test_every_input_type_can_be_resized(tmp_path, dtype):
    path = classifier(tmp_path / "m.tflite", dtype=dtype)
    own, large = engine(path), engine(path, resolution=32)
    assert large.spec.input.shape == (32, 32, 3)
    grey = [runs.infer(lambda tensor: tensor.fill(1)).logits.real() for runs in (own, large)]
    assert np.allclose(*grey, atol=0.02)


def test_a_photo_is_told_at_every_resolution(shared):
    model = find("efficientnet_lite0")
    photo = read_photo(shared / "photos/imagenet/samples/n01440764.jpg")
    for side in (160, 192, 224):
        runs = LiteRt(model.path, model.name, model.sha256, runtime=RUNTIME, resolution=side)
        prepare = Preparer(runs.spec.input)
        box = centred_square(photo.shape[1], photo.shape[0])
        features = runs.infer(lambda tensor, to=prepare, at=box: to(photo, at, tensor))
        task = Classify(model, runs.spec, {})
        assert task.read(features, box).guesses[0].label == "tench"
        assert task.activation(features).shape == (side // 32, side // 32)


@pytest.mark.parametrize("side", [32, 64, 128, 160, 192, 224, 288])
def test_tasks_and_the_closer_look_take_a_map_of_any_size(side):
    model = find("mobilenet_v2")
    runs = LiteRt(model.path, model.name, model.sha256, runtime=RUNTIME, resolution=side)
    # A bright thing low on the right.
    pixels = np.full((288, 288, 3), 30, np.uint8)
    pixels[190:270, 190:270] = np.random.default_rng(0).integers(0, 256, (80, 80, 3))
    prepare = Preparer(runs.spec.input)
    features = runs.infer(lambda tensor: prepare(pixels, FULL, tensor))
    for kind in (Classify, Dogs):
        task = kind(model, runs.spec, {})
        assert task.activation(features).shape == (side // 32, side // 32)
        zoom = Zoom(RegionOptions(activation=task.activation))
        closer = zoom.refine(features, FULL, Frame(pixels, 0, 0.0, "yard"))
        assert closer is None or 0 <= closer.x <= closer.x + closer.width <= 1 + 1e-9
        assert side > 32 or closer is None


def test_resized_engines_are_given_back_whole(tmp_path):
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    engine(embedded()["mobilenet_v2"], resolution=128).close()
    before, threads = descriptors(), threading.active_count()
    for side in (128, 160, 192) * 3:
        engine(embedded()["mobilenet_v2"], resolution=side, threads=2).close()
    assert (descriptors(), threading.active_count()) == (before, threads)
