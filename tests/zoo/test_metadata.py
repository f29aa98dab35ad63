from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import numpy as np
import pytest
from described import described, metadata
from hypothesis import given
from hypothesis import strategies as st
from tiny import classifier

from edgevision.engines.litert import LiteRt
from edgevision.zoo.metadata import Normalisation, normalisation
from edgevision.zoo.tflite import inspect


@functools.cache
def network(dtype: str = "float32") -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return classifier(Path(folder) / "m.tflite", dtype=dtype).read_bytes()


def test_one_value_serves_all_channels():
    found = normalisation(described(network(), metadata([127.5], [64.0])))
    assert found == Normalisation((127.5,), (64.0,))
    assert found.scaling == (127.5, 64.0)


def test_three_equal_values_are_one():
    found = normalisation(described(network(), metadata([10.0] * 3, [20.0] * 3)))
    assert found.scaling == (10.0, 20.0)


def test_channels_that_differ_have_no_one_value():
    found = normalisation(described(network(), metadata([123.7, 116.3, 103.5], [58.0])))
    assert found.mean == pytest.approx((123.7, 116.3, 103.5))
    assert found.scaling is None


@pytest.mark.parametrize(
    "about",
    [
        metadata([127.5], [0.0]),
        metadata([float("nan")], [1.0]),
        metadata([1.0], [float("inf")]),
        metadata([-1.0], [1.0]),
        metadata([1.0, 2.0], [1.0]),
        metadata([], []),
        metadata([1.0], [1.0], kind=2),
        b"",
        b"\x04\x00\x00\x00M001",
    ],
)
def test_what_is_no_normalisation_of_bytes_counts_as_none(about):
    assert normalisation(described(network(), about)) is None


def test_a_network_without_metadata_tells_nothing():
    assert normalisation(network()) is None


@pytest.mark.parametrize("dtype", ["uint8", "int8"])
def test_what_the_quantisation_says_already_is_not_said_again(dtype):
    # The input has the scale 1/128 and 127 (of the byte) as its zero point.
    assert normalisation(described(network(dtype), metadata([127.5], [127.5]))) is None
    assert normalisation(described(network(dtype), metadata([127.0], [128.0]))) is None
    other = normalisation(described(network(dtype), metadata([0.0], [255.0])))
    assert other.scaling == (0.0, 255.0)


def test_the_runtime_reads_such_a_file_as_we_do(tmp_path):
    path = tmp_path / "m.tflite"
    path.write_bytes(described(network(), metadata([0.0], [255.0])))
    file = inspect(path)
    assert file.normalisation.scaling == (0.0, 255.0)
    engine = LiteRt(path, "m", file.sha256)
    assert engine.infer(lambda tensor: tensor.fill(0.5)).logits.real().sum() == pytest.approx(1)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_without_a_crash(content):
    normalisation(content)


@given(st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 255)), max_size=30))
def test_a_damaged_file_is_read_without_a_crash(changes):
    content = bytearray(described(network("uint8"), metadata([0.0, 1.0, 2.0], [255.0])))
    for place, byte in changes:
        content[place % len(content)] = byte
    found = normalisation(bytes(content))
    if found is not None:
        assert np.isfinite([*found.mean, *found.deviation]).all()


def test_metadata_of_real_models(shared):
    for name in ("mobilenet_v1_0.25_128_quant", "tf2_mobilenet_v2_1.0_224_ptq"):
        content = (shared / f"models/{name}.tflite").read_bytes()
        assert b"TFLITE_METADATA" in content
        # They say 127.5 and 127.5, and so does the input's quantisation.
        assert normalisation(content) is None
