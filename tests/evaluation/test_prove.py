from __future__ import annotations

import numpy as np
import pytest

from edgevision.evaluation.prove import PICTURES, TOLERANCE, golden, prove
from edgevision.values.tensor import Features, ModelSpec, Tensor, TensorSpec

IMAGE = TensorSpec((32, 32, 3), "uint8", 1 / 128, 128)
VECTOR = TensorSpec((4,), "uint8", 0.02, 0)


class Means:
    """Its vector is the mean of each colour, and of all; `change` is made to it."""

    def __init__(self, change=lambda stored: stored, *, image=IMAGE, vector=VECTOR) -> None:
        self.spec = ModelSpec("means", "", image, vector=vector)
        self._change = change

    def infer(self, fill):
        picture = np.zeros(self.spec.input.shape, self.spec.input.dtype)
        fill(picture)
        means = picture.mean(axis=(0, 1))
        stored = np.array([*means, means.mean()]).astype(np.uint8)
        return Features(vector=Tensor(self._change(stored), self.spec.vector))


def test_the_same_answers_pass_and_times_are_told():
    verdict = prove(Means(), Means())
    assert verdict.ok
    assert verdict.difference == 0
    assert verdict.millis > 0
    assert "off by 0.0 % (at most 10 %)" in verdict.figures


def test_a_step_of_rounding_passes():
    assert prove(Means(lambda stored: stored + 2), Means()).difference < 1e-6


@pytest.mark.parametrize(
    "change",
    [
        lambda stored: stored * 0,
        lambda stored: stored[::-1],
        lambda stored: (stored * 0.8).astype(np.uint8),
        lambda _: np.full(4, 128, np.uint8),
    ],
    ids=["nothing", "another order", "a fifth less", "always the same"],
)
def test_other_answers_fail_with_their_figure(change):
    verdict = prove(Means(change), Means())
    assert not verdict.ok
    assert verdict.why == "its outputs are not those of the CPU"
    assert verdict.difference > TOLERANCE


def test_what_is_no_finite_number_fails():
    floats = TensorSpec((4,), "float32")
    broken = Means(lambda stored: stored * np.float32(np.nan), vector=floats)
    assert prove(broken, Means(vector=floats)).why == "its outputs are no finite numbers"


def test_another_form_fails_before_it_runs():
    small = prove(Means(image=TensorSpec((16, 16, 3), "uint8")), Means())
    assert small.why == "it takes uint8 16 x 16 x 3, its twin for the CPU uint8 32 x 32 x 3"
    wide = prove(Means(vector=TensorSpec((5,), "uint8")), Means())
    assert wide.why == "its output vector is uint8 5, that of its twin uint8 4"


@pytest.mark.parametrize("dtype", ["uint8", "int8", "float32"])
def test_pictures_are_the_same_each_time_and_fill_the_range(dtype):
    spec = TensorSpec((24, 24, 3), dtype, 1 / 128 if dtype != "float32" else 0.0)
    first, second = list(golden(spec)), list(golden(spec))
    assert len(first) == PICTURES
    assert all(map(np.array_equal, first, second))
    assert {picture.dtype for picture in first} == {np.dtype(dtype)}
    assert len({picture.tobytes() for picture in first}) == PICTURES
    low, high = (-1, 1) if dtype == "float32" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    assert min(picture.min() for picture in first) == low
    assert max(picture.max() for picture in first) == high
