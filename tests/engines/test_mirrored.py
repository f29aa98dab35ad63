from __future__ import annotations

import numpy as np
import pytest
from tiny import classifier

from edgevision.engines.litert import LiteRt
from edgevision.engines.mirrored import Mirrored
from edgevision.values.tensor import Features, ModelSpec, Tensor, TensorSpec
from edgevision.zoo.registry import find


class Halves:
    """An engine whose map is the picture, and whose vector the means of its left and right half."""

    spec = ModelSpec(
        "halves",
        "",
        TensorSpec((2, 4, 3), "uint8"),
        map=TensorSpec((2, 4, 3), "float32"),
        vector=TensorSpec((2,), "float32"),
    )

    def __init__(self) -> None:
        self.closed = False
        self.invoked = 0

    def infer(self, fill):
        tensor = np.zeros((2, 4, 3), np.uint8)
        fill(tensor)
        seen = tensor.astype(np.float32)
        halves = np.array([seen[:, :2].mean(), seen[:, 2:].mean()], np.float32)
        return Features(Tensor(seen, self.spec.map), Tensor(halves, self.spec.vector))

    def invoke(self):
        self.invoked += 1

    def close(self):
        self.closed = True


def test_another_network_may_take_the_second_look_and_stands_behind_the_first():
    first, second = Halves(), Halves()
    engine = Mirrored(first, second)
    picture = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    found = engine.infer(lambda tensor: np.copyto(tensor, picture))
    left, right = picture[:, :2].mean(), picture[:, 2:].mean()
    np.testing.assert_allclose(found.vector.real(), [left, right, right, left])
    np.testing.assert_allclose(found.map.real(), np.concatenate([picture, picture], axis=-1))
    assert engine.spec.name == "halves+halves"
    assert engine.spec.vector.shape == found.vector.spec.shape == (4,)
    assert engine.spec.map.shape == found.map.spec.shape == (2, 4, 6)
    engine.invoke()
    assert (first.invoked, second.invoked) == (1, 1)
    engine.close()
    assert first.closed
    assert second.closed


def test_both_looks_count_alike_and_the_map_is_turned_back():
    inner = Halves()
    engine = Mirrored(inner)
    picture = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    filled = []

    def fill(tensor):
        filled.append(1)
        tensor[...] = picture

    found = engine.infer(fill)
    assert filled == [1]
    np.testing.assert_allclose(found.map.real(), picture)
    np.testing.assert_allclose(found.vector.real(), [picture.mean(), picture.mean()])
    assert found.logits is None
    engine.invoke()
    assert inner.invoked == 2
    engine.close()
    assert inner.closed


@pytest.mark.parametrize("name", ["efficientnet_lite0", "mobilenet_v2"])
def test_a_picture_and_its_mirror_image_give_the_same(name, random):
    model = find(name)
    engine = Mirrored(LiteRt(model.path, model.name, model.sha256, resolution=96))
    picture = random.integers(0, 256, engine.spec.input.shape).astype(engine.spec.input.dtype)
    one = engine.infer(lambda tensor: np.copyto(tensor, picture))
    other = engine.infer(lambda tensor: np.copyto(tensor, picture[:, ::-1]))
    np.testing.assert_allclose(one.vector.real(), other.vector.real(), rtol=1e-5)
    np.testing.assert_allclose(one.map.real(), other.map.real()[:, ::-1], rtol=1e-5)
    engine.close()


def test_probabilities_in_steps_still_sum_to_one(shared, random):
    path = shared / "models/mobilenet_v1_0.25_128_quant.tflite"
    engine = Mirrored(LiteRt(path, "quantised", ""))
    picture = random.integers(0, 256, engine.spec.input.shape).astype(np.uint8)
    found = engine.infer(lambda tensor: np.copyto(tensor, picture)).logits.real()
    assert found.sum() == pytest.approx(1, abs=1e-5)
    assert found.min() >= 0


def test_a_classifier_of_the_tests_still_names_the_colour(tmp_path):
    path = classifier(tmp_path / "m.tflite")
    engine = Mirrored(LiteRt(path, "tiny", ""))
    green = np.zeros(engine.spec.input.shape, engine.spec.input.dtype)
    green[..., 1] = np.iinfo(green.dtype).max if green.dtype.kind in "iu" else 1
    found = engine.infer(lambda tensor: np.copyto(tensor, green))
    assert found.logits.real().shape == (5,)
    assert np.isfinite(found.logits.real()).all()
