from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny import classifier

from edgevision.errors import ModelError
from edgevision.zoo.assemble import float_graph
from edgevision.zoo.cost import count, savings
from edgevision.zoo.families import FAMILIES, mobilenet_v1, network_of
from edgevision.zoo.graph import Graph, Operator, Tensor
from edgevision.zoo.registry import embedded
from edgevision.zoo.seeded import seeded
from edgevision.zoo.walk import read_network
from edgevision.zoo.weights import Kernel
from edgevision.zoo.writer import write

TABLES = 20_000  # bytes at the beginning of a file that are no weights


@pytest.mark.parametrize("dtype", ["int8", "float32"])
@pytest.mark.parametrize("family", list(FAMILIES))
def test_a_written_file_counts_what_its_network_costs(tmp_path, family, dtype):
    network = network_of(family, 0.25, 12)
    path = tmp_path / "written.tflite"
    path.write_bytes(seeded(network, 96, 1, dtype=dtype))

    walked = read_network(path)
    cost = count(network, 96)

    assert walked.mult_adds == cost.mult_adds == network.mult_adds(96)
    assert walked.parameters == cost.parameters
    assert (walked.resolution, walked.classes) == (96, 12)
    assert walked.resizable
    assert not walked.for_edgetpu
    assert walked.not_counted == ()
    assert walked.bytes == path.stat().st_size
    # Layer by layer, too, leaving aside what costs nothing.
    costly = [(item.kind, item.mult_adds, item.parameters) for item in cost.layers]
    assert [
        (item.kind, item.mult_adds, item.parameters) for item in walked.layers if item.parameters
    ] == [item for item in costly if item[2]]
    assert [pair.ratio for pair in savings(walked.layers)] == [
        pair.ratio for pair in savings(cost.layers)
    ]


def test_the_full_mobilenet_counts_as_the_paper_says(tmp_path):
    path = tmp_path / "v1.tflite"
    path.write_bytes(seeded(mobilenet_v1(), 224))

    walked = read_network(path)

    assert round(walked.mult_adds / 1e6) == 569
    assert round(walked.parameters / 1e6, 1) == 4.2


def test_a_backbone_has_no_classes(tmp_path, random):
    network = mobilenet_v1(0.25)
    kernels = {}
    for layer in network.layers:
        shape = (
            (1, layer.kernel, layer.kernel, layer.outputs)
            if layer.kind == "depthwise"
            else (layer.outputs, layer.kernel, layer.kernel, layer.inputs)
        )
        kernels[layer.name] = Kernel(random.normal(size=shape), random.normal(size=layer.outputs))
    path = tmp_path / "backbone.tflite"
    path.write_bytes(write(float_graph(network, kernels)))

    walked = read_network(path)

    assert walked.classes is None
    assert walked.mult_adds == network.mult_adds(224) - network.features * network.classes
    assert walked.parameters == network.parameters - (network.features + 1) * network.classes


def test_the_embedded_networks_lack_only_their_classifier():
    for name, path in embedded().items():
        cost = count(network_of(name))
        walked = read_network(path)
        last = cost.layers[-2]
        assert walked.mult_adds == cost.mult_adds - last.mult_adds
        assert walked.parameters == cost.parameters - last.parameters
        assert walked.resizable
        assert walked.classes is None


# The classes of these files are the 1000 and one for the background.
@pytest.mark.parametrize(
    ("file", "alpha", "resolution"),
    [
        ("mobilenet_v1_0.25_128_quant", 0.25, 128),
        ("mobilenet_v1_0.5_160_quant", 0.5, 160),
        ("mobilenet_v1_0.75_192_quant", 0.75, 192),
    ],
)
def test_files_of_others_count_as_the_table_of_the_paper(shared, file, alpha, resolution):
    walked = read_network(shared / "models" / f"{file}.tflite")
    network = mobilenet_v1(alpha, 1001)

    assert walked.mult_adds == network.mult_adds(resolution)
    assert walked.parameters == network.parameters
    assert (walked.resolution, walked.classes) == (resolution, 1001)
    assert not walked.resizable


@pytest.mark.parametrize(
    ("file", "classes", "resizable"),
    [
        ("mobilenet_v2_1.0_224_quant", 1001, False),
        ("mobilenet_v2_1.0_224_inat_bird_quant", 965, False),
        ("tf2_mobilenet_v2_1.0_224_ptq", 1001, True),
    ],
)
def test_v2_files_of_others(shared, file, classes, resizable):
    walked = read_network(shared / "models" / f"{file}.tflite")
    network = network_of("mobilenet_v2", 1.0, classes)

    assert walked.mult_adds == network.mult_adds(224)
    assert walked.parameters == network.parameters
    assert (walked.classes, walked.resizable) == (classes, resizable)


def test_an_embedding_extractor_has_no_classes(shared):
    file = shared / "models" / "mobilenet_v1_1.0_224_quant_embedding_extractor.tflite"
    walked = read_network(file)

    assert walked.classes is None
    assert walked.mult_adds == mobilenet_v1(1.0, 1).mult_adds(224) - 1024


def test_what_is_compiled_for_the_edge_tpu_is_not_counted_and_says_so(shared):
    walked = read_network(shared / "models" / "mobilenet_v1_0.75_192_quant_edgetpu.tflite")

    assert walked.for_edgetpu
    assert walked.not_counted == ("edgetpu-custom-op",)
    assert walked.mult_adds == 0
    assert not walked.resizable
    assert walked.resolution == 192


@pytest.mark.parametrize("dtype", ["uint8", "int8", "float32"])
def test_a_dense_layer_counts_its_weights(tmp_path, dtype):
    walked = read_network(classifier(tmp_path / "tiny.tflite", dtype=dtype, classes=7))

    assert (walked.mult_adds, walked.parameters, walked.classes) == (3 * 7, 3 * 7 + 7, 7)
    assert walked.resolution == 8
    assert walked.resizable


def test_an_input_that_is_no_image_has_no_resolution(tmp_path):
    walked = read_network(classifier(tmp_path / "flat.tflite", shape=(1, 64), dtype="float32"))

    assert walked.resolution == 0
    assert not walked.resizable


def two_readers(path, *, axes=(1, 2), other="c"):
    """Two convolutions with the same weights, a sum with a constant, and a mean."""
    weights = np.ones((3, 1, 1, 3), np.float32)
    images = [Tensor(name, (1, 8, 8, 3), "float32") for name in ("in", "a", "b", "d")]
    path.write_bytes(
        write(
            Graph(
                (
                    *images,
                    Tensor("w", weights.shape, "float32", data=weights),
                    Tensor("bias", (3,), "float32", data=np.ones(3, np.float32)),
                    Tensor("c", (3,), "float32", data=np.ones(3, np.float32)),
                    Tensor("axes", (len(axes),), "int32", data=np.array(axes, np.int32)),
                    Tensor("out", (1, 3), "float32"),
                ),
                (
                    Operator("conv", ("in", "w", "bias"), "a"),
                    Operator("conv", ("a", "w", "bias"), "b"),
                    Operator("add", ("b", other), "d"),
                    Operator("mean", ("d", "axes"), "out"),
                ),
                ("in",),
                ("out",),
            )
        )
    )
    return read_network(path)


def test_weights_that_two_layers_share_count_once_but_work_twice(tmp_path):
    walked = two_readers(tmp_path / "shared.tflite")

    assert walked.mult_adds == 2 * 64 * 9
    assert walked.parameters == 9 + 3 + 3
    assert [layer.parameters for layer in walked.layers] == [12, 0, 3, 0]
    assert [layer.name for layer in walked.layers] == ["a", "b", "d", "out"]
    assert walked.classes is None
    assert two_readers(tmp_path / "sum.tflite", other="a").parameters == 12


@pytest.mark.parametrize(
    ("axes", "resizable"), [((1, 2), True), ((-3, -2), True), ((1,), False), ((2, 3), False)]
)
def test_only_a_mean_over_height_and_width_can_be_resized(tmp_path, axes, resizable):
    assert two_readers(tmp_path / "mean.tflite", axes=axes).resizable == resizable


def test_missing_and_foreign_files_are_refused_in_one_line(tmp_path):
    other = tmp_path / "other.tflite"
    other.write_bytes(b"no network at all")
    for path in (tmp_path / "missing.tflite", other, tmp_path):
        with pytest.raises(ModelError) as caught:
            read_network(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def small():
    """A whole small network, with every kind of operator that the writer knows."""
    return seeded(network_of("mobilenet_v2", 0.1, 3), 32, 1)


def outcome(path, content):
    """Multiply-adds, or the words with which the file was refused."""
    path.write_bytes(content)
    try:
        return read_network(path).mult_adds
    except ModelError as error:
        return str(error)


def test_each_changed_byte_of_the_tables_is_counted_or_refused_in_one_line(tmp_path, small):
    path = tmp_path / "changed.tflite"
    # The tables come first, the weights last.
    outcomes = []
    for place in range(8, TABLES, 97):
        changed = bytearray(small)
        changed[place] ^= 0xFF
        outcomes.append(outcome(path, changed))
    refused = [words for words in outcomes if isinstance(words, str)]
    assert all(str(path) in words and "\n" not in words for words in refused)
    assert sum("its graph is damaged" in words for words in refused) > 10


@settings(
    max_examples=300,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(
        st.tuples(st.integers(0, TABLES), st.binary(min_size=1, max_size=4)),
        min_size=1,
        max_size=12,
    ),
    st.sampled_from([0, 0, 0, 1, 100, 5000]),
)
def test_a_damaged_file_is_counted_or_refused_in_one_line(tmp_path, small, changes, cut):
    content = bytearray(small)
    for place, changed in changes:
        content[place : place + len(changed)] = changed
    path = tmp_path / "changed.tflite"
    found = outcome(path, content[: len(content) - cut])

    assert found >= 0 if isinstance(found, int) else (str(path) in found and "\n" not in found)
