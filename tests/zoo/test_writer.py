"""Files of the writer, run by LiteRT, against plain numpy."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import tflite
from ai_edge_litert.interpreter import Interpreter
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.zoo.graph import Graph, Kind, Operator, Tensor
from edgevision.zoo.writer import ALIGNMENT, write


def run(graph: Graph, value: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    interpreter = Interpreter(model_content=write(graph), num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], value)
    interpreter.invoke()
    result: np.ndarray[Any, Any] = interpreter.get_tensor(
        interpreter.get_output_details()[0]["index"]
    )
    return result


def convolve(
    image: np.ndarray[Any, Any],
    weights: np.ndarray[Any, Any],
    bias: np.ndarray[Any, Any],
    *,
    stride: int,
    same: bool,
    depthwise: bool,
) -> np.ndarray[Any, Any]:
    """A convolution by its definition; weights are (out, k, k, in) or (1, k, k, channels)."""
    side, kernel = image.shape[1], weights.shape[1]
    out = -(-side // stride) if same else (side - kernel) // stride + 1
    total = max((out - 1) * stride + kernel - side, 0) if same else 0
    before = total // 2
    padded = np.pad(image[0], ((before, total - before), (before, total - before), (0, 0)))
    result = np.empty((1, out, out, len(bias)))
    for row in range(out):
        for column in range(out):
            top, left = row * stride, column * stride
            patch = padded[top : top + kernel, left : left + kernel]
            if depthwise:
                result[0, row, column] = (patch * weights[0]).sum(axis=(0, 1)) + bias
            else:
                result[0, row, column] = np.einsum("yxi,oyxi->o", patch, weights) + bias
    return result


def convolution(
    kind: Kind,
    side: int,
    inputs: int,
    outputs: int,
    kernel: int,
    *,
    stride: int,
    same: bool,
    clipped: bool,
    seed: int,
) -> tuple[Graph, np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """A graph of one float convolution, an input, and the output as numpy has it."""
    random = np.random.default_rng(seed)
    depthwise = kind == "depthwise"
    shape = (1, kernel, kernel, inputs) if depthwise else (outputs, kernel, kernel, inputs)
    outputs = inputs if depthwise else outputs
    weights = random.normal(size=shape).astype(np.float32)
    bias = random.normal(size=outputs).astype(np.float32)
    image = random.normal(size=(1, side, side, inputs)).astype(np.float32)
    expected = convolve(image, weights, bias, stride=stride, same=same, depthwise=depthwise)
    if clipped:
        expected = expected.clip(0, 6)
    graph = Graph(
        (
            Tensor("in", image.shape, "float32"),
            Tensor("w", weights.shape, "float32", data=weights),
            Tensor("b", bias.shape, "float32", data=bias),
            Tensor("out", expected.shape, "float32"),
        ),
        (Operator(kind, ("in", "w", "b"), "out", stride, same, clipped),),
        ("in",),
        ("out",),
    )
    return graph, image, expected


@settings(max_examples=60)
@given(
    kind=st.sampled_from(["conv", "depthwise"]),
    side=st.integers(5, 12),
    inputs=st.integers(1, 9),
    outputs=st.integers(1, 9),
    kernel=st.sampled_from([1, 3, 5]),
    stride=st.sampled_from([1, 2]),
    same=st.booleans(),
    clipped=st.booleans(),
    seed=st.integers(0, 999),
)
def test_float_convolutions_are_those_of_their_definition(
    kind: Kind, side: int, inputs: int, outputs: int, kernel: int, **options: Any
) -> None:
    graph, image, expected = convolution(kind, side, inputs, outputs, kernel, **options)
    np.testing.assert_allclose(run(graph, image), expected, rtol=1e-4, atol=1e-4)


@settings(max_examples=60)
@given(
    depthwise=st.booleans(),
    kernel=st.sampled_from([1, 3, 5]),
    stride=st.sampled_from([1, 2]),
    same=st.booleans(),
    zero_point=st.integers(-128, 127),
    seed=st.integers(0, 999),
)
def test_int8_convolutions_with_a_scale_a_channel_are_at_most_one_step_off(
    *, depthwise: bool, kernel: int, stride: int, same: bool, zero_point: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    channels = 6
    shape = (1, kernel, kernel, channels) if depthwise else (channels, kernel, kernel, channels)
    axis = 3 if depthwise else 0
    scales = random.uniform(0.005, 0.05, channels).astype(np.float32)
    weights = random.integers(-127, 128, shape).astype(np.int8)
    bias = random.integers(-5000, 5000, channels).astype(np.int32)
    image = random.integers(-128, 128, (1, 8, 8, channels)).astype(np.int8)
    scale_in, scale_out = 0.1, 4.0
    shaped = scales.reshape((1, 1, 1, -1) if depthwise else (-1, 1, 1, 1))
    real = convolve(
        (image.astype(float) - zero_point) * scale_in,
        weights * shaped.astype(float),
        bias * scales.astype(float) * scale_in,
        stride=stride,
        same=same,
        depthwise=depthwise,
    )
    graph = Graph(
        (
            Tensor("in", image.shape, "int8", (scale_in,), (zero_point,)),
            Tensor("w", shape, "int8", tuple(scales.tolist()), (0,) * channels, axis, weights),
            Tensor(
                "b",
                (channels,),
                "int32",
                tuple((scales * scale_in).tolist()),
                (0,) * channels,
                0,
                bias,
            ),
            Tensor("out", real.shape, "int8", (scale_out,), (3,)),
        ),
        (Operator("depthwise" if depthwise else "conv", ("in", "w", "b"), "out", stride, same),),
        ("in",),
        ("out",),
    )
    expected = (np.rint(real / scale_out) + 3).clip(-128, 127)
    assert np.abs(run(graph, image) - expected).max() <= 1


def test_padding_sum_mean_dense_and_softmax_are_as_in_numpy(random: np.random.Generator) -> None:
    image = random.normal(size=(1, 4, 4, 5)).astype(np.float32)
    weights = random.normal(size=(3, 5)).astype(np.float32)
    bias = random.normal(size=3).astype(np.float32)
    edges = np.array([[0, 0], [1, 2], [0, 1], [0, 0]], np.int32)
    graph = Graph(
        (
            Tensor("in", image.shape, "float32"),
            Tensor("edges", (4, 2), "int32", data=edges),
            Tensor("axes", (2,), "int32", data=np.array([1, 2], np.int32)),
            Tensor("w", (3, 5), "float32", data=weights),
            Tensor("b", (3,), "float32", data=bias),
            Tensor("padded", (1, 7, 5, 5), "float32"),
            Tensor("sum", (1, 7, 5, 5), "float32"),
            Tensor("mean", (1, 5), "float32"),
            Tensor("dense", (1, 3), "float32"),
            Tensor("out", (1, 3), "float32"),
        ),
        (
            Operator("pad", ("in", "edges"), "padded"),
            Operator("add", ("padded", "padded"), "sum"),
            Operator("mean", ("sum", "axes"), "mean"),
            Operator("fully_connected", ("mean", "w", "b"), "dense"),
            Operator("softmax", ("dense",), "out"),
        ),
        ("in",),
        ("out",),
    )
    logits = (2 * image.sum(axis=(1, 2)) / 35) @ weights.T + bias
    powers = np.exp(logits - logits.max())
    np.testing.assert_allclose(run(graph, image), powers / powers.sum(), rtol=1e-4, atol=1e-5)


def test_quantise_moves_camera_bytes_to_int8_unchanged() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    graph = Graph(
        (
            Tensor("in", pixels.shape, "uint8", (0.5,), (117,)),
            Tensor("out", pixels.shape, "int8", (0.5,), (-11,)),
        ),
        (Operator("quantise", ("in",), "out"),),
        ("in",),
        ("out",),
    )
    np.testing.assert_array_equal(run(graph, pixels), pixels.astype(int) - 128)


def any_graph() -> Graph:
    options = {"stride": 2, "same": True, "clipped": True, "seed": 1}
    return convolution("conv", 8, 3, 5, 3, **options)[0]  # type: ignore[arg-type]


def test_the_same_graph_gives_the_same_bytes() -> None:
    assert write(any_graph()) == write(any_graph())


def test_constants_are_aligned_and_names_and_description_are_kept() -> None:
    content = write(dataclasses.replace(any_graph(), description="a test"))
    model = tflite.Model.GetRootAs(content)
    assert model.Description() == b"a test"
    assert content[4:8] == b"TFL3"
    graph = model.Subgraphs(0)
    assert [graph.Tensors(n).Name() for n in range(4)] == [b"in", b"w", b"b", b"out"]
    for number in range(1, model.BuffersLength()):
        data = np.array(model.Buffers(number).DataAsNumpy(), copy=False)
        start = np.frombuffer(content, np.uint8)
        offset = data.__array_interface__["data"][0] - start.__array_interface__["data"][0]
        assert offset % ALIGNMENT == 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"outputs": ("nowhere",)}, "no tensor 'nowhere'"),
        ({"operators": (Operator("softmax", ("nowhere",), "out"),)}, "no tensor 'nowhere'"),
        ({"tensors": (Tensor("in", (1,), "int8"),) * 2}, "same name"),
        (
            {
                "tensors": (
                    *any_graph().tensors,
                    Tensor("c", (2,), "int8", data=np.zeros(3, np.int8)),
                )
            },
            r"tensor c: data are int8\(3,\), not int8\(2,\)",
        ),
    ],
)
def test_a_graph_that_does_not_hold_together_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        write(dataclasses.replace(any_graph(), **change))
